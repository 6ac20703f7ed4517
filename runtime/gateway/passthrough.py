"""One request to a provider, and its answer passed to the client byte for byte."""

import asyncio
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property

import aiohttp

from runtime.aws import Aws
from runtime.exchange import Answer, Exchange
from runtime.gateway.access import Record
from runtime.gateway.answers import GatewayError
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.deployment import ProviderUpstream
from runtime.gateway.headers import upstream_request_id
from runtime.gateway.passing import pass_answer
from runtime.gateway.reply import Reply
from runtime.gateway.spending import Hold
from runtime.gateway.trace import HEADER as TRACEPARENT
from runtime.gateway.wire import Wire, wire_of

RESEND_SECONDS = 1.0
"""A kept connection that was closed shows it at once; one that breaks later may have carried a billed request."""


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
    def who(self) -> str:
        """The upstream at the beginning of a sentence."""
        return f"Provider {self.upstream.provider.name}"

    @cached_property
    def wire(self) -> Wire:
        """How the upstream is spoken to."""
        return wire_of(self.upstream, self.key, self.aws)


async def pass_through(session: aiohttp.ClientSession, attempt: Attempt, reply: Reply, record: Record) -> None:
    """Send the request and pass the answer on.

    Raises GatewayError while nothing of the answer has gone out; after that an error ends the stream as its last event.
    Nothing is ever sent a second time once the upstream has begun to answer.
    """
    try:
        async with asyncio.timeout_at(attempt.first_byte_by) as timer:
            with closing(await _open(session, attempt, record)) as response:
                record.upstream_status = response.status
                record.upstream_request_id = upstream_request_id(response.headers)
                await pass_answer(response, attempt, reply, timer, record)
    except aiohttp.ClientError as error:
        broken = "could not be reached" if record.upstream_status == 0 else "broke off its answer"
        message = f"{attempt.who} {broken} ({type(error).__name__})."
        raise GatewayError(502, "upstream_broken", message) from None
    except TimeoutError:
        message = f"{attempt.who} did not answer in time." if not reply.started else f"{attempt.who} took too long."
        raise GatewayError(504, "upstream_timeout", message) from None


async def _open(session: aiohttp.ClientSession, attempt: Attempt, record: Record) -> Answer:
    """Send the request and wait for the head of the answer.

    Sent once more only when a connection kept from before turned out to be closed without a word of an answer: that is
    how a server ends an idle connection. As the request may have been taken up all the same, the second one has money
    of its own; where that cannot be put aside, there is none.
    """
    meter, outgoing = attempt.hold.meter, attempt.wire.outgoing(attempt.request, record.request_id)
    exchange = Exchange(outgoing.url, {**outgoing.headers, TRACEPARENT: record.traceparent}, outgoing.body)
    connector = session.connector
    assert connector is not None  # noqa: S101 - the session is open while requests are served
    begun = asyncio.get_running_loop().time()
    for is_last in (False, True):
        meter.sent = True
        try:
            return await exchange.post(connector)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            meter.sent = False
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            is_late = asyncio.get_running_loop().time() - begun > RESEND_SECONDS
            if is_last or is_late or not exchange.reused or not await _paid_again(attempt, record):
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


async def _paid_again(attempt: Attempt, record: Record) -> bool:
    try:
        await attempt.hold.again(record)
    except GatewayError:
        return False
    return True
