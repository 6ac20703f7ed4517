"""Masking of a request's texts before it is priced, routed and sent: no upstream sees what a pattern matched."""

import json
from collections.abc import Iterable
from typing import Any

from runtime.decide.masking import mask
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.texts import ARGUMENTS, SAID, Path, rewritten


def masked(request: ChatRequest, patterns: Iterable[str]) -> ChatRequest:
    """Return the request with the patterns masked in what is said to the model.

    That is the texts of its messages, those of tools and the arguments of tools' calls too, or its prompt, input or
    instructions. What describes tools, images, files, tokens and the other fields are left as they are. Where nothing
    matches, the body stays as the client wrote it, byte for byte.
    """
    wanted = tuple(patterns)
    if not wanted:
        return request

    def change(path: Path, text: str) -> str:
        return _in_arguments(text, wanted) if path[-1] in ARGUMENTS else mask(text, wanted)

    return rewritten(request, SAID, change)


def _in_arguments(text: str, patterns: tuple[str, ...]) -> str:
    """Return arguments with the texts in them masked; numbers stay, as what took their place would be no JSON."""
    try:
        given = json.loads(text)
        changed = _leaves(given, patterns)
    except (ValueError, RecursionError):
        return mask(text, patterns)
    return text if changed == given else json.dumps(changed)


def _leaves(value: Any, patterns: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return mask(value, patterns)
    if isinstance(value, list):
        return [_leaves(item, patterns) for item in value]
    return {name: _leaves(item, patterns) for name, item in value.items()} if isinstance(value, dict) else value
