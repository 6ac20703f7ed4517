"""The usage that providers report, in the forms in which they report it; pure."""

from collections.abc import Mapping
from typing import Any

from runtime.decide.prices import Usage

DEARER_TIERS = frozenset({"priority", "fast", "ultrafast"})
"""Tiers of service whose rates are others than those we know."""

ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
"""The types of the events that end a stream of the responses API, in which the usage comes."""

EMBEDDED = "list"
"""What an answer with embeddings is called, which has no output to count."""


def read_usage(document: Mapping[str, Any]) -> Usage | None:
    """Return the usage that an answer or a chunk of one holds, or None when it holds none that can be priced.

    An answer served at a priority tier has none: its rates are others than those we know. Nor has one whose prompt had
    no tokens, as that is how servers fill in what they did not count. OpenAI counts reasoning among the completion's
    tokens; Gemini and xAI only in the total, so what the total has beyond the prompt is output too. The responses API
    has other names for the same, and in its streams an event holds the answer as its `response`.
    """
    answer = document.get("response", document)
    usage = answer.get("usage") if isinstance(answer, Mapping) else None
    if not isinstance(usage, Mapping) or str(answer.get("service_tier")) in DEARER_TIERS:
        return None
    read, said = ("prompt", "completion") if "prompt_tokens" in usage else ("input", "output")
    prompt, completion = _count(usage, f"{read}_tokens"), _count(usage, f"{said}_tokens")
    if completion is None and document.get("object") == EMBEDDED:
        completion = 0
    if not prompt or completion is None:
        return None
    total = _count(usage, "total_tokens")
    reasoning = _count(_details(usage, f"{said}_tokens_details"), "reasoning_tokens") or 0
    if total is None and reasoning > completion:
        completion += reasoning
    details = _details(usage, f"{read}_tokens_details")
    written = [_count(details, name) for name in ("cache_write_tokens", "cache_creation_tokens")]
    return Usage(
        prompt_tokens=prompt,
        output_tokens=max(completion, (total or 0) - prompt),
        cached_tokens=_count(details, "cached_tokens") or 0,
        cache_write_tokens=next((count for count in written if count is not None), None),
    )


def _details(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    details = usage.get(name)
    return details if isinstance(details, Mapping) else {}


def _count(values: Mapping[str, Any], name: str) -> int | None:
    value = values.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
