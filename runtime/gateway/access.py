"""The outermost layer of the gateway: names each request, answers its errors, and has its record told when it ends.

The record says who asked for which model, which upstream answered, with what result and how fast; never what was said.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.gateway.answers import ClientGoneError, GatewayError
from runtime.gateway.trace import trace_of
from runtime.lambda_events import EXTENSION
from runtime.lambda_lifespan import AsgiApp, Message, Receive, Scope, Send
from runtime.log import write_error

CLIENT_GONE_STATUS = 499
"""As nginx logs a request whose client hung up before the answer."""


@dataclass
class Record:
    """What is known of one request; filled in as it proceeds, written when it ends. Empty means not known.

    `attempts` are those at upstreams, `cost_micro_usd` is that of all of them together and of checks of content;
    `cost_is_open` while the last one is not settled. What a guardrail did about request and answer, the units that it
    counted and its part of the cost stand in `guardrail_...`. `headers` are further ones of the response, and no part
    of the line. `next_event` is the number that the next event of the answer has, None where events have none.
    """

    request_id: str
    trace_id: str = ""
    traceparent: str = ""
    key_id: str = ""
    team: str = ""
    route: str = ""
    model: str = ""
    upstream: str = ""
    overflow: str = ""
    attempts: int = 0
    upstream_status: int = 0
    upstream_request_id: str = ""
    status: int = 0
    streamed: bool = False
    error: str = ""
    first_byte_ms: int = 0
    total_ms: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_micro_usd: int = 0
    cost_estimated: bool = False
    cost_is_open: bool = False
    guardrail_input: str = ""
    guardrail_output: str = ""
    guardrail_units: int = 0
    guardrail_cost_micro_usd: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    next_event: int | None = None


class AccessLog:
    """ASGI middleware; puts a request's `Record` into its scope's state as `record`, and at the end calls `tell`."""

    def __init__(self, app: AsgiApp, tell: Callable[[Record], None]):
        self._app = app
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = trace_of(scope.get("headers", ()))
        record = Record(_request_id(scope), trace.trace_id, trace.traceparent)
        scope.setdefault("state", {})["record"] = record
        response = Response(send, record)
        try:
            await self._app(scope, receive, response.send)
        except GatewayError as error:
            await response.fail(error)
        except ClientGoneError:
            record.status = CLIENT_GONE_STATUS
        except Exception as error:
            write_error("request_crashed", error, request_id=record.request_id)
            message = f"The gateway failed on this request; its operator finds it in the log as {record.request_id}."
            await response.fail(GatewayError(500, "internal_error", message))
        finally:
            response.close()
            self._tell(record)


class Response:
    """The response on its way to the client: counted, timed, and given the headers that every response has."""

    def __init__(self, send: Send, record: Record):
        self._send = send
        self._record = record
        self._begun = time.monotonic()
        self._started = False

    async def send(self, message: Message) -> None:
        """Pass one ASGI message on; raises ClientGoneError when nobody takes it any more."""
        if message["type"] == "http.response.start":
            self._started = True
            self._record.status = message["status"]
            own = self._own_headers()
            passed = [header for header in message.get("headers", ()) if header[0] not in own]
            message = {**message, "headers": [*passed, *own.items()]}
            self._record.streamed = any(value.startswith(b"text/event-stream") for _, value in message["headers"])
        elif body := message.get("body", b""):
            self._record.first_byte_ms = self._record.first_byte_ms or self._elapsed_ms()
            self._record.response_bytes += len(body)
        try:
            await self._send(message)
        except OSError:
            raise ClientGoneError from None

    async def fail(self, error: GatewayError) -> None:
        """Answer with an error; in a stream that has begun, as its last event."""
        self._record.error = error.code
        try:
            if not self._started:
                await self.send({"type": "http.response.start", "status": error.status, "headers": _headers(error)})
                await self.send({"type": "http.response.body", "body": error.json()})
            elif self._record.streamed:
                number = self._record.next_event
                event = error.event() if number is None else error.numbered_event(number)
                await self.send({"type": "http.response.body", "body": event})
        except ClientGoneError:
            self._record.status = CLIENT_GONE_STATUS

    def close(self) -> None:
        """Note how long it took."""
        self._record.total_ms = self._elapsed_ms()

    def _elapsed_ms(self) -> int:
        return round((time.monotonic() - self._begun) * 1000)

    def _own_headers(self) -> dict[bytes, bytes]:
        record = self._record
        is_settled = (record.attempts > 0 or record.cost_micro_usd > 0) and not record.cost_is_open
        own = {
            **{name.encode("latin-1"): value for name, value in record.headers.items()},
            b"x-request-id": record.request_id,
            b"x-leanto-upstream": record.upstream,
            b"x-upstream-request-id": record.upstream_request_id,
            b"x-leanto-attempts": str(record.attempts or ""),
            b"x-leanto-cost-micro-usd": str(record.cost_micro_usd) if is_settled else "",
        }
        return {name: value.encode("latin-1", "replace") for name, value in own.items() if value}


def _headers(error: GatewayError) -> list[tuple[bytes, bytes]]:
    passed = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in error.headers.items()]
    return [(b"content-type", b"application/json"), *passed]


def _request_id(scope: Mapping[str, Any]) -> str:
    known = (scope.get("extensions") or {}).get(EXTENSION) or {}
    return str(known.get("request_id") or uuid.uuid4())
