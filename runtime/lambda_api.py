"""Client of the Lambda Runtime API: take the next invocation, answer it whole or as a stream, report errors.

Written on asyncio streams because no HTTP client at hand can send a chunked request body with trailers, which is how
Lambda is told of an error in mid-stream (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html). Each call
uses a fresh connection: the peer is on this host, and a connection kept over a freeze of the environment may be dead
without a sign.
"""

import asyncio
import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from runtime.errors import ErrorReport, SafeError

API_VERSION = "2018-06-01"
INTEGRATION_RESPONSE = "application/vnd.awslambda.http-integration-response"
ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
ERROR_BODY = "Lambda-Runtime-Function-Error-Body"
NOTHING: Mapping[str, str] = MappingProxyType({})


class RuntimeApiError(SafeError):
    """The Runtime API answered with something that this client cannot go on from."""


@dataclass(frozen=True)
class Invocation:
    """One event with what Lambda says about it; `deadline_ms` is in milliseconds since the epoch."""

    request_id: str
    deadline_ms: int
    function_arn: str
    trace_id: str
    payload: bytes = field(repr=False)

    def event(self) -> Any:
        """Return the payload as Python values."""
        return json.loads(self.payload)


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class ResponseStream:
    """The answer to one invocation, sent in pieces; bytes go out as they are written."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._reader = reader
        self._writer = writer

    async def write(self, data: bytes) -> None:
        """Send one chunk; waits while the peer is slower than we are. Raises OSError when the peer is gone."""
        if data:
            self._writer.write(b"%x\r\n" % len(data) + data + b"\r\n")
            await self._writer.drain()

    async def close(self, error: ErrorReport | None = None) -> None:
        """End the stream, with the error as trailers if one is given, and wait for Lambda to acknowledge it."""
        trailers = ""
        if error is not None:
            body = base64.b64encode(json.dumps(error).encode()).decode()
            trailers = f"{ERROR_TYPE}: {error['errorType']}\r\n{ERROR_BODY}: {body}\r\n"
        self._writer.write(f"0\r\n{trailers}\r\n".encode())
        try:
            await self._writer.drain()
            answer = await _read_answer(self._reader)
        finally:
            await _hang_up(self._writer)
        if answer.status >= 400:
            raise RuntimeApiError(f"the Runtime API refused a streamed response with status {answer.status}")


class RuntimeApi:
    """The Runtime API at `address` (host:port, from AWS_LAMBDA_RUNTIME_API)."""

    def __init__(self, address: str):
        host, _, port = address.rpartition(":")
        self._host, self._port = (host, int(port)) if port.isdecimal() and host else (address, 80)
        self._address = address

    async def next(self) -> Invocation:
        """Wait for the next event, however long that takes."""
        answer = await self._call("GET", "/runtime/invocation/next")
        if answer.status != 200:
            raise RuntimeApiError(f"the Runtime API gave no invocation but status {answer.status}")
        headers = answer.headers
        if not headers.keys() >= {"lambda-runtime-aws-request-id", "lambda-runtime-deadline-ms"}:
            raise RuntimeApiError("the Runtime API gave an invocation without its request id or its deadline")
        if not headers["lambda-runtime-deadline-ms"].isdecimal():
            raise RuntimeApiError("the Runtime API gave an invocation whose deadline is no number")
        return Invocation(
            request_id=headers["lambda-runtime-aws-request-id"],
            deadline_ms=int(headers["lambda-runtime-deadline-ms"]),
            function_arn=headers.get("lambda-runtime-invoked-function-arn", ""),
            trace_id=headers.get("lambda-runtime-trace-id", ""),
            payload=answer.body,
        )

    async def respond(self, request_id: str, body: bytes) -> None:
        """Answer an invocation with one JSON document."""
        await self._post(f"/runtime/invocation/{request_id}/response", body)

    async def fail(self, request_id: str, error: ErrorReport) -> None:
        """Report that an invocation failed before any of its response was sent."""
        await self._post(f"/runtime/invocation/{request_id}/error", json.dumps(error).encode(), error["errorType"])

    async def fail_init(self, error: ErrorReport) -> None:
        """Report that the function could not be started; the process is expected to end after this."""
        await self._post("/runtime/init/error", json.dumps(error).encode(), error["errorType"])

    async def stream(self, request_id: str) -> ResponseStream:
        """Begin a streamed answer in the format of HTTP integrations: a JSON prelude, eight NUL bytes, the body."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        headers = {
            "Content-Type": INTEGRATION_RESPONSE,
            "Lambda-Runtime-Function-Response-Mode": "streaming",
            "Transfer-Encoding": "chunked",
            "Trailer": f"{ERROR_TYPE}, {ERROR_BODY}",
        }
        writer.write(self._head("POST", f"/runtime/invocation/{request_id}/response", headers))
        return ResponseStream(reader, writer)

    async def _post(self, path: str, body: bytes, error_type: str = "") -> None:
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        answer = await self._call("POST", path, headers | ({ERROR_TYPE: error_type} if error_type else {}), body)
        if answer.status >= 400:
            raise RuntimeApiError(f"the Runtime API refused {path.rsplit('/', 1)[-1]} with status {answer.status}")

    async def _call(self, method: str, path: str, headers: Mapping[str, str] = NOTHING, body: bytes = b"") -> _Answer:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(self._head(method, path, headers) + body)
            await writer.drain()
            return await _read_answer(reader)
        finally:
            await _hang_up(writer)

    def _head(self, method: str, path: str, headers: Mapping[str, str]) -> bytes:
        lines = [f"{method} /{API_VERSION}{path} HTTP/1.1", f"Host: {self._address}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _read_answer(reader: asyncio.StreamReader) -> _Answer:
    """Return the answer; raises RuntimeApiError for what is no HTTP, EOFError for one that breaks off."""
    try:
        return await _read_http(reader)
    except ValueError:
        # A length that is no number, or a line that is longer than any that the API sends.
        raise RuntimeApiError("the Runtime API did not answer in HTTP") from None


async def _read_http(reader: asyncio.StreamReader) -> _Answer:
    status_line = await reader.readline()
    parts = status_line.split(b" ", 2)
    if len(parts) < 2 or not parts[1].isdigit():
        raise RuntimeApiError("the Runtime API closed the connection or did not answer in HTTP")
    headers: dict[str, str] = {}
    while line := (await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return _Answer(int(parts[1]), headers, await _read_body(reader, headers))


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _read_chunks(reader)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read()


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        pass
    return bytes(body)
