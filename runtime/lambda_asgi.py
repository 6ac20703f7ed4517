"""Run an ASGI application for one invocation and stream what it sends to Lambda."""

import asyncio
import json
import time
from collections import defaultdict
from typing import Any

from runtime.errors import SafeError, report_error
from runtime.lambda_api import Invocation, ResponseStream, RuntimeApi
from runtime.lambda_deadline import within_deadline
from runtime.lambda_events import asgi_request
from runtime.lambda_lifespan import AsgiApp, Message
from runtime.log import write_error

SEPARATOR = b"\0" * 8
MAXIMUM_PRELUDE_BYTES = 16 * 1024
"""API Gateway wants the prelude and its separator within the first 16 KB of the stream."""

FRAMING_HEADERS = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
"""Left to API Gateway, which frames the response anew."""


class AsgiProtocolError(SafeError):
    """The application broke the ASGI protocol."""


class Exchange:
    """One request and its response as the application sees them: `receive` and `send`."""

    def __init__(self, api: RuntimeApi, request_id: str, body: bytes):
        self._api = api
        self._request_id = request_id
        self._body: bytes | None = body
        self._stream: ResponseStream | None = None
        self._ended = asyncio.Event()

    async def receive(self) -> Message:
        """Give the request once; after that only the end of the response, as Lambda never tells of a lost client."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._ended.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take the start or a piece of the response; raises OSError when Lambda no longer takes it."""
        if message["type"] == "http.response.start" and self._stream is None:
            prelude = _prelude(message)
            self._stream = await self._api.stream(self._request_id)
            await self._stream.write(prelude)
        elif message["type"] == "http.response.body" and self._stream is not None and not self._ended.is_set():
            await self._stream.write(bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                self._ended.set()
                await self._stream.close()
        else:
            raise AsgiProtocolError(f"the application sent {message['type']} out of order")

    async def finish(self, error: BaseException) -> None:
        """Tell Lambda of an error: as a failed invocation before the response began, as trailers after."""
        if self._ended.is_set():
            return
        self._ended.set()
        report = report_error(error)
        if self._stream is None:
            await self._api.fail(self._request_id, report)
        else:
            await self._stream.close(report)

    def check_complete(self) -> None:
        """Raise AsgiProtocolError unless the whole response was sent."""
        if not self._ended.is_set():
            raise AsgiProtocolError("the application returned before its response was complete")


async def serve_request(app: AsgiApp, invocation: Invocation, api: RuntimeApi, state: dict[str, Any]) -> None:
    """Run `app` for one proxy event; whatever it raises is reported to Lambda and in a log line, without content."""
    exchange = Exchange(api, invocation.request_id, b"")
    try:
        deadline = asyncio.get_running_loop().time() + invocation.deadline_ms / 1000 - time.time()
        scope, body = asgi_request(invocation.event(), deadline=deadline, trace_id=invocation.trace_id)
        scope["state"] = dict(state)
        exchange = Exchange(api, invocation.request_id, body)
        await within_deadline(app(scope, exchange.receive, exchange.send), invocation.deadline_ms)
        exchange.check_complete()
    except Exception as error:
        write_error("request_failed", error, lambda_request_id=invocation.request_id)
        await exchange.finish(error)


def _prelude(start: Message) -> bytes:
    """Return the JSON prelude of the HTTP integration format with its separator."""
    values: dict[str, list[str]] = defaultdict(list)
    for name, value in start.get("headers", ()):
        values[name.decode("latin-1").lower()].append(value.decode("latin-1"))
    for name in FRAMING_HEADERS & values.keys():
        del values[name]
    prelude: dict[str, Any] = {"statusCode": start["status"], "cookies": values.pop("set-cookie", [])}
    prelude["headers"] = {name: many[0] for name, many in values.items() if len(many) == 1}
    prelude["multiValueHeaders"] = {name: many for name, many in values.items() if len(many) > 1}
    encoded = json.dumps({key: value for key, value in prelude.items() if value}).encode() + SEPARATOR
    if len(encoded) > MAXIMUM_PRELUDE_BYTES:
        raise AsgiProtocolError(
            f"the response headers take {len(encoded)} bytes, API Gateway takes {MAXIMUM_PRELUDE_BYTES}"
        )
    return encoded
