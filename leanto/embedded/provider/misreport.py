"""The ways in which providers report usage other than OpenAI does; pure."""

from collections.abc import Iterator, Mapping
from typing import Any

ONCE, MISSING, REPEATED, IN_CONTENT = "once", "missing", "repeated", "in_content"
USAGE_KINDS = (ONCE, MISSING, REPEATED, IN_CONTENT)


def misreported_document(document: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return an answer that is not streamed, without its usage when that is to be missing."""
    return {name: value for name, value in document.items() if kind != MISSING or name != "usage"}


def misreported_chunks(chunks: Iterator[dict[str, Any]], kind: str) -> Iterator[dict[str, Any]]:
    """Yield a stream's chunks with their usage missing, or growing in each of them, or in the last with content."""
    everything = list(chunks)
    usage = next((chunk["usage"] for chunk in everything if chunk.get("usage")), None)
    if kind == ONCE or usage is None:
        yield from everything
        return
    contents = [chunk for chunk in everything if chunk["choices"]]
    for number, chunk in enumerate(contents):
        is_last = number == len(contents) - 1
        if kind == REPEATED:
            yield chunk | {"usage": _part(usage, number + 1, len(contents))}
        elif kind == IN_CONTENT and is_last:
            yield chunk | {"usage": usage}
        else:
            yield {name: value for name, value in chunk.items() if name != "usage"}


def _part(usage: Mapping[str, Any], number: int, of: int) -> dict[str, Any]:
    """Return the usage so far, which is whole at the last of its chunks."""
    tokens = max(1, usage["completion_tokens"] * number // of)
    return {**usage, "completion_tokens": tokens, "total_tokens": usage["prompt_tokens"] + tokens}
