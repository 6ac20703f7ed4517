"""An upstream that records each request byte for byte and answers with the bytes that a test gives it."""

import asyncio
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass

CLOSE = b"<close>"
HANG = b"<hang>"
PAUSE = b"<pause>"
RESET = b"<reset>"


@dataclass
class Received:
    """One request: its first line, its headers in the order they came, its body."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name]
        assert len(values) < 2
        return values[0] if values else None


class RawUpstream:
    """Answers the n-th request with the n-th script, the last one for ever after.

    A script is pieces of bytes; PAUSE waits a little, HANG waits until the client goes, CLOSE closes the connection (it
    is otherwise kept for the next request), RESET has it reset.
    """

    def __init__(self, *scripts: Iterable[bytes]):
        self._scripts = [list(script) for script in scripts]
        self.received: list[Received] = []
        self.connections = 0
        self.lost_clients = 0
        self.base_url = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.base_url = f"http://{host}:{port}/v1"

    async def close(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            self.lost_clients += 1
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        line = (await reader.readline()).decode().strip()
        if not line:
            return False
        headers = []
        while text := (await reader.readline()).decode().strip():
            name, _, value = text.partition(":")
            headers.append((name, value.strip()))
        length = next(int(value) for name, value in headers if name.lower() == "content-length")
        self.received.append(Received(line, headers, await reader.readexactly(length)))
        for piece in self._scripts[min(len(self.received), len(self._scripts)) - 1]:
            if piece == CLOSE:
                return False
            if piece == RESET:
                # to close without lingering is to reset
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            if piece == HANG:
                await reader.read(1)
                self.lost_clients += 1
                return False
            if piece == PAUSE:
                await asyncio.sleep(0.05)
                continue
            writer.write(piece)
            await writer.drain()
        return True


def whole(status: str, body: bytes, *headers: str, content_type: str = "application/json") -> list[bytes]:
    """Return the script of an answer with a length."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return [("\r\n".join(head) + "\r\n\r\n").encode() + body]


def stream_head(*headers: str) -> bytes:
    """Return the head of a streamed answer, which ends when the connection does or with `chunk(b"")`."""
    head = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked", *headers]
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def chunk(data: bytes) -> bytes:
    """Return one chunk of a streamed answer; an empty one ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)
