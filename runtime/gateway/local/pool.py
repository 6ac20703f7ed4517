"""Asks the pool for an answer: one node after another while none has begun, through the relay, and nothing twice."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from runtime.aws import Aws
from runtime.decide.nodes import Node
from runtime.decide.relaying import ALL_SECONDS, COME_FROM, FINGERPRINT, FIRST_BYTE_SECONDS, NODE, REASON
from runtime.gateway.access import Record
from runtime.gateway.answers import GatewayError
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.deployment import LocalUpstream
from runtime.gateway.local.invocation import RelayAnswer, RelayError, RelayRequest, invoked
from runtime.gateway.local.node_book import NodeBook
from runtime.gateway.local.wire import NodeWire, Unbilled
from runtime.gateway.meter import Meter
from runtime.gateway.passing import pass_answer
from runtime.gateway.reply import Reply
from runtime.gateway.trace import HEADER as TRACEPARENT

MAXIMUM_NODES = 3
"""So many nodes are asked; heartbeats are seconds old, so more refusals tell that the pool is full."""


class NotTakenError(Exception):
    """No node took the request, and nothing of an answer has come; `reason` says why, for logs and clients.

    `answer` is what the client is told if no other upstream takes it either, where that is more than the reason.
    """

    def __init__(self, reason: str, answer: GatewayError | None = None):
        super().__init__(reason)
        self.reason = reason
        self.answer = answer


@dataclass(frozen=True)
class LocalAttempt:
    """One request about to be sent to the pool; the times are those of the event loop."""

    upstream: LocalUpstream
    request: ChatRequest
    first_byte_by: float
    all_by: float
    hold: Unbilled = field(default_factory=Unbilled)
    who: str = "A node of the stack's pool"

    @classmethod
    def of(cls, upstream: LocalUpstream, request: ChatRequest, first_byte_by: float, all_by: float) -> "LocalAttempt":
        """Return an attempt whose usage is shown as the client asked."""
        return cls(upstream, request, first_byte_by, all_by, Unbilled(Meter(request.wants_usage)))

    @property
    def wire(self) -> NodeWire:
        """How the nodes are spoken to."""
        return NodeWire(self.upstream.model)


@dataclass(frozen=True)
class Pool:
    """The nodes, and the function that reaches them."""

    book: NodeBook
    relay: str
    session: aiohttp.ClientSession
    aws: Aws = field(repr=False)

    async def ask(self, attempt: LocalAttempt, reply: Reply, record: Record) -> None:
        """Pass the answer of the first node that takes the request on.

        Raises NotTakenError when none did, and GatewayError for what no other upstream mends: the client's mistakes,
        and whatever breaks after the answer has begun.
        """
        tried: list[str] = []
        last = NotTakenError("no node of the pool serves")
        while len(tried) < MAXIMUM_NODES and (node := self.book.next(attempt.upstream.model, tried)):
            tried.append(node.id)
            try:
                await self._ask_node(node, attempt, reply, record)
            except NotTakenError as refused:
                if refused.answer is not None:
                    raise  # another node is no larger
                last = refused
            else:
                return
        raise last

    async def _ask_node(self, node: Node, attempt: LocalAttempt, reply: Reply, record: Record) -> None:
        try:
            async with asyncio.timeout_at(attempt.first_byte_by) as timer:
                async with invoked(self.session, self.aws, self.relay, _order(node, attempt, record)) as answer:
                    _check_taken(answer)
                    record.upstream_status = answer.status
                    await pass_answer(answer, attempt, reply, timer, record)
        except RelayError as error:
            if reply.started:
                message = f"{attempt.who} broke off its answer."
                raise GatewayError(502, "upstream_broken", message) from None
            raise NotTakenError(f"the relay was {error.word}") from None
        except TimeoutError:
            if reply.started:
                raise GatewayError(504, "upstream_timeout", f"{attempt.who} took too long.") from None
            raise NotTakenError("a node did not begin to answer in time") from None
        except GatewayError as error:
            if reply.started or (error.status < 500 and error.code != "context_length_exceeded"):
                raise
            if error.status < 500:
                raise NotTakenError("the request is too long for it", error) from None
            raise NotTakenError("a node failed") from None


def _order(node: Node, attempt: LocalAttempt, record: Record) -> RelayRequest:
    """Return what the relay is told: the node with its certificate's fingerprint, the seconds left, the request."""
    now = asyncio.get_running_loop().time()
    outgoing = attempt.wire.outgoing(attempt.request, record.request_id)
    headers: Mapping[str, str] = {
        **outgoing.headers,
        TRACEPARENT: record.traceparent,
        NODE: f"{node.address}:{node.port}",
        FINGERPRINT: node.fingerprint,
        FIRST_BYTE_SECONDS: f"{max(0.001, attempt.first_byte_by - now):.3f}",
        ALL_SECONDS: f"{max(0.001, attempt.all_by - now):.3f}",
    }
    return RelayRequest(outgoing.url, headers, outgoing.body)


def _check_taken(answer: RelayAnswer) -> None:
    """Raise NotTakenError when the relay did not reach the node, or the node does not take the request."""
    if word := answer.headers.get(COME_FROM):
        raise NotTakenError(f"a node was {word}" if word != "timeout" else "a node did not begin to answer in time")
    if answer.status in {502, 503}:
        words = {"full": "is full", "draining": "takes no new requests", "not_ready": "is not ready"}
        raise NotTakenError(f"a node {words.get(answer.headers.get(REASON, ''), 'failed')}")
