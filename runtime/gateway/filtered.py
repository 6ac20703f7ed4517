"""An answer that is not streamed, as a guardrail leaves it: what it says, changed or taken out; pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from runtime.decide.endpoints import COMPLETIONS, RESPONSES
from runtime.gateway.held_stream import without_logprobs
from runtime.gateway.texts import mapped

KEPT = ("id", "object", "created", "created_at", "model", "usage", "service_tier", "system_fingerprint")
"""Members of an answer that are kept when what it says is taken out."""

FILTERED = "content_filter"


def texts_of(document: dict[str, Any]) -> list[str]:
    """Return all texts of an answer: what was said, thought, and meant for tools."""
    found: list[str] = []

    def note(_path: object, text: str) -> str:
        found.append(text)
        return text

    mapped(document, note)
    return found


def with_texts(document: dict[str, Any], texts: Sequence[str]) -> dict[str, Any]:
    """Return an answer with other texts in the places of its own."""
    left: Iterator[str] = iter(texts)
    changed: dict[str, Any] = mapped(document, lambda _path, _text: next(left))
    return without_logprobs(changed) | _without_output_logprobs(changed)


def _without_output_logprobs(document: dict[str, Any]) -> dict[str, Any]:
    """Return the output of an answer of the responses API without pieces of its texts."""
    output = document.get("output")
    for item in output if isinstance(output, list) else ():
        parts = item.get("content") if isinstance(item, dict) else None
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict):
                part.pop("logprobs", None)
    return {"output": output} if "output" in document else {}


def taken_out(document: dict[str, Any], endpoint: str) -> dict[str, Any]:
    """Return an answer of which nothing is left but that it was filtered, and its usage."""
    kept = {name: document[name] for name in KEPT if name in document}
    if endpoint == RESPONSES:
        return kept | {"status": "incomplete", "incomplete_details": {"reason": FILTERED}, "error": None, "output": []}
    message = {"message": {"role": "assistant", "content": "", "refusal": None}}
    said: dict[str, Any] = {"text": ""} if endpoint == COMPLETIONS else message
    given = document.get("choices")
    count = max(1, len(given)) if isinstance(given, list) else 1
    choices = [{"index": index, **said, "logprobs": None, "finish_reason": FILTERED} for index in range(count)]
    return kept | {"choices": choices}
