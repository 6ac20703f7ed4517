"""Claim: whatever a client sends, the gateway does not fail, and says no in OpenAI's shape.

The upstream is the stand-in in good health, so that every 5xx would be the gateway's own.
"""

import asyncio
import json
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from yarl import URL

from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.gateway.conftest import Gateway

FUZZ = settings(
    max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CANARY = "canary-prompt"
MEMBERS = (
    "model", "messages", "stream", "stream_options", "n", "max_tokens", "max_completion_tokens", "tools", "tool_choice",
    "functions", "response_format", "modalities", "service_tier", "stop", "logprobs", "top_logprobs", "temperature",
    "prompt_cache_retention", "audio", "user", "metadata", "MAX_TOKENS", "\uff2e",
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 1, 2**31, 2**63, 10**40, -(10**40)])
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.sampled_from(["small", "mixed", "absent", "auto", "text", "function", "\ud800", "\x00", CANARY])
)
NAMES = st.sampled_from([*MEMBERS, "role", "content", "type", "name", "include_usage"]) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
MESSAGES = st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": VALUES}), min_size=1, max_size=3)
REQUESTS = st.builds(
    lambda good, more: {**good, **more},
    st.fixed_dictionaries({"model": st.just("small"), "messages": MESSAGES | st.just([{"role": "user"}])}),
    st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=4),
)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    content_type: str
    body: bytes

    def hold_to_the_shape(self) -> None:
        """Success, or a refusal of the client's own mistake as OpenAI writes it, without anything of the request."""
        assert self.status < 500, self
        if self.status >= 400:
            assert self.content_type == "application/json"
            error = json.loads(self.body)["error"]
            assert error.keys() == {"message", "type", "param", "code"}
            assert isinstance(error["message"], str)
            assert error["message"]
            assert isinstance(error["type"], str)
            assert isinstance(error["param"], str | None)
            assert isinstance(error["code"], str | None)


Send = Callable[..., Answer]


@pytest.fixture
def send(gateway: Gateway, background: BackgroundLoop) -> Any:
    """Send one request as it is given; all use the same connections."""

    async def opened() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(auto_decompress=False)

    session = background.run(opened())

    def send(body: bytes, path: str = "/v1/chat/completions", method: str = "POST", **headers: str) -> Answer:
        async def exchange() -> Answer:
            given_headers = {"Content-Type": "application/json", **headers}
            url = URL(gateway.url + path, encoded=True)
            async with session.request(method, url, data=body, headers=given_headers) as response:
                return Answer(response.status, response.content_type, await response.read())

        answer: Answer = background.run(exchange())
        return answer

    yield send
    background.run(session.close())
    assert gateway.server.unhandled == []
    assert all(line["event"] != "request_crashed" for line in gateway.lines(0))


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


@FUZZ
@given(document=REQUESTS)
@example(document={"model": "small", "messages": [{}], "max_tokens": 10**40})
@example(document={"model": "small", "messages": [{}], "max_tokens": 10**4000})
@example(document={"model": "small", "messages": [{}], "n": 2**63, "max_completion_tokens": 2**63})
@example(document={"model": "small", "messages": [None]})
@example(document={"model": "small", "messages": ["text", 1, [[]]]})
@example(document={"model": "\ud800", "messages": [{"content": "\ud800"}]})
@example(document={"model": "small", "messages": [{"content": "\udfff"}], "stream": True})
@example(document={"model": "small", "messages": [{"content": [{"type": "text", "text": {}}]}]})
@example(document={"model": "small", "messages": [{"content": [{"type": {}, "text": ""}]}]})
@example(document={"model": "small", "messages": [{}], "stop": {"a": 1}, "stream_options": {"include_usage": [1]}})
@example(document={"model": "small", "messages": [{}], "tools": [{"type": "function"}], "tool_choice": 7})
@example(document={"model": "small", "messages": [{}], "response_format": "x", "stream": True})
def test_a_body_that_is_an_object_is_answered_or_refused(send: Send, document: dict[str, Any]) -> None:
    send(encoded(document)).hold_to_the_shape()


@FUZZ
@given(body=st.binary(max_size=60) | VALUES.map(encoded) | REQUESTS.map(encoded).map(lambda text: text[:-1]))
@example(body=b"\xef\xbb\xbf{}")
@example(body='{"model": "small", "messages": [{}]}'.encode("utf-16"))
@example(body=b'{"model": "small", "model": "own", "messages": [{}]}')
@example(body=b'{"messages": [{}], "model": "small", "n": 1e999}')
@example(body=b"{" * 5000)
@example(body=b'{"model": "small", "messages": [' + b"1" * 5000 + b"]}")
@example(body=b'{"model":"' + b"m" * 90_000 + b'","messages":[{}]}')
def test_a_body_that_is_anything_is_refused(send: Send, body: bytes) -> None:
    answer = send(body)
    answer.hold_to_the_shape()
    assert answer.status >= 400


TOKENS = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=12)
FREE = st.text(string.printable.strip() + " äÿ", max_size=40).map(str.strip)
NAMED = st.sampled_from([
    "accept", "accept-encoding", "traceparent", "tracestate", "x-request-id", "openai-beta", "content-encoding",
    "content-type", "x-leanto-data-class", "range", "if-none-match", "x-http-method-override", "forwarded",
    "x-forwarded-for", "origin", "idempotency-key",
])  # fmt: skip


@FUZZ
@given(headers=st.dictionaries(NAMED | TOKENS.map(lambda name: f"x-{name}"), FREE, max_size=6))
def test_headers_of_any_kind_make_no_answer_fail(send: Send, headers: dict[str, str]) -> None:
    send(b'{"model": "small", "messages": [{}]}', **headers).hold_to_the_shape()


OTHERS = st.builds(
    lambda good, more: {**good, **more},
    st.fixed_dictionaries({"model": st.just("small")}, optional={"input": VALUES, "prompt": VALUES}),
    st.dictionaries(st.sampled_from((*MEMBERS, "dimensions", "encoding_format", "suffix", "best_of", "echo")), VALUES),
)


@FUZZ
@given(path=st.sampled_from(["/v1/completions", "/v1/embeddings", "/v1/responses"]), document=OTHERS)
@example(path="/v1/embeddings", document={"model": "small", "input": [[{}]]})
@example(path="/v1/completions", document={"model": "small", "prompt": [[{}]], "best_of": 10**40})
def test_other_endpoints_are_answered_or_refused_too(send: Send, path: str, document: dict[str, Any]) -> None:
    send(encoded(document), path).hold_to_the_shape()


SEGMENTS = st.sampled_from(
    ["v1", "chat", "completions", "models", "..", ".", "", "%2e%2e", "%2F", "%00", "%ff", "%c3%a9%0d%0a"]
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "LOCK"])


@FUZZ
@given(segments=st.lists(SEGMENTS | TOKENS, max_size=6), method=METHODS, query=TOKENS)
@example(segments=["chat", "completions", ""], method="POST", query="a")
@example(segments=["chat", "completions"], method="TRACE", query="a")
@example(segments=["models", "small"], method="GET", query="a")
def test_a_path_or_method_that_is_not_there_is_refused(
    send: Send, segments: list[str], method: str, query: str
) -> None:
    path = "/v1/" + "/".join(segments)
    answer = send(b"", f"{path}?{query}", method)
    answer.hold_to_the_shape()
    served = {"/v1/models", *(f"/v1/models/{name}" for name in ("small", "mixed", "own"))}
    assert answer.status >= 400 or (method == "GET" and URL(path).path in served)


def test_a_refusal_repeats_nothing_of_the_request(send: Send) -> None:
    """But the name of a model that there is not, which helps whoever mistyped it."""
    bodies = [
        {"model": "small", "messages": CANARY},
        {"model": "small", "messages": [{}], "n": CANARY},
        {"model": "small", "messages": [{}], "service_tier": CANARY},
        {"model": "small", "messages": [{}], "tools": [{"type": CANARY}]},
        {"model": "small", "messages": [{"content": [{"type": CANARY}]}]},
        {"model": "small", "messages": [{}], "stream": CANARY},
    ]
    for body in bodies:
        answer = send(encoded(body))
        assert answer.status == 400
        assert CANARY.encode() not in answer.body
    assert CANARY.encode() not in send(encoded(bodies[0])[:-1]).body


def test_many_at_once_of_all_kinds_leave_the_gateway_well(gateway: Gateway, background: BackgroundLoop) -> None:
    bodies = [b"", b"{}", b"\xff", b'{"model": "small", "messages": [{}]}', b'{"model": "own", "messages": [{}]}']

    async def exchange() -> list[int]:
        async with aiohttp.ClientSession() as session:

            async def one(body: bytes) -> int:
                async with session.post(f"{gateway.url}/v1/chat/completions", data=body) as response:
                    await response.read()
                    return response.status

            return await asyncio.gather(*(one(body) for body in bodies * 10))

    assert background.run(exchange()) == [400, 400, 400, 200, 503] * 10
