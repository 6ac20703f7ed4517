"""A chat request as Bedrock's Converse and ConverseStream take it; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from runtime.gateway.converse.messages import conversation, has_tool_use
from runtime.gateway.converse.parameters import check_fields, inference_config, other_settings, without_unsupported
from runtime.gateway.converse.tool_config import tool_config


@dataclass(frozen=True)
class Guardrail:
    """A guardrail of Bedrock and the number of its version."""

    id: str
    version: str


def path_of(model: str, *, stream: bool) -> str:
    """Return the path of a request for a model or inference profile, by id or ARN."""
    return f"/model/{quote(model, safe='')}/{'converse-stream' if stream else 'converse'}"


def converse_request(
    fields: Mapping[str, Any], guardrail: Guardrail | None = None, *, drop: bool = False
) -> dict[str, Any]:
    """Return the body for what a chat request asks, its model apart, which stands in the path.

    With `drop`, whole fields without a counterpart are left out; a value that a known field cannot have is refused.
    Raises GatewayError 400 with `unsupported_parameter` for what would be ignored or done differently, and with
    `invalid_value` for what no API takes.
    """
    fields = without_unsupported(fields) if drop else fields
    check_fields(fields)
    system, messages = conversation(fields.get("messages"))
    config = inference_config(fields)
    tools = tool_config(fields, uses_tools=has_tool_use(messages))
    optional = {"system": system, "inferenceConfig": config, "toolConfig": tools}
    body = {"messages": messages} | {name: value for name, value in optional.items() if value}
    return body | other_settings(fields) | _guarded(guardrail, stream=bool(fields.get("stream")))


def _guarded(guardrail: Guardrail | None, *, stream: bool) -> dict[str, Any]:
    """Return the guardrail's member; a stream waits for its verdict, so that nothing goes out unseen."""
    if guardrail is None:
        return {}
    config = {"guardrailIdentifier": guardrail.id, "guardrailVersion": guardrail.version}
    return {"guardrailConfig": config | ({"streamProcessingMode": "sync"} if stream else {})}
