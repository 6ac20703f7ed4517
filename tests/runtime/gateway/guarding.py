"""A gateway whose routes have a guardrail, played by the stand-in, and what tests look at behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.runtime.gateway.conftest import Gateway, Provider

RATES = {"contentPolicyUnits": 150, "sensitiveInformationPolicyUnits": 100, "topicPolicyUnits": 150}
RATES_PER_THOUSAND = {name: rate * 1000 for name, rate in RATES.items()}
"""Micro-dollars by the unit, and as the document has them."""

UNIT = RATES["contentPolicyUnits"] + RATES["sensitiveInformationPolicyUnits"]
"""What one unit costs at the policies that the stand-in counts."""

SECRET = "canary-secret-access-key"


@dataclass
class Guarded:
    """A gateway, its provider and its guardrail."""

    start_gateway: Callable[..., Gateway]
    provider: Provider
    gateway: Gateway | None = None

    def start(self, **check: Any) -> Gateway:
        self.gateway = self.start_gateway(
            content_check={
                "id": "abc123",
                "version": "4",
                "base_url": self.provider.stand_in.url,
                "on_failure": "closed",
                "rates": RATES_PER_THOUSAND,
                "assumed": list(RATES),
                **check,
            }
        )
        return self.gateway

    def order(self, **orders: Any) -> None:
        """Tell the guardrail what to find, and how to fail."""
        self._send("POST", {"require_key": SECRET, **orders})

    def seen(self) -> dict[str, Any]:
        """Return what the guardrail was asked."""
        found: dict[str, Any] = self._send("GET", None)["seen"]
        return found

    def reset(self) -> None:
        self._send("DELETE", None)

    def _send(self, method: str, document: Any) -> Any:
        async def send() -> Any:
            url = f"{self.provider.stand_in.url}/_control/guardrail"
            async with aiohttp.ClientSession() as session, session.request(method, url, json=document) as response:
                assert response.status == 200, await response.text()
                return await response.json()

        return self.provider.background.run(send())
