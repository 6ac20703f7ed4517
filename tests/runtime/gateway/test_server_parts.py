"""Claims about the parts of a gateway as a server: who is let in, what is shown to whom, which key is taken."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leanto.cli.exits import CommandError
from leanto.cli.gateway import own_key
from leanto.gateway.errors import ServeError
from leanto.gateway.front import Front
from leanto.gateway.key_door import MAXIMUM_KEPT, KeyDoor
from leanto.gateway.memory import MemoryItems
from leanto.gateway.prometheus import Metrics
from leanto.gateway.provider_keys import held_keys
from runtime.aws import AwsError
from runtime.decide.breakers import State
from runtime.gateway.access import Record
from runtime.gateway.answers import GatewayError
from runtime.gateway.deployment import Provider
from runtime.lambda_events import EXTENSION
from runtime.state.keys import KeyRecord, make_key

KEY = make_key()
PROVIDERS = {name: Provider(name, "https://x.example/v1", "bearer") for name in ("acme-eu", "google")}
NAMES = {"google": "GEMINI_API_KEY"}


class Inner:
    """Takes the place of the application and keeps each scope."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)


class CountedItems(MemoryItems):
    """Counts how often a key is looked up; may be silent."""

    reads = 0
    silent = False

    async def key(self, key_id: str) -> KeyRecord | None:
        self.reads += 1
        if self.silent:
            raise AwsError("dynamodb", "GetItem", "Unreachable", 0)
        return await super().key(key_id)


def identities(items: MemoryItems, *requests: list[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
    """Return who the application is told calls, for requests one after the other."""
    inner = Inner()

    async def run() -> None:
        door = KeyDoor(inner, items)
        for headers in requests:
            spoofed = {EXTENSION: {"authorizer": {"keyId": "spoofed", "models": "*"}}}
            await door({"type": "http", "headers": headers, "extensions": spoofed}, None, None)  # type: ignore[arg-type]

    asyncio.run(run())
    return [scope["extensions"][EXTENSION]["authorizer"] for scope in inner.scopes]


def bearer(text: str) -> tuple[bytes, bytes]:
    return (b"authorization", f"Bearer {text}".encode())


def test_a_key_is_who_the_authorizer_would_say_and_looked_up_once_in_a_while() -> None:
    items = CountedItems(KEY)
    first, second = identities(items, [bearer(KEY.text)], [bearer(KEY.text)])
    assert (first["keyId"], first["team"], first["models"]) == (KEY.key_id, "local", "*")
    assert second == first
    assert items.reads == 1


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [bearer(make_key().text)],
        [bearer(KEY.text[:-1] + ("A" if KEY.text[-1] != "A" else "B"))],
        [bearer(KEY.text), bearer(KEY.text)],
        [(b"authorization", KEY.text.encode())],
        [(b"authorization", b"\xff\xfe")],
        [(b"x-api-key", KEY.text.encode())],
        [(b"x-amzn-keyid", KEY.key_id.encode())],
    ],
)
def test_nothing_else_lets_anyone_in(headers: list[tuple[bytes, bytes]]) -> None:
    assert identities(CountedItems(KEY), headers) == [{}]


def test_a_wrong_key_is_looked_up_once_and_what_is_remembered_is_bounded() -> None:
    items, wrong = CountedItems(KEY), make_key().text
    assert identities(items, [bearer(wrong)], [bearer(wrong)]) == [{}, {}]
    assert items.reads == 1
    door = KeyDoor(Inner(), items)

    async def many() -> None:
        for _ in range(MAXIMUM_KEPT + 10):
            await door({"type": "http", "headers": [bearer(make_key().text)]}, None, None)  # type: ignore[arg-type]

    asyncio.run(many())
    assert len(door._kept) == MAXIMUM_KEPT


def test_without_its_table_nobody_is_let_in() -> None:
    items = CountedItems(KEY)
    items.silent = True
    with pytest.raises(GatewayError) as error:
        identities(items, [bearer(KEY.text)])
    assert (error.value.status, error.value.code) == (503, "state_unavailable")


def asked(front: Front, path: str, client: tuple[str, int] | None = ("127.0.0.1", 1)) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(front({"type": "http", "path": path, "client": client, "headers": []}, None, send))  # type: ignore[arg-type]
    return (sent[0]["status"], sent[1]["body"]) if sent else (0, b"")


@pytest.fixture
def front() -> Callable[..., tuple[Front, Inner]]:
    def make(**options: bool) -> tuple[Front, Inner]:
        inner = Inner()
        return Front(inner, {"services": "s"}, Metrics(), **{"open_metrics": False} | options), inner

    return make


def test_health_tells_of_the_end(front: Callable[..., tuple[Front, Inner]]) -> None:
    served, _ = front()
    assert asked(served, "/health")[0] == 200
    served.draining = True
    assert asked(served, "/health") == (503, b'{"status": "draining"}')


@pytest.mark.parametrize("client", [("10.0.0.1", 1), ("::ffff:10.0.0.1", 1), None, ("", 0)])
def test_metrics_are_for_this_machine_unless_they_are_opened(
    front: Callable[..., tuple[Front, Inner]], client: tuple[str, int] | None
) -> None:
    served, inner = front()
    assert b"leanto_requests_running" in asked(served, "/metrics")[1]
    assert asked(served, "/metrics", client) == (0, b"")
    assert [scope["path"] for scope in inner.scopes] == ["/"]
    assert asked(front(open_metrics=True)[0], "/metrics", client)[0] == 200


@pytest.mark.parametrize(
    ("path", "below"),
    [("/v1/models", "/models"), ("/models", "/"), ("/v1", "/"), ("/v1/v1/models", "/v1/models"), ("/v2/models", "/")],
)
def test_only_what_is_below_v1_is_the_applications(
    front: Callable[..., tuple[Front, Inner]], path: str, below: str
) -> None:
    served, inner = front()
    asked(served, path)
    assert [(scope["path"], scope["state"]) for scope in inner.scopes] == [(below, {"services": "s"})]


def test_metrics_count_what_is_known_and_name_no_key() -> None:
    metrics = Metrics()
    metrics.observe(Record("r", key_id="canary-key", team="search", status=401))
    known = {"attempts": 1, "upstream": "acme/x", "upstream_status": 200, "cost_micro_usd": 7, "prompt_tokens": 5}
    metrics.observe(Record("r", key_id="canary-key", team='se"arch\n', model="small", status=200, **known))
    metrics.breaker_changed("acme/x", State.HALF_OPEN)
    text = metrics.text().decode()
    assert 'leanto_breaker_changes_total{state="half_open",upstream="acme/x"} 1.0' in text
    assert 'leanto_requests_total{model="",status="401"} 1.0' in text
    assert 'leanto_cost_micro_usd_total{model="small",team="se\\"arch\\n"} 7.0' in text
    assert 'leanto_tokens_total{kind="prompt",model="small",team="se\\"arch\\n"} 5.0' in text
    assert "canary" not in text


def test_provider_keys_come_from_the_environment_by_name(tmp_path: Path) -> None:
    variables = {"ACME_EU_API_KEY": "sk-canary-a", "GEMINI_API_KEY": "sk-canary-g"}
    keys = held_keys(PROVIDERS, variables, NAMES, None)
    assert asyncio.run(keys.get("acme-eu")) == "sk-canary-a"
    assert asyncio.run(keys.get("google")) == "sk-canary-g"
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"acme-eu": "sk-canary-f\n", "google": "sk-canary-h"}))
    assert asyncio.run(held_keys(PROVIDERS, {}, NAMES, path).get("acme-eu")) == "sk-canary-f"


@pytest.mark.parametrize(
    ("variables", "text", "words"),
    [
        ({"ACME_EU_API_KEY": "sk-canary"}, None, "set GEMINI_API_KEY"),
        ({}, '{"google": "sk-canary"}', "has no key for acme-eu"),
        ({}, "sk-canary", "must be JSON"),
        ({}, '{"google": {"sk-canary": 1}}', "must be JSON"),
        ({"ACME_EU_API_KEY": "sk-canary\x00", "GEMINI_API_KEY": "x"}, None, "no header can carry"),
    ],
)
def test_a_missing_key_is_named_and_none_is_quoted(
    tmp_path: Path, variables: dict[str, str], text: str | None, words: str
) -> None:
    path = tmp_path / "keys.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ServeError) as error:
        held_keys(PROVIDERS, variables, NAMES, path if text is not None else None)
    assert words in str(error.value)
    assert "canary" not in str(error.value)


def test_the_own_key_is_the_one_given_or_a_new_one() -> None:
    assert own_key(KEY.text).text == KEY.text
    assert own_key(None).text != own_key("").text
    with pytest.raises(CommandError) as error:
        own_key("sk-canary")
    assert "canary" not in str(error.value)
