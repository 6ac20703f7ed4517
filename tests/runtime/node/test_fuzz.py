"""Claim: whatever is sent to a node, its engine is asked at its inference paths only, and no slot is lost by it."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st

from runtime.decide.relaying import PATHS
from runtime.node.engine import Engine
from runtime.node.proxy import MAXIMUM_BODY_BYTES, create_front
from runtime.node.slots import Slots

KEY = "canary-engine-key"
STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[^\r\n]*\r\n(.*?)\r\n\r\n", re.DOTALL)
ANSWER_SECONDS = 0.05
"""How long an answer is waited for; a request that is not whole gets none."""


@dataclass
class Front:
    """A node's front before an engine that notes what reaches it."""

    runner: "asyncio.Runner"
    slots: Slots
    reached: list[tuple[str, str, str | None]] = field(default_factory=list)
    port: int = 0

    def send(self, data: bytes, *, hang_up: bool) -> bytes:
        """Send bytes and return what comes back; with `hang_up` close at once and return nothing."""
        return self.runner.run(self._send(data, hang_up))

    def settle(self) -> None:
        """Wait until the node has seen that its clients are gone."""

        async def wait() -> None:
            for _ in range(200):
                if not self.slots.busy and not self.slots.queued:
                    return
                await asyncio.sleep(0.005)

        self.runner.run(wait())

    async def _send(self, data: bytes, hang_up: bool) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            await writer.drain()
            if hang_up:
                await asyncio.sleep(0)
                return b""
            told = b""
            # Until the whole head and a part of the body have come, or nothing more does.
            while chunk := await asyncio.wait_for(reader.read(65536), ANSWER_SECONDS if not told else 0.005):
                told += chunk
        except (TimeoutError, OSError):
            return told if not hang_up else b""
        finally:
            writer.transport.abort()
        return told


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    with asyncio.Runner() as runner:
        made = Front(runner, Slots(2, 1))
        made.slots.open()
        stops: list[Any] = []

        async def engine(request: web.Request) -> web.StreamResponse:
            made.reached.append((request.method, request.raw_path, request.headers.get("Authorization")))
            await request.read()
            return web.json_response({"usage": {"completion_tokens": 1}})

        async def serve(app: web.Application) -> int:
            served = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
            await served.setup()
            await web.TCPSite(served, "127.0.0.1", 0).start()
            stops.append(served.cleanup)
            return int(served.addresses[0][1])

        async def start() -> None:
            behind = web.Application(client_max_size=0)
            behind.router.add_route("*", "/{path:.*}", engine)
            port = await serve(behind)
            session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))
            stops.append(session.close)
            asked = Engine(session, f"http://127.0.0.1:{port}", "tiny-random", KEY)
            made.port = await serve(create_front(asked, made.slots, lambda: {"state": "ready"}))

        runner.run(start())
        yield made
        for stop in reversed(stops):
            runner.run(stop())


ODD_PATHS = (
    *PATHS,
    "/v1/chat/completions/",
    "/v1/chat/completions/../../metrics",
    "/v1/chat%2Fcompletions",
    "/v1/%63hat/completions",
    "/v1/chat/completions%00",
    "/v1/chat/completions?model=x&slots=1",
    "/v1/chat/completions#x",
    "//v1/chat/completions",
    "/V1/CHAT/COMPLETIONS",
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:8080/v1/chat/completions",
    "/metrics",
    "/slots",
    "/props",
    "/slots/0?action=erase",
    "/completion",
    "/health",
    "/v1/models",
)
HEADERS = ("content-type", "accept", "traceparent", "x-request-id", "authorization", "x-api-key", "expect", "upgrade")
HEADERS += ("connection", "content-encoding", "transfer-encoding", "content-length", "x-http-method-override")
VALUES = ("application/json", "100-continue", "gzip", "deflate", "br", "chunked", "identity", "websocket", "close", "0")
VALUES += ("-1", "keep-alive, upgrade", "Bearer forged", "h2c", "99999999999999999999", "text/plain; charset=utf-7")

methods = st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "OPTIONS", "HEAD", "TRACE", "PRI", "POST\t"])
words = st.binary(max_size=12).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b""))
values = st.one_of(st.sampled_from(VALUES).map(str.encode), words)
headers = st.lists(st.tuples(st.sampled_from(HEADERS).map(str.encode), values), max_size=2)
bodies = st.one_of(st.just(b'{"messages": []}'), st.binary(max_size=40), st.just(b"x" * 70_000))


def framed(body: bytes, framing: str) -> tuple[bytes, bytes]:
    """Return the header that tells where a body ends, rightly or not, and the body as it is sent."""
    whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    return {
        "none": (b"", body),
        "length": (b"content-length: %d\r\n" % len(body), body),
        "short": (b"content-length: %d\r\n" % max(0, len(body) - 3), body),
        "long": (b"content-length: %d\r\n" % (len(body) + 7), body),
        "twice": (b"content-length: %d\r\ncontent-length: 1\r\n" % len(body), body),
        "chunked": (b"transfer-encoding: chunked\r\n", whole),
        "both": (b"transfer-encoding: chunked\r\ncontent-length: 4\r\n", whole),
        "torn": (b"transfer-encoding: chunked\r\n", whole[:-4]),
        "wrong": (b"transfer-encoding: chunked\r\n", b"zz\r\n" + body),
    }[framing]


FRAMINGS = st.sampled_from(
    ["length"] * 6 + ["chunked"] * 3 + ["none", "short", "long", "twice", "both", "torn", "wrong"]
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Return a request that is nearly right, or wrong in a few places."""
    path = draw(st.one_of(st.sampled_from(ODD_PATHS), st.sampled_from(PATHS)))
    told, body = framed(draw(bodies), draw(FRAMINGS))
    lines = b"".join(b"%s: %s\r\n" % pair for pair in draw(headers))
    version = draw(st.sampled_from([*["HTTP/1.1"] * 6, "HTTP/1.0", "HTTP/2.0", ""]))
    return f"{draw(methods)} {path} {version}\r\nhost: node\r\n".encode() + lines + told + b"\r\n" + body


def held(front: Front, answer: bytes) -> None:
    """Hold an answer, and what reached the engine, to what a node may do."""
    for status, head in STATUS.findall(answer):
        assert int(status) < 500 or b"x-leanto-reason" in head.lower(), answer[:300]
    for method, path, key in front.reached:
        assert (method, path in PATHS, key) == ("POST", True, f"Bearer {KEY}"), (method, path)
    assert KEY.encode() not in answer
    front.settle()
    assert (front.slots.busy, front.slots.queued) == (0, 0)


@example(b"POST /v1/completions HTTP/1.1\r\nhost: n\r\nx-request-id: \xff\xfe\r\ncontent-length: 2\r\n\r\n{}", False)
@example(b"POST /v1/completions HTTP/1.1\r\nhost: n\r\nexpect: \x80\r\ncontent-length: 2\r\n\r\n{}", False)
@example(b"POST /v1/completions HTTP/1.1\r\nhost: n\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}", False)
@given(requests(), st.sampled_from([False, False, False, True]))
def test_no_request_gets_past_the_paths_or_keeps_a_slot(front: Front, request_bytes: bytes, hang_up: bool) -> None:
    front.reached.clear()
    held(front, front.send(request_bytes, hang_up=hang_up))


@given(requests(), st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_a_request_that_is_cut_or_overwritten_is_refused_or_served_and_no_more(
    front: Front, request_bytes: bytes, at: int, other: bytes
) -> None:
    front.reached.clear()
    held(front, front.send(request_bytes[:at] + other + request_bytes[at + len(other) :], hang_up=False))
    held(front, front.send(request_bytes[:at], hang_up=True))


@pytest.mark.parametrize("line", ["CONNECT 127.0.0.1:8080", "CONNECT /v1/completions", "OPTIONS *", "POST *"])
def test_what_has_no_path_is_refused(front: Front, line: str) -> None:
    front.reached.clear()
    answer = front.send(f"{line} HTTP/1.1\r\nhost: n\r\ncontent-length: 2\r\n\r\n{{}}".encode(), hang_up=False)
    assert 400 <= int(STATUS.findall(answer)[0][0]) < 500
    assert front.reached == []
    held(front, answer)


def test_after_all_that_a_node_still_serves(front: Front) -> None:
    answer = front.send(b"POST /v1/completions HTTP/1.1\r\nhost: n\r\ncontent-length: 2\r\n\r\n{}", hang_up=False)
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_and_the_slot_is_free_again(front: Front, chunked: bool) -> None:
    size = MAXIMUM_BODY_BYTES + 1
    told, body = framed(b"x" * size, "chunked" if chunked else "length")
    front.reached.clear()
    answer = front.send(b"POST /v1/completions HTTP/1.1\r\nhost: n\r\n" + told + b"\r\n" + body, hang_up=False)
    assert b" 413 " in answer.partition(b"\r\n")[0]
    assert b'"node_too_large"' in answer
    assert front.reached == []
    held(front, answer)
