"""The Lambda Runtime API of one execution environment, on a free loopback port.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. Written on asyncio streams, because an error in the
middle of a streamed response is told in the trailers of a chunked request, which no server at hand passes on.
"""

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress

from leanto.embedded.functions.exchange import Exchange, Failure, failure
from leanto.embedded.functions.http_reader import BadRequestError, Head, Reader, read_head

PREFIX = "/2018-06-01/runtime/"
MAXIMUM_RESPONSE_BYTES = 6 * 1024 * 1024 + 100
"""Of a response that is not streamed; Lambda's quota is 6 MB, its own answers name 6291556 bytes."""
ERROR_TYPE = "lambda-runtime-function-error-type"
ERROR_BODY = "lambda-runtime-function-error-body"
_REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 413: "Too Large"}


class RuntimeApi:
    """Gives one environment its events and takes what it answers, one exchange at a time."""

    def __init__(
        self, function_arn: str, on_ready: Callable[[], None], on_init_error: Callable[[Failure], None]
    ) -> None:
        self.address = ""
        self._function_arn = function_arn
        self._on_ready = on_ready
        self._on_init_error = on_init_error
        self._offered: asyncio.Queue[Exchange | None] = asyncio.Queue()
        self._current: Exchange | None = None
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self) -> None:
        """Listen; `address` is `host:port` from then on."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.address = f"{host}:{port}"

    def offer(self, exchange: Exchange) -> None:
        """Hand over an event; it is given out as soon as the environment asks for one."""
        self._offered.put_nowait(exchange)

    async def close(self) -> None:
        """Stop listening and hang up; an exchange that has not ended yet is given up."""
        if self._server is None:
            return
        self._server.close()
        if self._current is not None and not self._current.ended.is_set():
            self._current.abandon()
        for writer in self._connections.values():
            self._offered.put_nowait(None)
            writer.close()
        if self._connections:
            await asyncio.wait(tuple(self._connections))
        await self._server.wait_closed()

    async def _serve(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._connections[task] = writer
        try:
            while (head := await read_head(stream)) is not None:
                status, headers, body = await self._answer(head, Reader(stream, head))
                await _send(writer, status, headers, body)
        except (OSError, EOFError, BadRequestError, asyncio.LimitOverrunError):
            self._break_off()
        finally:
            del self._connections[task]
            with suppress(OSError):
                writer.close()

    async def _answer(self, head: Head, reader: Reader) -> tuple[int, Mapping[str, str], bytes]:
        path = head.path.removeprefix(PREFIX)
        match (head.method, *path.split("/")):
            case ("GET", "invocation", "next"):
                return await self._next()
            case ("POST", "init", "error"):
                self._on_init_error(await _reported(head, reader))
                return 202, {}, b'{"status":"OK"}'
            case ("POST", "invocation", request_id, "response"):
                return await self._response(request_id, head, reader)
            case ("POST", "invocation", request_id, "error"):
                return await self._error(request_id, head, reader)
        await reader.whole()
        return 404, {}, _refusal("NotFound", f"the Runtime API has no {head.method} {head.path}")

    async def _next(self) -> tuple[int, Mapping[str, str], bytes]:
        self._on_ready()
        exchange = await self._offered.get()
        if exchange is None:
            raise EOFError("the environment is being closed")
        self._current = exchange
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": exchange.request_id,
            "Lambda-Runtime-Deadline-Ms": str(exchange.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self._function_arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{exchange.request_id[:8]}-{exchange.request_id.replace('-', '')[8:32]}",
        }
        return 200, headers, exchange.payload

    async def _response(self, request_id: str, head: Head, reader: Reader) -> tuple[int, Mapping[str, str], bytes]:
        exchange = self._exchange(request_id)
        if exchange is None:
            await reader.whole()
            return 400, {}, _refusal("InvalidRequestID", f"the invocation {request_id} is not in progress")
        content_type = head.headers.get("content-type", "")
        if head.headers.get("lambda-runtime-function-response-mode") == "streaming":
            exchange.begin(content_type)
            await _pass_on(reader.pieces(), exchange)
            exchange.end(_from_trailers(reader.trailers))
            return 202, {}, b'{"status":"OK"}'
        body = await reader.whole()
        if len(body) > MAXIMUM_RESPONSE_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({MAXIMUM_RESPONSE_BYTES} bytes)."
            exchange.end(failure("Function.ResponseSizeTooLarge", message))
            return 413, {}, _refusal("RequestEntityTooLarge", message)
        exchange.begin(content_type)
        await exchange.give(body)
        exchange.end()
        return 202, {}, b'{"status":"OK"}'

    async def _error(self, request_id: str, head: Head, reader: Reader) -> tuple[int, Mapping[str, str], bytes]:
        reported = await _reported(head, reader)
        exchange = self._exchange(request_id)
        if exchange is None:
            return 400, {}, _refusal("InvalidRequestID", f"the invocation {request_id} is not in progress")
        exchange.end(reported)
        return 202, {}, b'{"status":"OK"}'

    def _exchange(self, request_id: str) -> Exchange | None:
        current = self._current
        if current is None or current.request_id != request_id or current.begun:
            return None
        return current

    def _break_off(self) -> None:
        """A connection broke: a response that had begun will not be completed."""
        if self._current is not None and self._current.begun:
            self._current.end(failure("Runtime.TruncatedResponse", "the runtime closed its connection in mid-response"))


async def _pass_on(pieces: AsyncIterator[bytes], exchange: Exchange) -> None:
    async for piece in pieces:
        await exchange.give(piece)


async def _reported(head: Head, reader: Reader) -> Failure:
    return Failure(head.headers.get(ERROR_TYPE, "Runtime.Unknown"), await reader.whole())


def _from_trailers(trailers: Mapping[str, str]) -> Failure | None:
    if ERROR_TYPE not in trailers:
        return None
    try:
        payload = base64.b64decode(trailers.get(ERROR_BODY, ""), validate=True)
    except binascii.Error:
        payload = b"{}"
    return Failure(trailers[ERROR_TYPE], payload)


def _refusal(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


async def _send(writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str], body: bytes) -> None:
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
    await writer.drain()
