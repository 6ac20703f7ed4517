"""What a model thought before it answered, as clients get it and give it back; pure.

The text goes to clients as `reasoning_content`, a name that several APIs and clients share. Models that sign their
thoughts want them back with the signature when they go on after a tool's result; for that there is `thinking_blocks`,
in the form that LiteLLM made known. A `reasoning_content` that comes back without them is left out, as the APIs that
made up the name do too.
"""

from typing import Any

from runtime.gateway.converse.refusals import invalid, objects, only_fields

PARAM = "messages"
THINKING, REDACTED = "thinking", "redacted_thinking"


def thinking_block(content: dict[str, Any]) -> dict[str, Any] | None:
    """Return Converse's reasoningContent, whole or a piece of a stream, as a client keeps it; None for a mere piece."""
    if isinstance(text := content.get("reasoningText"), dict):
        found = {"type": THINKING, "thinking": text.get("text", "")}
        return found | ({"signature": text["signature"]} if text.get("signature") else {})
    if content.get("redactedContent"):
        return {"type": REDACTED, "data": content["redactedContent"]}
    if content.get("signature"):
        return {"type": THINKING, "thinking": "", "signature": content["signature"]}
    return None


def reasoning_blocks(given: Any) -> list[dict[str, Any]]:
    """Return the blocks for Converse of the `thinking_blocks` that a client gives back."""
    return [{"reasoningContent": _content(block)} for block in objects(PARAM, given)]


def _content(block: dict[str, Any]) -> dict[str, Any]:
    if block.get("type") == REDACTED:
        only_fields(PARAM, block, frozenset({"type", "data"}))
        return {"redactedContent": _text(block, "data")}
    if block.get("type") != THINKING:
        raise invalid(PARAM, f"has thinking_blocks of another type than {THINKING} and {REDACTED}")
    only_fields(PARAM, block, frozenset({"type", "thinking", "signature"}))
    text = {"text": _text(block, "thinking")}
    signature = {"signature": _text(block, "signature")} if block.get("signature") is not None else {}
    return {"reasoningText": text | signature}


def _text(block: dict[str, Any], name: str) -> str:
    if not isinstance(block.get(name), str):
        raise invalid(PARAM, f"has thinking_blocks without the text of their {name}")
    value: str = block[name]
    return value
