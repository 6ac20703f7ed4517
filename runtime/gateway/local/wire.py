"""How the pool's nodes are spoken to: their engines speak OpenAI's API, so all passes as it is; nothing is billed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.gateway.access import Record
from runtime.gateway.answers import GatewayError
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.events import WholeEvents
from runtime.gateway.meter import Meter
from runtime.gateway.upstream_errors import shape
from runtime.gateway.wire import Events, Outgoing

TOO_LONG = "exceed_context_size_error"
"""How llama.cpp names a request that its slots are too small for."""

LONG_WORDS = ("maximum context length", "max_model_len")
"""What vLLM says of one."""


@dataclass
class Unbilled:
    """Takes the place of money put aside: an answer of the pool uses tokens and costs nothing more."""

    meter: Meter = field(default_factory=Meter)
    settled: bool = False

    async def settle(self, record: Record) -> None:
        """Note what the request used; does nothing the second time."""
        if self.settled:
            return
        self.settled, record.cost_is_open = True, False
        if (usage := self.meter.usage) is not None:
            record.prompt_tokens, record.output_tokens = usage.prompt_tokens, usage.output_tokens
            record.cached_tokens = usage.cached_tokens


@dataclass(frozen=True)
class NodeWire:
    """A node's engine."""

    model: str
    stream_type = "text/event-stream"

    def outgoing(self, request: ChatRequest, request_id: str) -> Outgoing:
        """Return the request; the relay is told the node beside it."""
        accept = self.stream_type if request.stream else "application/json"
        headers = {"content-type": "application/json", "accept": accept, "x-request-id": request_id}
        return Outgoing(f"/v1/{request.endpoint}", headers, request.body_for(self.model))

    def events(self) -> Events:
        """Return a reader that changes nothing."""
        return WholeEvents()

    def document(self, body: bytes) -> tuple[dict[str, Any], bytes] | None:
        """Return the answer, and it again byte for byte."""
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return None
        return (document, body) if isinstance(document, dict) else None

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        """Return the engine's own words where the mistake is the client's."""
        del headers
        shaped = shape(body, "")
        if not 400 <= status < 500 or status in {401, 403, 404} or shaped is None:
            return GatewayError(502, "upstream_error", f"A node of the stack's pool answered with status {status}.")
        error = shaped["error"]
        if error["type"] == TOO_LONG or any(words in error["message"] for words in LONG_WORDS):
            shaped = {"error": error | {"type": "invalid_request_error", "code": "context_length_exceeded"}}
            return GatewayError(status, "context_length_exceeded", "", body=json.dumps(shaped).encode())
        shaped = {"error": error | {"code": "upstream_error"}}
        return GatewayError(status, "upstream_error", "", body=json.dumps(shaped).encode())
