"""One request to a provider, and its answer passed to the client byte for byte."""

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from runtime.aws import Aws
from runtime.connections import REUSED
from runtime.decide.endpoints import RESPONSES
from runtime.gateway.access import Record
from runtime.gateway.answers import GatewayError
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.deployment import ProviderUpstream
from runtime.gateway.events import number_of
from runtime.gateway.headers import passed_headers, upstream_request_id
from runtime.gateway.reply import Reply
from runtime.gateway.spending import Hold
from runtime.gateway.trace import HEADER as TRACEPARENT
from runtime.gateway.upstream_errors import MAXIMUM_ERROR_BYTES
from runtime.gateway.wire import Wire, wire_of

CONNECT_SECONDS = 5.0
RESEND_SECONDS = 1.0
"""A kept connection that was closed shows it at once; one that breaks later may have carried a billed request."""

MAXIMUM_ANSWER_BYTES = 10 * 1024 * 1024
"""Of an answer that is not streamed; far more than any completion, and bounded so that memory is."""


@dataclass(frozen=True)
class Attempt:
    """One request about to be sent to one upstream; the times are those of the event loop."""

    upstream: ProviderUpstream
    key: str = field(repr=False)
    request: ChatRequest
    hold: Hold
    first_byte_by: float
    all_by: float
    aws: Aws = field(repr=False)

    @property
    def wire(self) -> Wire:
        """How the upstream is spoken to."""
        return wire_of(self.upstream, self.key, self.aws)


async def pass_through(session: aiohttp.ClientSession, attempt: Attempt, reply: Reply, record: Record) -> None:
    """Send the request and pass the answer on.

    Raises GatewayError while nothing of the answer has gone out; after that an error ends the stream as its last event.
    Nothing is ever sent a second time once the upstream has begun to answer.
    """
    name = attempt.upstream.provider.name
    try:
        async with asyncio.timeout_at(attempt.first_byte_by) as timer:
            async with await _open(session, attempt, record) as response:
                record.upstream_status = response.status
                record.upstream_request_id = upstream_request_id(response.headers)
                await _pass_answer(response, attempt, reply, timer, record)
    except aiohttp.ClientError as error:
        broken = "could not be reached" if record.upstream_status == 0 else "broke off its answer"
        message = f"Provider {name} {broken} ({type(error).__name__})."
        raise GatewayError(502, "upstream_broken", message) from None
    except TimeoutError:
        message = f"Provider {name} did not answer in time." if not reply.started else f"Provider {name} took too long."
        raise GatewayError(504, "upstream_timeout", message) from None


async def _open(session: aiohttp.ClientSession, attempt: Attempt, record: Record) -> aiohttp.ClientResponse:
    """Send the request and wait for the head of the answer.

    Sent once more only when a connection kept from before turned out to be closed without a word of an answer: that is
    how a server ends an idle connection. As the request may have been taken up all the same, the second one has money
    of its own; where that cannot be put aside, there is none.
    """
    meter, outgoing = attempt.hold.meter, attempt.wire.outgoing(attempt.request, record.request_id)
    begun = asyncio.get_running_loop().time()
    for is_last in (False, True):
        seen: dict[str, bool] = {}
        meter.sent = True
        try:
            return await session.post(
                # Encoded already, and signed or not: to be sent as it is.
                URL(outgoing.url, encoded=True),
                data=io.BytesIO(outgoing.body),
                headers={**outgoing.headers, TRACEPARENT: record.traceparent},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                trace_request_ctx=seen,
            )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            meter.sent = False
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            is_late = asyncio.get_running_loop().time() - begun > RESEND_SECONDS
            if is_last or is_late or REUSED not in seen or not await _paid_again(attempt, record):
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


async def _paid_again(attempt: Attempt, record: Record) -> bool:
    try:
        await attempt.hold.again(record)
    except GatewayError:
        return False
    return True


async def _pass_answer(
    response: aiohttp.ClientResponse, attempt: Attempt, reply: Reply, timer: asyncio.Timeout, record: Record
) -> None:
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
    response: aiohttp.ClientResponse, attempt: Attempt, reply: Reply, timer: asyncio.Timeout, record: Record
) -> None:
    """Pass a stream on; before its last event, or its end, what it cost is settled."""
    hold = attempt.hold
    chunk = await response.content.readany()
    if not chunk:
        message = f"Provider {attempt.upstream.provider.name} ended its stream before the first byte."
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


async def _pass_document(response: aiohttp.ClientResponse, attempt: Attempt, reply: Reply, record: Record) -> None:
    """Pass on an answer that is not streamed, once it is whole: what breaks before that is a clean error."""
    name = attempt.upstream.provider.name
    body = await _read_bounded(response, MAXIMUM_ANSWER_BYTES)
    if body is None:
        message = f"Provider {name} answered with more than {MAXIMUM_ANSWER_BYTES} bytes."
        raise GatewayError(502, "upstream_broken", message)
    answer = attempt.wire.document(body)
    if answer is None:
        message = f"Provider {name} answered with something other than a JSON object."
        raise GatewayError(502, "upstream_broken", message)
    document, shown = answer
    attempt.hold.meter.take_document(document)
    await attempt.hold.settle(record)
    await reply.whole(response.status, "application/json", passed_headers(response.headers), shown)


async def _read_bounded(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """Return the whole body, or None when it is longer than `limit` bytes."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
