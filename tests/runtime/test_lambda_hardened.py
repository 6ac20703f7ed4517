"""Claim: neither an event, a handler that overstays, nor what the Runtime API says makes the shim lose its process."""

import asyncio
import base64
import contextlib
import hashlib
import json
import time
from collections.abc import AsyncIterator

import pytest

from runtime.lambda_api import RuntimeApi, RuntimeApiError
from tests.runtime.functions import proxy_event, started

HANDLERS = "tests.runtime.handlers"


def test_a_plain_handler_that_overstays_is_told_before_lambda_kills_it_and_the_next_event_is_served() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:overstays") as function:
            begun = time.monotonic()
            posted = await function.api.invoke(b'{"seconds": 30}', seconds=1.0)
            assert time.monotonic() - begun < 1.0
            assert posted.path.endswith("/event-1/error")
            assert json.loads(posted.body)["errorType"] == "DeadlineError"
            assert json.loads((await function.api.invoke(b'{"seconds": 0}')).body) == "done"
            assert await function.end() == 0
            assert function.output.count("cleaned up") == 2

    asyncio.run(test())


def test_a_stream_that_overstays_ends_in_trailers_and_a_cancelled_handler_in_an_error() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            posted = await function.call("/overstays", seconds=1.0)
            assert posted.body.endswith(b"begun")
            assert posted.trailers["Lambda-Runtime-Function-Error-Type"] == "DeadlineError"
            report = json.loads((await function.call("/cancels_itself")).body)
            assert report["errorType"] == "HandlerCancelledError"
            assert (await function.call("/about", "still here")).body.endswith(b"still here")
            assert await function.end() == 0

    asyncio.run(test())


def test_a_plain_handler_that_is_cancelled_from_within_is_an_error_and_no_end() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:cancels_itself") as function:
            for number in (1, 2):
                posted = await function.api.invoke(b"{}")
                assert posted.path.endswith(f"/event-{number}/error")
                assert json.loads(posted.body)["errorType"] == "HandlerCancelledError"

    asyncio.run(test())


def test_the_largest_event_with_a_base64_body_arrives_whole() -> None:
    data = bytes(range(256)) * 4 * 4400
    event = proxy_event("/digest") | {"body": base64.b64encode(data).decode(), "isBase64Encoded": True}
    payload = json.dumps(event).encode()
    assert 5_900_000 < len(payload) < 6 * 1024 * 1024

    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            posted = await function.api.invoke(payload)
            assert posted.body.endswith(f"{len(data)} {hashlib.sha256(data).hexdigest()}".encode())

    asyncio.run(test())


def test_events_that_are_broken_each_fail_alone_and_tell_nothing_of_themselves() -> None:
    broken = [
        b"",
        b"\xff\xfe canary",
        b"[" * 100_000,
        b'{"httpMethod": "POST", "requestContext": ["canary"]}',
        b'{"httpMethod": "POST", "multiValueHeaders": {"a": 7}}',
        b'{"httpMethod": "POST", "headers": {"\\ud800canary": "x"}}',
        b'{"httpMethod": "POST", "body": {"canary": 1}}',
        b'{"httpMethod": "POST", "pathParameters": "canary"}',
    ]

    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            for number, payload in enumerate(broken, 1):
                posted = await function.api.invoke(payload)
                assert posted.path.endswith(f"/event-{number}/error"), payload[:40]
                assert b"canary" not in posted.body
            assert (await function.call("/about", "still here")).body.endswith(b"still here")
            assert await function.end() == 0
            assert "canary" not in function.output

    asyncio.run(test())


def test_an_application_that_hangs_at_its_end_does_not_keep_the_process_past_the_shutdown_phase() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:hangs_at_end") as function:
            await function.api.waiting.wait()
            begun = time.monotonic()
            assert await function.end() == 0
            assert time.monotonic() - begun < 2.5
            assert '"event":"shutdown_failed"' in function.output

    asyncio.run(test())


@contextlib.asynccontextmanager
async def answering(data: bytes) -> AsyncIterator[RuntimeApi]:
    """Give a client of a Runtime API that answers with `data`, whatever it is asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield RuntimeApi(f"{host}:{port}")


ID = b"Lambda-Runtime-Aws-Request-Id: a\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + ID + b"Lambda-Runtime-Deadline-Ms: soon\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + ID + b"Lambda-Runtime-Deadline-Ms: 1\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + ID + b"Lambda-Runtime-Deadline-Ms: 1\r\nContent-Length: 9\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + ID + b"\r\nno size\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_answer_of_the_runtime_api_is_an_error_of_one_kind(data: bytes) -> None:
    async def test() -> None:
        async with answering(data) as api:
            with pytest.raises((RuntimeApiError, EOFError)):
                await api.next()

    asyncio.run(test())
