"""Claim: a body reaches the upstream byte for byte but for the model's name, and one that cannot be read is refused."""

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest

from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.gateway.conftest import PROVIDER_KEY, Gateway, Provider
from tests.runtime.raw_upstream import RawUpstream, whole

CLIENT_KEY = "sk-lt-abcdefghijkl-canary-client-key"
OK = b'{"id": "x", "object": "chat.completion", "choices": []}'
DEEP = b'{"model": "small", "messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.fixture
def post(background: BackgroundLoop) -> Callable[..., tuple[int, dict[str, str], dict[str, Any]]]:
    """Post raw bytes to the chat path of a gateway; return status, headers and document."""

    def post(gateway: Gateway, body: Any, **headers: str) -> tuple[int, dict[str, str], dict[str, Any]]:
        async def send() -> tuple[int, dict[str, str], dict[str, Any]]:
            data = io.BytesIO(body) if isinstance(body, bytes) else body
            all_headers = {"Authorization": f"Bearer {CLIENT_KEY}", "Content-Type": "application/json", **headers}
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{gateway.url}/v1/chat/completions", data=data, headers=all_headers) as response,
            ):
                names = {name.lower(): value for name, value in response.headers.items()}
                return response.status, names, await response.json()

        result: tuple[int, dict[str, str], dict[str, Any]] = background.run(send())
        return result

    return post


@pytest.fixture
def upstream(background: BackgroundLoop) -> Iterator[RawUpstream]:
    cookies = (
        "Set-Cookie: a=b",
        "Connection-Token: x",
        "openai-organization: org-canary",
        "x-ratelimit-limit-requests: 9",
    )
    running = RawUpstream(whole("200 OK", OK, "x-request-id: upstream-1", *cookies))
    background.run(running.start())
    yield running
    background.run(running.close())


Post = Callable[..., tuple[int, dict[str, str], dict[str, Any]]]


def test_all_bytes_but_the_models_name_pass_unchanged(
    start_gateway: Callable[..., Gateway], upstream: RawUpstream, post: Post
) -> None:
    body = (
        '\n{ "unknown" : [1.0, 1e2, -0.0, 12345678901234567890123, {"model":"small"}],\t"model" :  "sm\\u0061ll" ,\n'
        '  "messages":[{"role":"user","content":"canary-prompt \\ud83d\\ude00 é 漢 \\u0000 <&>"}],'
        '"temperature": 0.10 }\r\n'
    ).encode()
    status, _, document = post(start_gateway(base_url=upstream.base_url), body)
    assert (status, document["id"]) == (200, "x")
    assert upstream.received[0].body == body.replace(b'"sm\\u0061ll"', b'"gpt-6-luna"')


def test_only_our_own_headers_reach_the_provider(
    start_gateway: Callable[..., Gateway], upstream: RawUpstream, post: Post
) -> None:
    body = b'{"model": "small", "messages": [{}]}'
    strange = {"Cookie": "canary=1", "X-Forwarded-For": "1.2.3.4", "OpenAI-Organization": "org-x", "api-key": "canary"}
    post(start_gateway(base_url=upstream.base_url), body, **strange)
    request = upstream.received[0]
    assert request.line == "POST /v1/chat/completions HTTP/1.1"
    assert {name.lower() for name, _ in request.headers} == {
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "traceparent",
        "user-agent",
        "x-client-request-id",
    }
    assert request.header("authorization") == f"Bearer {PROVIDER_KEY}"
    assert request.header("accept-encoding") == "identity"
    assert request.header("x-client-request-id") == "request-of-the-front"


def test_only_named_headers_of_the_provider_reach_the_client(
    start_gateway: Callable[..., Gateway], upstream: RawUpstream, post: Post
) -> None:
    _, headers, _ = post(start_gateway(base_url=upstream.base_url), b'{"model": "small", "messages": [{}]}')
    assert headers["x-upstream-request-id"] == "upstream-1"
    assert headers["x-request-id"] == "request-of-the-front"
    assert headers["x-ratelimit-limit-requests"] == "9"
    assert headers.keys().isdisjoint({"set-cookie", "connection-token", "openai-organization"})


def test_a_cookie_of_the_provider_is_not_sent_back_to_it(
    start_gateway: Callable[..., Gateway], upstream: RawUpstream, post: Post
) -> None:
    """By host name, as cookies of addresses are never kept."""
    gateway = start_gateway(base_url=upstream.base_url.replace("127.0.0.1", "localhost"))
    for _ in range(2):
        assert post(gateway, b'{"model": "small", "messages": [{}]}')[0] == 200
    assert [request.header("cookie") for request in upstream.received] == [None, None]


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (b"", "invalid_json", None),
        (b"canary-prompt", "invalid_json", None),
        (b'"canary-prompt"', "invalid_json", None),
        (b"[]", "invalid_json", None),
        (b'{"model": "small", "messages": [{}]', "invalid_json", None),
        (b'{"model": "small", "messages": [{}],}', "invalid_json", None),
        (b'{"model": "small" "messages": [{}]}', "invalid_json", None),
        (b'{"model": "small", "messages": [{}]} canary-prompt', "invalid_json", None),
        (b'{"model": "small", "model": "own", "messages": [{}]}', "invalid_json", None),
        (b'{"model": "small", "messages": [{}], "top_p": NaN}', "invalid_json", None),
        (b'{"model": "small", "messages": [{}], "seed": ' + b"9" * 5000 + b"}", "invalid_json", None),
        (b'\xef\xbb\xbf{"model": "small", "messages": [{}]}', "invalid_json", None),
        (b'{"model": "small", "messages": ["\xff"]}', "invalid_json", None),
        (b'{1: "small"}', "invalid_json", None),
        (b'{"messages": [{}]}', "missing_required_parameter", "model"),
        (b'{"model": 7, "messages": [{}]}', "missing_required_parameter", "model"),
        (b'{"model": "", "messages": [{}]}', "missing_required_parameter", "model"),
        (b'{"model": "small"}', "missing_required_parameter", "messages"),
        (b'{"model": "small", "messages": []}', "missing_required_parameter", "messages"),
        (b'{"model": "small", "messages": "canary-prompt"}', "missing_required_parameter", "messages"),
        (b'{"model": "small", "messages": [{}], "stream": "yes"}', "invalid_type", "stream"),
    ],
)
def test_a_body_that_is_no_chat_request_is_400_without_repeating_it(
    gateway: Gateway, provider: Provider, post: Post, body: bytes, code: str, param: str | None
) -> None:
    status, headers, document = post(gateway, body)
    error = document["error"]
    assert (status, error["code"], error["param"]) == (400, code, param)
    assert error["type"] == "invalid_request_error"
    assert headers["x-request-id"] == "request-of-the-front"
    assert "canary" not in error["message"]
    assert provider.counts()["chat_requests"] == 0
    assert [line["error"] for line in gateway.lines()] == [code]


def test_a_body_nested_beyond_reason_is_400(
    start_gateway: Callable[..., Gateway], provider: Provider, post: Post
) -> None:
    status, _, document = post(start_gateway(request_bytes=1_000_000), DEEP)
    assert (status, document["error"]["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("extra", [0, 1])
def test_a_body_longer_than_the_bound_is_413_and_one_as_long_is_not(
    start_gateway: Callable[..., Gateway], provider: Provider, post: Post, extra: int
) -> None:
    start = b'{"model": "small", "messages": [{"content": "'
    body = start + b"x" * (5000 + extra - len(start) - 4) + b'"}]}'
    status, _, document = post(start_gateway(request_bytes=5000), body)
    assert status == (413 if extra else 200)
    if extra:
        assert document["error"]["code"] == "request_too_large"
        assert "5000" in document["error"]["message"]
        assert provider.counts()["chat_requests"] == 0


def test_a_body_without_an_end_is_cut_off_at_the_bound(start_gateway: Callable[..., Gateway], post: Post) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 50_000_000:
            sent += 10_000
            yield b" " * 10_000
            await asyncio.sleep(0)

    try:
        status, _, document = post(start_gateway(request_bytes=50_000), endless())
        assert (status, document["error"]["code"]) == (413, "request_too_large")
    except aiohttp.ClientError:
        pass  # the connection may be closed while we still send
    assert sent < 20_000_000


def test_a_body_of_several_megabytes_passes_whole(
    start_gateway: Callable[..., Gateway], upstream: RawUpstream, post: Post
) -> None:
    body = json.dumps({"model": "small", "messages": [{"content": "x" * 4_000_000}]}).encode()
    status, _, _ = post(start_gateway(base_url=upstream.base_url, request_bytes=5_000_000), body)
    assert status == 200
    assert upstream.received[0].body == body.replace(b'"small"', b'"gpt-6-luna"')


def test_a_long_model_name_is_not_repeated_whole(gateway: Gateway, post: Post) -> None:
    body = json.dumps({"model": "m" * 5000, "messages": [{}]}).encode()
    status, _, document = post(gateway, body)
    assert status == 404
    assert len(document["error"]["message"]) < 300
