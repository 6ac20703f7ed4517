"""A gateway with its stack: table, provider secret, provider stand-in, and a stock `openai` client in front."""

import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openai
import pytest

import runtime.log
from leanto.embedded.provider import StandIn, start_stand_in
from runtime.gateway.app import create_app
from tests.runtime.asgi_server import AsgiServer
from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.ledger import Ledger

PROVIDER_KEY = "sk-canary-provider-key"
CALLER = {"principalId": "keyid2345abc", "keyId": "keyid2345abc", "team": "search", "name": "app", "models": "*"}
LIMITS = {
    "request_bytes": 100_000,
    "request_timeout_seconds": 20,
    "first_byte_timeout_seconds": 10,
    "monthly_spend_micro_usd": 50_000_000,
}
PRICE = {
    "input_micro_usd_per_million": 100_000,
    "output_micro_usd_per_million": 500_000,
    "context_tokens": 922_000,
    "maximum_output_tokens": 128_000,
}


@dataclass
class Gateway:
    """A running gateway and what stands around it."""

    url: str
    server: AsgiServer
    table_name: str
    secret_arn: str
    printed: "Printed"
    clients: list[openai.OpenAI] = field(default_factory=list)
    lines_read: int = 0

    @property
    def client(self) -> openai.OpenAI:
        """A stock client; it repeats nothing, so that each answer is seen."""
        client = openai.OpenAI(base_url=f"{self.url}/v1", api_key="sk-lt-checked-by-the-authorizer", max_retries=0)
        self.clients.append(client)
        return client

    def lines(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many further log lines and return them; hold all output to telling no secret and no prompt."""
        end = time.monotonic() + 5
        while self.printed.text[self.lines_read :].count("\n") < count and time.monotonic() < end:
            time.sleep(0.01)
        text = self.printed.text[self.lines_read :]
        self.lines_read += len(text)
        for secret in (PROVIDER_KEY, "canary-secret-access-key", "canary-session-token", "canary-prompt"):
            assert secret not in text
        return [json.loads(line) for line in text.splitlines()]


class Printed(io.TextIOBase):
    """Takes the place of stdout; kept whole, so that a thread may write while the test reads."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


@dataclass
class Provider:
    """The stand-in and its control."""

    stand_in: StandIn
    background: BackgroundLoop

    def control(self, **faults: Any) -> dict[str, Any]:
        return self._send("POST", faults)

    def counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = self._send("GET")["counts"]
        return counts

    def reset(self) -> None:
        self._send("DELETE")

    def _send(self, method: str, document: Any = None) -> dict[str, Any]:
        async def send() -> dict[str, Any]:
            import aiohttp

            async with (
                aiohttp.ClientSession() as session,
                session.request(method, f"{self.stand_in.url}/_control", json=document) as response,
            ):
                answer: dict[str, Any] = await response.json()
                assert response.status == 200, answer
                return answer

        result: dict[str, Any] = self.background.run(send())
        return result


@pytest.fixture(scope="session")
def stand_in(background: BackgroundLoop) -> Iterator[StandIn]:
    running = background.run(start_stand_in())
    yield running
    background.run(running.close())


@pytest.fixture
def provider(stand_in: StandIn, background: BackgroundLoop) -> Iterator[Provider]:
    provider = Provider(stand_in, background)
    provider.reset()
    yield provider
    provider.reset()


@pytest.fixture(scope="session")
def second_stand_in(background: BackgroundLoop) -> Iterator[StandIn]:
    running = background.run(start_stand_in())
    yield running
    background.run(running.close())


@pytest.fixture
def backup(second_stand_in: StandIn, background: BackgroundLoop) -> Provider:
    """Another provider, in good health."""
    backup = Provider(second_stand_in, background)
    backup.reset()
    backup.control(delay_chunk_seconds=0.0)
    return backup


def routes(price: dict[str, Any]) -> list[dict[str, Any]]:
    managed = {"kind": "provider", "provider": "acme", "model": "gpt-6-luna", "price": price}
    local = {"kind": "local", "model": "qwen3-4b"}
    return [
        {"model": "small", "created": 1_700_000_000, "upstreams": [managed]},
        {"model": "mixed", "created": 1_700_000_001, "upstreams": [local, managed]},
        {"model": "own", "created": 1_700_000_002, "upstreams": [local]},
    ]


def fallback_routes(upstreams: Sequence[dict[str, Any]], price: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a route `several` whose upstreams are the models of one name of several providers; none without any."""
    rows = [
        {"kind": "provider", "model": "gpt-6-luna", "price": price}
        | {name: value for name, value in one.items() if name != "base_url"}
        for one in upstreams
    ]
    return [{"model": "several", "created": 1_700_000_003, "upstreams": rows}] if rows else []


@pytest.fixture
def start_gateway(
    aws_variables: dict[str, str],
    table_name: str,
    boto: Any,
    stand_in: StandIn,
    background: BackgroundLoop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Gateway]]:
    """Start gateways that differ in what the test says; they are closed at its end."""
    secrets = boto("secretsmanager")
    printed = Printed()
    # Not sys.stdout itself: pytest puts its own there between the phases of a test.
    monkeypatch.setattr(runtime.log, "sys", SimpleNamespace(stdout=printed))
    with ExitStack() as stack:

        def start(
            *,
            content_check: dict[str, Any] | None = None,
            base_url: str = "",
            auth: str = "bearer",
            key: str | None = PROVIDER_KEY,
            caller: dict[str, str] | None = CALLER,
            variables: dict[str, str] | None = None,
            known: dict[str, Any] | None = None,
            price: dict[str, Any] = PRICE,
            upstreams: Sequence[dict[str, Any]] = (),
            fields: dict[str, Any] | None = None,
            masks: Sequence[str] = (),
            more_routes: Sequence[dict[str, Any]] = (),
            image_addresses: bool = False,
            **limits: float,
        ) -> Gateway:
            arn = secrets.create_secret(Name=f"provider/{table_name}/{tmp_path.name}")["ARN"]
            if key is not None:
                secrets.put_secret_value(SecretId=arn, SecretString=key)
            more = {str(one["provider"]): one["base_url"] for one in upstreams}
            document = {
                "schema": 2,
                "stack": "demo",
                "mode": "hybrid",
                "masks": list(masks),
                "limits": {**LIMITS, **limits},
                "providers": {
                    "acme": {"base_url": base_url or stand_in.base_url, "auth": auth, "fields": fields or {}},
                    **{
                        name: {"base_url": url, "auth": "bearer"} | ({"fields": fields or {}} if name == "acme" else {})
                        for name, url in more.items()
                    },
                },
                "routes": routes(price) + fallback_routes(upstreams, price) + list(more_routes),
            }
            for provider in document["providers"].values():  # type: ignore[attr-defined]
                provider["image_addresses"] = image_addresses
            for route in document["routes"] if content_check else ():  # type: ignore[attr-defined]
                route["content_check"] = content_check
            path = tmp_path / "deployment.json"
            path.write_text(json.dumps(document))
            own = {
                "LEANTO_TABLE": table_name,
                "LEANTO_DEPLOYMENT": str(path),
                "LEANTO_PROVIDER_SECRETS": json.dumps(dict.fromkeys(["acme", *more], arn)),
            }
            server = AsgiServer(
                create_app(aws_variables | own | (variables or {})),
                {"authorizer": dict(caller or {}), "request_id": "request-of-the-front", **(known or {})},
            )
            background.run(server.start())
            stack.callback(lambda: background.run(server.close()))
            gateway = Gateway(server.url, server, table_name, arn, printed)
            stack.callback(lambda: [client.close() for client in gateway.clients])
            return gateway

        yield start


@pytest.fixture
def gateway(start_gateway: Callable[..., Gateway], provider: Provider) -> Gateway:
    """A gateway as most tests need it, in front of a provider in good health."""
    provider.control(delay_chunk_seconds=0.0)
    return start_gateway()


@pytest.fixture
def ledger(boto: Any, aws_url: str, table_name: str) -> Ledger:
    """The budgets of the gateway's table."""
    return Ledger(aws_url, boto("dynamodb"), table_name, month=datetime.now(UTC).strftime("%Y-%m"))


@pytest.fixture
def guarded(
    start_gateway: Callable[..., Gateway], provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """What starts gateways with a guardrail, in front of a provider in good health."""
    from tests.runtime.gateway.guarding import Guarded

    monkeypatch.setattr("runtime.gateway.guardrail.BACKOFF_SECONDS", 0.01)
    provider.control(delay_chunk_seconds=0.0)
    guarded = Guarded(start_gateway, provider)
    guarded.reset()
    guarded.order()
    yield guarded
    guarded.reset()
