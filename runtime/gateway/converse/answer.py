"""An answer of Converse as a chat completion; pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.gateway.answers import GatewayError
from runtime.gateway.converse.reasoning import thinking_block
from runtime.gateway.converse.usage import finish_reason, service_tier, usage


@dataclass(frozen=True)
class Head:
    """What each answer and each chunk of one begins with; `created` is in seconds since the epoch."""

    id: str
    created: int
    model: str

    def document(self, kind: str) -> dict[str, Any]:
        """Return the members."""
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def completion(answer: Mapping[str, Any], head: Head) -> dict[str, Any]:
    """Return the chat completion; raises GatewayError 502 for an answer that cannot be told as one."""
    try:
        content = answer["output"]["message"]["content"]
        message = _message(content)
    except (LookupError, TypeError, AttributeError):
        raise GatewayError(502, "upstream_broken", "Bedrock's answer is not in Converse's form.") from None
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": finish_reason(answer.get("stopReason")),
    }
    document = head.document("chat.completion") | {"choices": [choice]} | service_tier(answer.get("serviceTier"))
    counted = usage(answer.get("usage"))
    return document | ({"usage": counted} if counted else {})


def untellable(kind: str) -> GatewayError:
    """Return the error for content that a chat completion has no place for: left out, it would be missed."""
    shown = kind if kind.isidentifier() and len(kind) <= 64 else "unknown"
    message = f"The model's answer has content of kind {shown}, which a chat completion cannot hold."
    return GatewayError(502, "upstream_unsupported_content", message)


def _message(content: list[Any]) -> dict[str, Any]:
    texts: list[str] = []
    thoughts: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    for block in content:
        match block:
            case {"text": str(text)}:
                texts.append(text)
            case {"citationsContent": dict(cited)}:
                texts += [piece["text"] for piece in cited.get("content") or ()]
            case {"reasoningContent": dict(reasoning)}:
                thoughts += [thought] if (thought := thinking_block(reasoning)) else []
            case {"toolUse": dict(tool_use)} if "type" not in tool_use:
                calls.append(_call(tool_use))
            case _:
                raise untellable(next(iter(block), ""))
    reasoning_content = "".join(thought.get("thinking", "") for thought in thoughts)
    optional = {"reasoning_content": reasoning_content, "thinking_blocks": thoughts, "tool_calls": calls}
    said = "".join(texts) if texts or not calls else None
    message = {"role": "assistant", "content": said, "refusal": None}
    return message | {name: value for name, value in optional.items() if value}


def _call(tool_use: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": tool_use["name"], "arguments": json.dumps(tool_use["input"], ensure_ascii=False)}
    return {"id": tool_use["toolUseId"], "type": "function", "function": function}
