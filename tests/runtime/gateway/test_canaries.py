"""Claim: keys and the words of clients and providers get into no log line, metric, warning, exception or table item.

A word is planted wherever a client or a provider can put one, every kind of end that a request can have is gone
through, and then all that the gateway has left anywhere is looked through.
"""

import json
import logging
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from runtime.gateway.attempts import Attempts
from runtime.log import LibraryHandler
from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.gateway.conftest import PROVIDER_KEY, Gateway, Provider

WORD = "canary"
CLIENT_KEY = f"sk-lt-abcdefghijkl-{WORD}-key"
SAID = f"{WORD}-said"
HEADERS = {
    "Authorization": f"Bearer {CLIENT_KEY}",
    "Content-Type": "application/json",
    "Cookie": f"a={WORD}-cookie",
    "User-Agent": f"{WORD}-agent",
    "X-Forwarded-For": f"{WORD}-address",
    "X-Request-Id": f"{WORD}-request-id",
    "OpenAI-Organization": f"{WORD}-organization",
    "traceparent": f"00-{WORD}",
    "tracestate": f"a={WORD}-state",
    "Idempotency-Key": f"{WORD}-idempotency",
}
FUNCTION = {"name": f"{WORD}-tool", "description": SAID, "parameters": {"type": "object", "title": SAID}}
BODY: dict[str, Any] = {
    "model": "small",
    "messages": [
        {"role": "system", "content": SAID, "name": f"{WORD}-name"},
        {"role": "user", "content": [{"type": "text", "text": SAID}]},
    ],
    "tools": [{"type": "function", "function": FUNCTION}],
    "user": f"{WORD}-user",
    "metadata": {f"{WORD}-name": SAID},
    "safety_identifier": f"{WORD}-identifier",
    "stop": [SAID],
    "max_completion_tokens": 50,
}
BROKEN_BODIES = {
    "no JSON": json.dumps(BODY).encode()[:-1],
    "no UTF-8": json.dumps(BODY).encode() + b"\xff",
    "a name twice": b'{"%s": 1, "%s": 2}' % (SAID.encode(), SAID.encode()),
    "no object": json.dumps([SAID]).encode(),
}
WRONG_FIELDS: dict[str, dict[str, Any]] = {
    "an unknown model": {"model": f"{WORD}-model"},
    "a wrong type": {"messages": SAID},
    "a wrong number": {"max_completion_tokens": SAID},
    "a tool with a price": {"tools": [{"type": SAID}]},
    "a strange field": {f"{WORD}-field": SAID},
    "a choice of tool": {"tool_choice": {"type": "function", "function": {"name": f"{WORD}-tool"}}},
}
FAULTS: dict[str, dict[str, Any]] = {
    "an answer": {},
    "words in an error": {"status": 400, "error_body": json.dumps({"error": {"message": f"{SAID} {PROVIDER_KEY}"}})},
    "words that are no JSON": {"status": 500, "error_body": f"{SAID} {PROVIDER_KEY}"},
    "a refused key": {"require_key": f"sk-{WORD}-other"},
    "words in an answer that is no JSON": {"answer_body": SAID},
    "words in usage": {"answer_body": json.dumps({"usage": {"prompt_tokens": SAID, SAID: 1}, "model": SAID})},
    "a broken connection": {"drop_connection": True},
    "a broken stream": {"cut_after_chunks": 2},
    "an error in a stream": {"fail_after_chunks": 2},
}  # fmt: skip


class Heard(logging.Handler):
    """All that any library logs, with the tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += logging.Formatter().format(record) + "\n"


class Ends:
    """Sends requests, and afterwards finds what they left."""

    def __init__(self, gateway: Gateway, background: BackgroundLoop, boto: Any):
        self._gateway = gateway
        self._background = background
        self._dynamodb = boto("dynamodb")

    def send(self, body: bytes, path: str = "/v1/chat/completions", **headers: str) -> tuple[int, bytes]:
        async def exchange() -> tuple[int, bytes]:
            url = f"{self._gateway.url}{path}?{WORD}=query"
            async with (
                aiohttp.ClientSession() as session,
                session.post(url, data=body, headers=HEADERS | headers) as response,
            ):
                try:
                    return response.status, await response.read()
                except aiohttp.ClientError:
                    return response.status, b""

        result: tuple[int, bytes] = self._background.run(exchange())
        return result

    def go_through(self, *documents: dict[str, Any]) -> None:
        for document in documents:
            for stream in (False, True):
                self.send(json.dumps(document | {"stream": stream}).encode())

    def left(self) -> str:
        """Return everything that the gateway has printed and kept."""
        items = self._dynamodb.scan(TableName=self._gateway.table_name)["Items"]
        assert any(item["pk"]["S"] == "BUDGETS" for item in items)
        return self._gateway.printed.text + json.dumps(items)


@pytest.fixture
def ends(
    start_gateway: Callable[..., Gateway], provider: Provider, background: BackgroundLoop, boto: Any, capfd: Any
) -> Any:
    heard, root = Heard(), logging.getLogger()
    root.addHandler(heard)
    provider.control(delay_chunk_seconds=0.0)
    gateway = start_gateway()
    ends = Ends(gateway, background, boto)
    ends.go_through(BODY)
    yield ends
    root.removeHandler(heard)
    output = capfd.readouterr()
    left = ends.left() + heard.text + output.out + output.err + "".join(map(repr, gateway.server.unhandled))
    assert left.count('"event":"request"') >= 2
    for line in left.splitlines():
        assert WORD not in line, line


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_a_provider_does_leaves_no_word(ends: Ends, provider: Provider, fault: str) -> None:
    provider.control(delay_chunk_seconds=0.0, **FAULTS[fault])
    ends.go_through(BODY)


def test_what_is_wrong_with_a_request_leaves_no_word(ends: Ends) -> None:
    ends.go_through(*(BODY | wrong for wrong in WRONG_FIELDS.values()))
    for body in BROKEN_BODIES.values():
        assert ends.send(body)[0] == 400
    assert ends.send(b"", f"/v1/{WORD}-path")[0] == 404
    assert ends.send(b"{}", **{"X-Leanto-Data-Class": f"{WORD}-class"})[0] == 400


def test_a_crash_tells_where_and_not_with_what(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both the message and the cause hold a word, as those of a parser would."""

    async def crash(self: Attempts) -> None:
        raise KeyError(f"{SAID} {PROVIDER_KEY}") from ValueError(SAID)

    monkeypatch.setattr(Attempts, "run", crash)
    status, body = ends.send(json.dumps(BODY).encode())
    assert (status, json.loads(body)["error"]["code"]) == (500, "internal_error")
    assert WORD.encode() not in body
    assert '"errorType":"KeyError"' in ends.left()


def test_what_a_library_logs_is_told_by_its_place_alone(ends: Ends) -> None:
    error = ValueError(SAID)
    record = logging.LogRecord("lib", logging.ERROR, "lib.py", 7, "%s", (SAID,), (ValueError, error, None))
    LibraryHandler().emit(record)
    assert '"place":"lib.py:7"' in ends.left()
