"""Claim: what the relay answers is read from Lambda's stream as it was sent, and what is not whole is told as such."""

import asyncio
import itertools
import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from leanto.embedded.provider.eventstream import exception, message
from runtime.aws import Aws
from runtime.gateway.local.invocation import RelayError, RelayRequest, invoked

PRELUDE = json.dumps({"statusCode": 200, "headers": {"Content-Type": "text/event-stream"}}).encode() + b"\0" * 8
REQUEST = RelayRequest("/v1/chat/completions", {"x-leanto-node": "10.0.0.1:8443"}, '{"prompt": "é"}'.encode())
KEYS = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "canary-secret"}


def piece(data: bytes) -> bytes:
    return message({":event-type": "PayloadChunk", ":message-type": "event"}, data)


def complete(**fields: str) -> bytes:
    headers = {":event-type": "InvokeComplete", ":content-type": "application/json", ":message-type": "event"}
    return message(headers, json.dumps(fields).encode())


def ask(written: list[bytes], status: int = 200, seen: list[Any] | None = None) -> tuple[int, dict[str, str], bytes]:
    """Invoke a Lambda that writes so; returns status, headers and body of the relay's answer."""

    async def run() -> tuple[int, dict[str, str], bytes]:
        async def handle(request: web.Request) -> web.StreamResponse:
            if seen is not None:
                seen.append((request.path, dict(request.headers), await request.json()))
            response = web.StreamResponse(status=status)
            await response.prepare(request)
            for data in written:
                await response.write(data)
                await asyncio.sleep(0)
            return response

        app = web.Application()
        app.router.add_post("/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = "http://{}:{}".format(*runner.addresses[0][:2])
        try:
            async with aiohttp.ClientSession() as session:
                aws = Aws(session, {"AWS_ENDPOINT_URL": url, **KEYS})
                async with invoked(session, aws, "leanto-dev-relay", REQUEST) as answer:
                    body = b""
                    while data := await answer.readany():
                        body += data
                    return answer.status, answer.headers, body
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    bounds = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    for begin, end in itertools.pairwise(bounds):
        if begin != end:
            yield data[begin:end]


def test_the_event_is_a_proxy_event_that_is_signed_for_lambda() -> None:
    seen: list[Any] = []
    ask([piece(PRELUDE + b"x"), complete()], seen=seen)
    path, headers, event = seen[0]
    assert path == "/2021-11-15/functions/leanto-dev-relay/response-streaming-invocations"
    assert "/eu-west-1/lambda/aws4_request" in headers["Authorization"]
    assert event == {
        "httpMethod": "POST",
        "path": "/v1/chat/completions",
        "headers": {"x-leanto-node": "10.0.0.1:8443"},
        "isBase64Encoded": False,
        "body": '{"prompt": "é"}',
    }


@given(st.lists(st.integers(0, 400), max_size=6), st.lists(st.integers(0, 200), max_size=6))
def test_the_answer_is_the_same_wherever_it_is_cut(frames: list[int], chunks: list[int]) -> None:
    stream = b"".join(piece(part) for part in cut(PRELUDE + b"data: 1\n\ndata: 2\n\n", frames)) + complete()
    told = ask(list(cut(stream, chunks)))
    assert told == (200, {"content-type": "text/event-stream"}, b"data: 1\n\ndata: 2\n\n")


@pytest.mark.parametrize(
    ("written", "status", "word"),
    [
        ([piece(PRELUDE + b"data: 1\n\n")], 200, "broken"),
        ([piece(PRELUDE + b"data"), complete(ErrorCode="Unhandled", ErrorDetails="canary-detail")], 200, "broken"),
        ([piece(PRELUDE), exception("ServiceException", "canary-detail")], 200, "broken"),
        ([piece(PRELUDE), piece(b"whole")[:-1] + b"!"], 200, "broken"),
        ([complete(ErrorCode="Unhandled")], 200, "broken"),
        ([complete()], 200, "broken"),
        ([], 200, "broken"),
        ([piece(b"{}" + b"\0" * 8), complete()], 200, "broken"),
        ([piece(b"x" * 20_000)], 200, "broken"),
        ([b'{"Message": "canary-detail"}'], 429, "throttled"),
        ([b'{"Message": "canary-detail"}'], 403, "unreachable"),
        ([b"canary-detail"], 502, "unreachable"),
    ],
)
def test_what_is_not_whole_is_an_error_without_content(written: list[bytes], status: int, word: str) -> None:
    with pytest.raises(RelayError) as raised:
        ask(written, status)
    assert raised.value.word == word
    assert "canary" not in str(raised.value)


def test_a_lambda_that_is_not_there_is_told() -> None:
    async def run() -> None:
        async with aiohttp.ClientSession() as session:
            aws = Aws(session, {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", **KEYS})
            async with invoked(session, aws, "relay", REQUEST):
                raise AssertionError

    with pytest.raises(RelayError, match="could not be invoked"):
        asyncio.run(run())


def test_a_request_larger_than_an_event_is_not_sent() -> None:
    with pytest.raises(RelayError) as raised:
        RelayRequest("/v1/chat/completions", {}, b'"' * (4 * 1024 * 1024)).event()
    assert raised.value.word == "too_large"
