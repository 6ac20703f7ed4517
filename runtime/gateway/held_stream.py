"""Events of a stream held back until a guardrail has looked at what they say; pure.

What is said stands in pieces over many events. Pieces that belong together are joined: the same member of the same
choice. Where a guardrail masks something, the first event takes all of the changed text and the others none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.gateway.events import DONE, data_of
from runtime.gateway.texts import Path, mapped

LOGPROBS = "logprobs"
_HEAD = ("id", "object", "created", "model")


@dataclass(frozen=True)
class _Event:
    raw: bytes
    chunk: Mapping[str, Any] | None
    """None for what has no data, and for the last event."""


class HeldEvents:
    """Takes events, and gives what they say together and then themselves; counts bytes and characters that it holds."""

    def __init__(self) -> None:
        self._events: list[_Event] = []
        self._said: dict[Path, list[str]] = {}
        self._head: dict[str, Any] = {}
        self._choices: dict[int, None] = {0: None}
        self.characters = 0
        self.bytes = 0

    def add(self, event: bytes) -> None:
        """Hold an event; one whose data is no JSON object cannot be looked at, so it is dropped."""
        data = data_of(event)
        chunk = None
        if data and data != DONE:
            try:
                chunk = json.loads(data)
            except (ValueError, RecursionError):
                chunk = None
            if not isinstance(chunk, dict):
                return
            self._note(chunk)
        self.bytes += len(event)
        self._events.append(_Event(event, chunk))

    def _note(self, chunk: dict[str, Any]) -> None:
        self._head = {name: chunk[name] for name in _HEAD if name in chunk} or self._head
        for choice in _choices(chunk):
            if isinstance(index := choice.get("index"), int):
                self._choices[index] = None
        mapped(chunk, self._say)

    def _say(self, path: Path, text: str) -> str:
        self._said.setdefault(path, []).append(text)
        self.characters += len(text)
        return text

    def texts(self) -> list[str]:
        """Return what the held events say."""
        return ["".join(pieces) for pieces in self._said.values()]

    def take(self, texts: Sequence[str] | None = None) -> bytes:
        """Return the held events and hold none any more; with `texts`, these stand in place of what was said."""
        events = self._events
        left = dict(zip(self._said, texts, strict=True)) if texts is not None else None
        self._clear()
        if left is None:
            return b"".join(event.raw for event in events)
        return b"".join(event.raw if event.chunk is None else _rewritten(event.chunk, left) for event in events)

    def take_silent(self) -> bytes:
        """Return those of the held events that say nothing: the usage, and the end."""
        events = self._events
        self._clear()
        return b"".join(event.raw for event in events if _is_silent(event))

    def cut(self) -> bytes:
        """Return the event that ends each choice as filtered."""
        is_text = self._head.get("object") == "text_completion"
        said: dict[str, Any] = {"text": ""} if is_text else {"delta": {}}
        choices = [
            {"index": index, **said, LOGPROBS: None, "finish_reason": "content_filter"} for index in self._choices
        ]
        return _written({**self._head, "choices": choices})

    def _clear(self) -> None:
        self._events, self._said, self.characters, self.bytes = [], {}, 0, 0


def _is_silent(event: _Event) -> bool:
    if event.chunk is None:
        return data_of(event.raw) == DONE
    return event.chunk.get("choices") == [] and "usage" in event.chunk


def _choices(chunk: Mapping[str, Any]) -> list[dict[str, Any]]:
    choices = chunk.get("choices")
    return [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []


def _rewritten(chunk: Mapping[str, Any], left: dict[Path, str]) -> bytes:
    def change(path: Path, _text: str) -> str:
        text, left[path] = left[path], ""
        return text

    return _written(without_logprobs(mapped(chunk, change)))


def without_logprobs(document: dict[str, Any]) -> dict[str, Any]:
    """Return an answer, or a chunk of one, without the pieces of a text that has been changed."""
    for choice in _choices(document):
        if choice.get(LOGPROBS) is not None:
            choice[LOGPROBS] = None
    return document


def _written(chunk: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"
