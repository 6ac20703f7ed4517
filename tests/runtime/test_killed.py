"""Claim: a gateway that is killed in the middle of a request hides no money: what was put aside is charged in full."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leanto.embedded.provider import start_stand_in
from runtime.state.budgets import Budgets
from tests.runtime.functions import started
from tests.runtime.ledger import Ledger
from tests.runtime.test_deployed import event_of, write_deployment

CONTEXT = {"keyId": "keyid2345abc", "team": "search", "models": "*"}
MESSAGES = [{"role": "user", "content": "canary-prompt"}]


@pytest.fixture
def ledger(boto: Any, aws_url: str, table_name: str) -> Ledger:
    return Ledger(aws_url, boto("dynamodb"), table_name, month=datetime.now(UTC).strftime("%Y-%m"))


def test_a_killed_gateway_leaves_its_reservation_to_be_charged(
    aws_variables: dict[str, str], boto: Any, ledger: Ledger, tmp_path: Path
) -> None:
    arn = boto("secretsmanager").create_secret(Name=f"killed/{ledger.name}", SecretString="sk-canary")["ARN"]
    own = {
        "LEANTO_TABLE": ledger.name,
        "LEANTO_DEPLOYMENT": str(tmp_path / "deployment.json"),
        "LEANTO_PROVIDER_SECRETS": json.dumps({"acme": arn}),
    }

    async def kill() -> None:
        stand_in = await start_stand_in()
        write_deployment(tmp_path / "deployment.json", stand_in.base_url)
        request = {"model": "small", "messages": MESSAGES, "max_tokens": 100, "stream": True}
        async with started("runtime.gateway.app:app", aws_variables | own) as gateway:
            asked = asyncio.ensure_future(gateway.api.invoke(event_of(CONTEXT, request)))
            async with asyncio.timeout(10):
                while not (await asyncio.to_thread(ledger.books))["open"]:
                    await asyncio.sleep(0.01)
            gateway.process.kill()
            await gateway.process.wait()
            asked.cancel()
        await stand_in.close()

    async def find(budgets: Budgets) -> None:
        """Do what the next request does; by itself, as an hour later it may be another month's."""
        await budgets._sweep(f"stack#{ledger.month}", ledger.item(), datetime.now(UTC).timestamp() + 3600)

    asyncio.run(kill())
    (amount,) = ledger.books()["open"]
    assert amount > 50
    ledger.run(find)
    assert ledger.books() == {"committed": amount, "spent": amount, "estimated": amount, "open": []}
    assert (ledger.item()["key#keyid2345abc"], ledger.item()["team#search"]) == (amount, amount)
