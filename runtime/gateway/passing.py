"""The answer of an upstream, whoever it is, on its way to the client: byte for byte, metered, settled at its end."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from runtime.decide.endpoints import RESPONSES
from runtime.gateway.access import Record
from runtime.gateway.answers import GatewayError
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.events import number_of
from runtime.gateway.headers import passed_headers
from runtime.gateway.meter import Meter
from runtime.gateway.reply import Reply
from runtime.gateway.upstream_errors import MAXIMUM_ERROR_BYTES
from runtime.gateway.wire import Wire

MAXIMUM_ANSWER_BYTES = 10 * 1024 * 1024
"""Of an answer that is not streamed; far more than any completion, and bounded so that memory is."""


class Content(Protocol):
    """The body of an answer."""

    async def readany(self) -> bytes:
        """Return what has come, empty at the end."""


class Answering(Protocol):
    """An answer whose status and headers are there; headers are looked up without case."""

    @property
    def status(self) -> int:
        """HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """HTTP headers."""

    @property
    def content_type(self) -> str:
        """The media type, without parameters."""

    @property
    def content(self) -> Content:
        """The body."""


class Bill(Protocol):
    """What is settled at the end of an answer."""

    @property
    def meter(self) -> Meter:
        """What becomes known of the cost."""

    async def settle(self, record: Record) -> None:
        """Note what the request used and charge what it cost; does nothing the second time."""


class Passing(Protocol):
    """One request to one upstream, as far as its answer is concerned."""

    @property
    def who(self) -> str:
        """The upstream at the beginning of a sentence."""

    @property
    def wire(self) -> Wire:
        """How the upstream is spoken to."""

    @property
    def request(self) -> ChatRequest:
        """What was asked."""

    @property
    def hold(self) -> Bill:
        """What is settled."""

    @property
    def all_by(self) -> float:
        """When the whole answer must be there, by the event loop's clock."""


async def pass_answer(
    response: Answering, attempt: Passing, reply: Reply, timer: asyncio.Timeout, record: Record
) -> None:
    """Pass an answer on, byte for byte; `timer` is set anew once the answer has begun.

    Raises GatewayError for an answer that is an error, or is not whole.
    """
    if response.status >= 300:
        attempt.hold.meter.refused = True
        body = await _read_bounded(response, MAXIMUM_ERROR_BYTES) or b""
        if response.status == 401:
            reply.key_refused = True
        raise attempt.wire.error(response.status, _lower(response.headers), body)
    if response.content_type == attempt.wire.stream_type:
        await _pass_stream(response, attempt, reply, timer, record)
    else:
        await _pass_document(response, attempt, reply, record)


async def _pass_stream(
    response: Answering, attempt: Passing, reply: Reply, timer: asyncio.Timeout, record: Record
) -> None:
    """Pass a stream on; before its last event, or its end, what it cost is settled."""
    hold = attempt.hold
    chunk = await response.content.readany()
    if not chunk:
        message = f"{attempt.who} ended its stream before the first byte."
        raise GatewayError(502, "upstream_broken", message)
    timer.reschedule(attempt.all_by)
    events = attempt.wire.events()
    # Before anything goes out, as an error in the first piece can still be told as one.
    ready = events.feed(chunk)
    await reply.start(200, "text/event-stream; charset=utf-8", passed_headers(response.headers))
    is_numbered = attempt.request.endpoint == RESPONSES
    record.next_event = 0 if is_numbered else None
    while chunk:
        for event in ready:
            if is_numbered and (number := number_of(event)) is not None:
                record.next_event = number + 1
            passes = hold.meter.take_event(event)
            if hold.meter.complete:
                await hold.settle(record)
            await reply.write(event if passes else b"")
        chunk = await response.content.readany()
        ready = events.feed(chunk)
    rest = events.rest()
    hold.meter.take_event(rest)
    hold.meter.complete = True
    await hold.settle(record)
    await reply.end(rest)


async def _pass_document(response: Answering, attempt: Passing, reply: Reply, record: Record) -> None:
    """Pass on an answer that is not streamed, once it is whole: what breaks before that is a clean error."""
    body = await _read_bounded(response, MAXIMUM_ANSWER_BYTES)
    if body is None:
        message = f"{attempt.who} answered with more than {MAXIMUM_ANSWER_BYTES} bytes."
        raise GatewayError(502, "upstream_broken", message)
    answer = attempt.wire.document(body)
    if answer is None:
        message = f"{attempt.who} answered with something other than a JSON object."
        raise GatewayError(502, "upstream_broken", message)
    document, shown = answer
    attempt.hold.meter.take_document(document)
    await attempt.hold.settle(record)
    await reply.whole(response.status, "application/json", passed_headers(response.headers), shown)


async def _read_bounded(response: Answering, limit: int) -> bytes | None:
    """Return the whole body, or None when it is longer than `limit` bytes."""
    body = bytearray()
    while chunk := await response.content.readany():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
