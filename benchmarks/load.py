"""Asks a server on loopback over kept connections, one request after the other on each, and takes the times."""

import asyncio
import json
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

PROMPT = "Say twenty words about the sea, and none of them twice."


class LoadError(Exception):
    """A server answered with something else than success: what is measured would not be what is claimed."""


@dataclass(frozen=True)
class Target:
    """A server on loopback, and the key and model that it is asked with."""

    name: str
    port: int
    key: str
    path: str = "/v1/chat/completions"

    def request(self, *, stream: bool) -> bytes:
        """Return the bytes of one request."""
        body: dict[str, Any] = {
            "model": "bench",
            "messages": [{"role": "user", "content": PROMPT}],
            "max_completion_tokens": 100,
        }
        payload = json.dumps(body | ({"stream": True} if stream else {})).encode()
        head = (
            f"POST {self.path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\nauthorization: Bearer {self.key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(payload)}\r\n\r\n"
        )
        return head.encode() + payload


@dataclass
class Times:
    """Seconds from a request to its first data and to its end, one of each a request; `elapsed` is all of it."""

    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    elapsed: float = 0.0


class _Connection(asyncio.Protocol):
    """One connection; reads answers that have a length or come in chunks."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._buffer = b""
        self._first = 0.0
        self._done: asyncio.Future[float] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Note when the first data of the body came, and when the last did."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or not body or self._done is None or self._done.done():
            return
        self._first = self._first or time.perf_counter()
        if not head.startswith(b"HTTP/1.1 200"):
            self._done.set_exception(LoadError(self._buffer[:600].decode("utf-8", "replace")))
        elif _is_whole(head.lower(), body):
            self._done.set_result(time.perf_counter())

    def connection_lost(self, _error: Exception | None) -> None:
        """Fail what is under way."""
        if self._done is not None and not self._done.done():
            self._done.set_exception(LoadError("the connection was closed before the answer's end"))

    async def ask(self, request: bytes, times: Times) -> None:
        """Ask once."""
        self._buffer, self._first = b"", 0.0
        self._done = asyncio.get_running_loop().create_future()
        begun = time.perf_counter()
        self._transport.write(request)
        ended = await asyncio.wait_for(self._done, 60)
        times.first.append(self._first - begun)
        times.whole.append(ended - begun)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


def _is_whole(head: bytes, body: bytes) -> bool:
    _, found, after = head.partition(b"content-length:")
    if found:
        return len(body) >= int(after.split(b"\r\n", 1)[0])
    return body.endswith(b"\r\n0\r\n\r\n")


async def _load(target: Target, connections: int, seconds: float, *, stream: bool) -> Times:
    loop = asyncio.get_running_loop()
    request, times = target.request(stream=stream), Times()
    opened = [(await loop.create_connection(_Connection, "127.0.0.1", target.port))[1] for _ in range(connections)]
    begun = time.perf_counter()

    async def work(connection: _Connection) -> None:
        while time.perf_counter() < begun + seconds:
            await connection.ask(request, times)

    try:
        await asyncio.gather(*(work(connection) for connection in opened))
    finally:
        for connection in opened:
            connection.close()
    times.elapsed = time.perf_counter() - begun
    return times


def load(target: Target, connections: int, seconds: float, *, stream: bool) -> Times:
    """Ask on so many connections until the seconds are over and what is under way has ended; raises LoadError."""
    return _run(_load(target, connections, seconds, stream=stream))


def _run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
