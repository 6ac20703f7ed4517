"""Masking of a request's texts before it is priced, routed and sent: no upstream sees what a pattern matched."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from runtime.decide.masking import mask
from runtime.gateway.chat_request import ChatRequest, read_members


def masked(request: ChatRequest, patterns: Iterable[str]) -> ChatRequest:
    """Return the request with the patterns masked in what the model is to read: the texts of its messages, those of
    tools too, or its prompt or input.

    Arguments of tool calls, images, files, tokens and the other fields are left as they are. Where nothing matches, the
    body stays as the client wrote it, byte for byte.
    """
    wanted = tuple(patterns)
    if not wanted:
        return request
    text = request.text
    # From the end, so that the places of those before stay right.
    for name, member in sorted(request.members.items(), key=lambda item: -item[1].start):
        changed = _read_by_model(name, member.value, wanted)
        if changed != member.value:
            text = text[: member.start] + json.dumps(changed) + text[member.end :]
    return request if text == request.text else replace(request, text=text, members=read_members(text))


def _read_by_model(name: str, value: Any, patterns: tuple[str, ...]) -> Any:
    if name == "messages" and isinstance(value, list):
        return [_message(message, patterns) for message in value]
    if name in {"prompt", "suffix", "input"}:
        return [_text(one, patterns) for one in value] if isinstance(value, list) else _text(value, patterns)
    return value


def _message(message: Any, patterns: tuple[str, ...]) -> Any:
    if not isinstance(message, dict) or "content" not in message:
        return message
    content = message["content"]
    parts = [_part(part, patterns) for part in content] if isinstance(content, list) else _text(content, patterns)
    return {**message, "content": parts}


def _part(part: Any, patterns: tuple[str, ...]) -> Any:
    if not isinstance(part, dict):
        return _text(part, patterns)
    return {name: _text(value, patterns) if name in {"text", "refusal"} else value for name, value in part.items()}


def _text(value: Any, patterns: tuple[str, ...]) -> Any:
    return mask(value, patterns) if isinstance(value, str) else value
