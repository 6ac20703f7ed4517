"""Finds what stands twice where it may stand once: parsers of JSON and YAML silently take the last."""

from collections.abc import Iterable


def first_repeated(keys: Iterable[object]) -> str | None:
    """Return the first key, in the order of letters, that is there more than once. Keys of YAML may be lists."""
    rows = list(keys)
    return min((str(key) for key in rows if rows.count(key) > 1), default=None)
