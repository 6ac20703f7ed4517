"""Asks a server on loopback over kept connections, one request after the other on each, and takes the times."""

import asyncio
import json
import ssl
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

LAST_CHUNK = b"\r\n0\r\n\r\n"
PROMPT = "Say twenty words about the sea, and none of them twice."


class LoadError(Exception):
    """A server answered with something else than success: what is measured would not be what is claimed."""


@dataclass(frozen=True)
class Target:
    """A server on loopback, and the key and model that it is asked with; `tls` where it speaks TLS.

    `keeps` says whether connections outlive an answer: llama.cpp closes them when it likes.
    """

    name: str
    port: int
    key: str
    path: str = "/v1/chat/completions"
    fields: Mapping[str, Any] = field(default_factory=lambda: {"max_completion_tokens": 100})
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    keeps: bool = True

    def request(self, *, stream: bool) -> bytes:
        """Return the bytes of one request."""
        body: dict[str, Any] = {"model": "bench", "messages": [{"role": "user", "content": PROMPT}], **self.fields}
        payload = json.dumps(body | ({"stream": True} if stream else {})).encode()
        headers = {
            "host": f"127.0.0.1:{self.port}",
            "authorization": f"Bearer {self.key}",
            "content-type": "application/json",
            **self.headers,
            "content-length": str(len(payload)),
        }
        lines = [f"POST {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


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
        self._begin(None)

    def _begin(self, done: "asyncio.Future[float] | None") -> None:
        """Expect an answer. Of its body the length is kept, and the end."""
        self._done, self._first = done, 0.0
        self._head, self._end, self._read, self._length = b"", b"", 0, -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Note when the first data of the body came, and when the last did."""
        if not self._read:
            self._head, found, data = (self._head + data).partition(b"\r\n\r\n")
            if not found:
                return
            self._length = _length(self._head)
            self._head += found
        if not data or self._done is None or self._done.done():
            return
        self._first = self._first or time.perf_counter()
        self._read += len(data)
        self._end = (self._end + data)[-len(LAST_CHUNK) :] if len(data) < len(LAST_CHUNK) else data[-len(LAST_CHUNK) :]
        if not self._head.startswith(b"HTTP/1.1 200"):
            self._done.set_exception(LoadError((self._head + data)[:600].decode("utf-8", "replace")))
        elif self._read >= self._length if self._length >= 0 else self._end == LAST_CHUNK:
            self._done.set_result(time.perf_counter())

    def connection_lost(self, _error: Exception | None) -> None:
        """Fail what is under way."""
        if self._done is not None and not self._done.done():
            self._done.set_exception(LoadError("the connection was closed before the answer's end"))

    async def ask(self, request: bytes, times: Times) -> None:
        """Ask once."""
        done = asyncio.get_running_loop().create_future()
        self._begin(done)
        begun = time.perf_counter()
        self._transport.write(request)
        ended = await asyncio.wait_for(done, 60)
        times.first.append(self._first - begun)
        times.whole.append(ended - begun)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


def _length(head: bytes) -> int:
    """Return the length that the head tells, -1 for a body in chunks."""
    _, found, after = head.lower().partition(b"content-length:")
    return int(after.split(b"\r\n", 1)[0]) if found else -1


async def _load(target: Target, connections: int, seconds: float, *, stream: bool) -> Times:
    loop = asyncio.get_running_loop()
    request, times = target.request(stream=stream), Times()

    async def connect() -> _Connection:
        return (await loop.create_connection(_Connection, "127.0.0.1", target.port, ssl=target.tls))[1]

    opened = [await connect() for _ in range(connections)]
    begun = time.perf_counter()

    async def work(number: int) -> None:
        while time.perf_counter() < begun + seconds:
            await opened[number].ask(request, times)
            if not target.keeps:
                opened[number].close()
                opened[number] = await connect()

    try:
        await asyncio.gather(*(work(number) for number in range(connections)))
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
