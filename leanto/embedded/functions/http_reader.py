"""Reads HTTP/1.1 requests from a stream: heads, bodies of known length, chunked bodies as they come, and trailers."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

READ_BYTES = 64 * 1024
NO_TRAILERS: Mapping[str, str] = MappingProxyType({})


class BadRequestError(ValueError):
    """What came in is not an HTTP/1.1 request that this reader understands."""


@dataclass(frozen=True)
class Head:
    """Request line and headers; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


async def read_head(stream: asyncio.StreamReader) -> Head | None:
    """Read the head of the next request; None when the peer has hung up between two requests."""
    line = await stream.readline()
    if not line:
        return None
    parts = line.decode("latin-1").split()
    if len(parts) != 3:
        raise BadRequestError("the request line has not three words")
    return Head(parts[0], parts[1], await _read_fields(stream))


class Reader:
    """The body of one request; `trailers` are there once it has been read to its end."""

    def __init__(self, stream: asyncio.StreamReader, head: Head) -> None:
        self.trailers = NO_TRAILERS
        self._stream = stream
        self._chunked = "chunked" in head.headers.get("transfer-encoding", "").lower()
        self._length = int(head.headers.get("content-length", "0"))

    async def whole(self) -> bytes:
        """Read the whole body."""
        return b"".join([piece async for piece in self.pieces()])

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body in the pieces in which it comes; raises EOFError when the peer hangs up before its end."""
        return self._chunks() if self._chunked else self._counted()

    async def _counted(self) -> AsyncIterator[bytes]:
        left = self._length
        while left > 0:
            piece = await self._stream.read(min(left, READ_BYTES))
            if not piece:
                raise EOFError("the peer hung up within a body")
            left -= len(piece)
            yield piece

    async def _chunks(self) -> AsyncIterator[bytes]:
        while size := _chunk_size(await _read_line(self._stream)):
            yield await self._stream.readexactly(size)
            if await self._stream.readexactly(2) != b"\r\n":
                raise BadRequestError("a chunk is longer than it says")
        self.trailers = await _read_fields(self._stream)


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.split(b";")[0], 16)
    except ValueError as error:
        raise BadRequestError("a chunk does not begin with its size") from error


async def _read_fields(stream: asyncio.StreamReader) -> Mapping[str, str]:
    fields: dict[str, str] = {}
    while line := (await _read_line(stream)).strip():
        name, _, value = line.decode("latin-1").partition(":")
        fields[name.strip().lower()] = value.strip()
    return fields


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    line = await stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError("the peer hung up within a line")
    return line
