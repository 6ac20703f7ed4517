"""A stream of Converse's events as the server-sent events of a chat completion; pure."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from runtime.gateway.answers import GatewayError
from runtime.gateway.converse.answer import Head, untellable
from runtime.gateway.converse.errors import stream_error
from runtime.gateway.converse.reasoning import thinking_block
from runtime.gateway.converse.usage import finish_reason, service_tier, usage
from runtime.gateway.eventstream import EventStreamDecoder, EventStreamError, Frame

DONE = b"data: [DONE]\n\n"
Chunk = dict[str, Any]


class ConverseEvents:
    """Takes the bytes of a Converse stream as they come, and gives the events of a chat completion.

    `feed` raises GatewayError for an exception in the stream, for damaged bytes and for content that a chat completion
    has no place for; `rest` raises it for a stream that broke off. The usage always comes, in a chunk of its own.
    """

    def __init__(self, provider: str, head: Head) -> None:
        self._provider = provider
        self._head = head
        self._decoder = EventStreamDecoder()
        self._calls: dict[int, int] = {}
        """The place among a completion's tool calls of each content block that is one."""
        self._silent_calls: set[int] = set()
        self._stopped = False
        self._counted = False
        self._done = False
        self._handlers: dict[str, Callable[[dict[str, Any]], Iterator[Chunk]]] = {
            "messageStart": self._start,
            "contentBlockStart": self._block_start,
            "contentBlockDelta": self._block_delta,
            "contentBlockStop": self._block_stop,
            "messageStop": self._stop,
            "metadata": self._metadata,
        }

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events that the bytes make whole."""
        try:
            frames = self._decoder.feed(chunk)
        except EventStreamError as error:
            raise GatewayError(502, "upstream_broken", f"Provider {self._provider} sent {error}.") from None
        events = [_event(part) for frame in frames for part in self._chunks(frame)]
        if self._stopped and self._counted and not self._done:
            self._done = True
            events.append(DONE)
        return events

    def rest(self) -> bytes:
        """Return the last event if it has not gone out: that of a stream which ended well without its usage."""
        if not self._stopped or not self._decoder.is_between_frames:
            message = f"Provider {self._provider} broke off its answer."
            raise GatewayError(502, "upstream_broken", message)
        return b"" if self._done else DONE

    def _chunks(self, frame: Frame) -> Iterator[Chunk]:
        match frame.text(":message-type"):
            case "event":
                handler = self._handlers.get(frame.text(":event-type"))
                yield from self._handled(handler, frame.payload) if handler else ()
            case "exception":
                raise stream_error(self._provider, frame.text(":exception-type"), frame.payload)
            case _:
                raise stream_error(self._provider, frame.text(":error-code"), b"")

    def _handled(self, handler: Callable[[dict[str, Any]], Iterator[Chunk]], payload: bytes) -> list[Chunk]:
        try:
            return list(handler(json.loads(payload)))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            message = f"Provider {self._provider} sent an event that is not in Converse's form."
            raise GatewayError(502, "upstream_broken", message) from None

    def _start(self, _event: dict[str, Any]) -> Iterator[Chunk]:
        yield self._delta({"role": "assistant", "content": "", "refusal": None})

    def _block_start(self, event: dict[str, Any]) -> Iterator[Chunk]:
        block: Any = event["start"]
        match block:
            case {"toolUse": {"toolUseId": identifier, "name": name, **rest}} if "type" not in rest:
                index = event["contentBlockIndex"]
                self._calls[index] = len(self._calls)
                self._silent_calls.add(index)
                call = {"id": identifier, "type": "function", "function": {"name": name, "arguments": ""}}
                yield self._delta({"tool_calls": [{"index": self._calls[index], **call}]})
            case dict(start) if start:
                raise untellable(next(iter(start)))

    def _block_delta(self, event: dict[str, Any]) -> Iterator[Chunk]:
        index = event["contentBlockIndex"]
        piece_of: Any = event["delta"]
        match piece_of:
            case {"text": str(text)}:
                yield self._delta({"content": text})
            case {"toolUse": {"input": str(piece)}}:
                yield from self._arguments(index, piece)
            case {"reasoningContent": {"text": str(thought)}}:
                yield self._delta({"reasoning_content": thought})
            case {"reasoningContent": dict(reasoning)}:
                yield self._delta({"thinking_blocks": [thinking_block(reasoning)]})
            case {"citation": _}:
                # Where a text comes from; the text itself comes as text.
                return
            case dict(delta):
                raise untellable(next(iter(delta), ""))

    def _arguments(self, index: int, piece: str) -> Iterator[Chunk]:
        if piece:
            self._silent_calls.discard(index)
            yield self._delta({"tool_calls": [{"index": self._calls[index], "function": {"arguments": piece}}]})

    def _block_stop(self, event: dict[str, Any]) -> Iterator[Chunk]:
        """A call without input has no pieces of it, but its arguments must be JSON all the same."""
        if event["contentBlockIndex"] in self._silent_calls:
            yield from self._arguments(event["contentBlockIndex"], "{}")

    def _stop(self, event: dict[str, Any]) -> Iterator[Chunk]:
        self._stopped = True
        yield self._delta({}, finish_reason(event["stopReason"]))

    def _metadata(self, event: dict[str, Any]) -> Iterator[Chunk]:
        self._counted = True
        if counted := usage(event.get("usage")):
            chunk = self._head.document("chat.completion.chunk") | {"choices": [], "usage": counted}
            yield chunk | service_tier(event.get("serviceTier"))

    def _delta(self, delta: dict[str, Any], finish: str | None = None) -> Chunk:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._head.document("chat.completion.chunk") | {"choices": [choice]}


def _event(chunk: Chunk) -> bytes:
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"
