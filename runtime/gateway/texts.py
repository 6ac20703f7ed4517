"""The texts that a model reads in a request, or wrote in an answer: found and changed wherever they stand; pure.

What is looked at is every text but those that a provider takes as names, kinds, places and data. So a text that some
provider reads in a field of its own is not missed because nobody here knows the field.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from runtime.gateway.answers import GatewayError
from runtime.gateway.chat_request import ChatRequest, read_members

Path = tuple[str | int, ...]
"""Where a text stands: names of members, and places in lists; of what has an index of its own, that one."""

Change = Callable[[Path, str], str]
"""Takes where a text stands, and the text; returns the text that is to stand there."""

SAID = frozenset({"messages", "prompt", "suffix", "input", "instructions"})
"""Fields of requests that hold what is said to the model."""

DESCRIBED = frozenset({"tools", "functions", "response_format", "text"})
"""Fields that describe what the model may call and the form of its answer, which it reads too."""

ARGUMENTS = frozenset({"arguments", "partial_json"})
"""Members that hold JSON as text."""

NO_TEXT = frozenset(
    {
        "call_id", "container_id", "created", "data", "detail", "encrypted_content", "file_data", "file_id",
        "filename", "fingerprint", "finish_reason", "format", "id", "image_url", "item_id", "media_type", "mime_type",
        "model", "name", "object", "obfuscation", "phase", "previous_response_id", "role", "server_label",
        "service_tier", "signature", "status", "stop_reason", "system_fingerprint", "thought_signature",
        "tool_call_id", "type", "url",
    }
)  # fmt: skip
"""Members whose text is a name, a kind, a place or data."""

UNREAD = frozenset({"audio", "input_audio", "logprobs", "usage"})
"""Members that are not looked into: sounds, figures, and the pieces of a text that stands beside them."""


def rewritten(request: ChatRequest, names: frozenset[str], change: Change) -> ChatRequest:
    """Return the request with its texts changed in the fields `names`; where nothing changes, its bytes stay.

    Raises GatewayError 400 for what is nested too deep to be looked through.
    """
    try:
        found = [
            (each, mapped(each.value, change, (name,), name)) for name, each in request.members.items() if name in names
        ]
        changed = [(member, json.dumps(new)) for member, new in found if new != member.value]
    except RecursionError:
        raise GatewayError(400, "invalid_json", "The body is nested too deep.") from None
    text = request.text
    # From the end, so that the places of those before stay right.
    for member, value in sorted(changed, key=lambda item: -item[0].start):
        text = text[: member.start] + value + text[member.end :]
    return replace(request, text=text, members=read_members(text)) if changed else request


def mapped(value: Any, change: Change, path: Path = (), name: str = "") -> Any:
    """Return a value that stands at `path`, in the member `name`, with all texts in it changed."""
    if isinstance(value, str):
        return value if name in NO_TEXT else change(path, value)
    if isinstance(value, list):
        return [mapped(item, change, (*path, _place(index, item)), name) for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {
            member: item if member in UNREAD else mapped(item, change, (*path, member), member)
            for member, item in value.items()
        }
    return value


def _place(index: int, item: Any) -> int:
    own = item.get("index") if isinstance(item, Mapping) else None
    return own if isinstance(own, int) else index


def has_tokens(value: Any) -> bool:
    """Return whether a prompt or an input is given, in whole or in part, as numbers of tokens, which nobody reads."""
    return isinstance(value, list) and any(type(item) is int or has_tokens(item) for item in value)
