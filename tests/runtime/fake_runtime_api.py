"""A Lambda Runtime API for tests: hands out events, records what the function posts, chunk by chunk with times."""

import asyncio
import time
from dataclasses import dataclass, field


@dataclass
class Posted:
    """One POST of the function: `chunks` are (seconds since the event was handed out, bytes)."""

    path: str
    headers: dict[str, str]
    chunks: list[tuple[float, bytes]] = field(default_factory=list)
    trailers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return b"".join(data for _, data in self.chunks)


@dataclass
class Event:
    """An event to hand out, and how the API behaves for it."""

    payload: bytes
    request_id: str
    deadline_ms: int
    hang_up_after_chunks: int | None = None
    refuse_status: int | None = None
    handed_out: float = 0.0


class FakeRuntimeApi:
    """Serves one function; use `invoke` to hand it an event and wait for what it posts."""

    def __init__(self, *, chunk_events: bool = False) -> None:
        self.address = ""
        self.posted: asyncio.Queue[Posted] = asyncio.Queue()
        self.waiting = asyncio.Event()
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._by_id: dict[str, Event] = {}
        self._chunk_events = chunk_events
        self._count = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.address = f"{host}:{port}"

    async def close(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()

    async def invoke(
        self,
        payload: bytes,
        *,
        seconds: float = 30.0,
        hang_up_after_chunks: int | None = None,
        refuse_status: int | None = None,
    ) -> Posted:
        self._count += 1
        deadline_ms = int((time.time() + seconds) * 1000)
        event = Event(payload, f"event-{self._count}", deadline_ms, hang_up_after_chunks, refuse_status)
        self._by_id[event.request_id] = event
        await self._events.put(event)
        return await asyncio.wait_for(self.posted.get(), 20)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            method, path, headers = await self._read_head(reader)
            if method == "GET":
                await self._hand_out(reader, writer)
            else:
                await self._record(path, headers, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self._writers.discard(writer)

    async def _hand_out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.waiting.set()
        getting, leaving = asyncio.ensure_future(self._events.get()), asyncio.ensure_future(reader.read(1))
        await asyncio.wait({getting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if not getting.done():
            getting.cancel()
            return
        event = getting.result()
        self.waiting.clear()
        event.handed_out = time.monotonic()
        head = [
            "HTTP/1.1 200 OK",
            f"Lambda-Runtime-Aws-Request-Id: {event.request_id}",
            f"Lambda-Runtime-Deadline-Ms: {event.deadline_ms}",
            "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:123456789012:function:f",
            f"Lambda-Runtime-Trace-Id: Root=1-{event.request_id}",
        ]
        if self._chunk_events:
            middle = len(event.payload) // 2
            pieces = [piece for piece in (event.payload[:middle], event.payload[middle:]) if piece]
            body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
            head.append("Transfer-Encoding: chunked")
        else:
            body = event.payload
            head.append(f"Content-Length: {len(body)}")
        writer.write(("\r\n".join(head) + "\r\n\r\n").encode() + body)
        await writer.drain()

    async def _record(
        self, path: str, headers: dict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        posted = Posted(path, headers)
        event = next((e for key, e in self._by_id.items() if f"/{key}/" in path), Event(b"", "", 0))
        if headers.get("transfer-encoding") == "chunked":
            if not await self._record_chunks(posted, event, reader):
                await self.posted.put(posted)
                return
        else:
            posted.chunks.append((0.0, await reader.readexactly(int(headers["content-length"]))))
        await self.posted.put(posted)
        writer.write(f"HTTP/1.1 {event.refuse_status or 202} Whatever\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    async def _record_chunks(self, posted: Posted, event: Event, reader: asyncio.StreamReader) -> bool:
        while size := int(await reader.readline(), 16):
            data = await reader.readexactly(size)
            await reader.readexactly(2)
            posted.chunks.append((time.monotonic() - event.handed_out, data))
            if len(posted.chunks) == event.hang_up_after_chunks:
                return False
        while line := (await reader.readline()).strip():
            name, _, value = line.decode().partition(":")
            posted.trailers[name.strip()] = value.strip()
        return True

    async def _read_head(self, reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]]:
        method, path, _ = (await reader.readline()).decode().split(" ", 2)
        headers = {}
        while line := (await reader.readline()).strip():
            name, _, value = line.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        return method, path, headers
