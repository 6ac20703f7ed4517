"""The trace that a request belongs to, as W3C Trace Context writes it (https://www.w3.org/TR/trace-context/); pure.

Only `traceparent` is passed on. `tracestate` is not: it may hold anything of the client's, and upstreams are others'.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

HEADER = "traceparent"
SAMPLED = 0x01

_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_NO_VERSION = "ff"
_VERSION = "00"


@dataclass(frozen=True)
class Trace:
    """A trace and our own span in it; `sampled` is what the caller says of recording, False where it says nothing."""

    trace_id: str
    span_id: str
    sampled: bool

    @property
    def traceparent(self) -> str:
        """The header of what we ask of others."""
        return f"{_VERSION}-{self.trace_id}-{self.span_id}-{SAMPLED if self.sampled else 0:02x}"


def trace_of(headers: Iterable[tuple[bytes, bytes]]) -> Trace:
    """Return the trace that a request's headers name, with a span of ours in it; a new one where they name none.

    A header that is not of the standard's form, or is there twice, names none. Of the flags only the one that the
    standard knows is passed on, and of what later versions add, nothing.
    """
    values = [value for name, value in headers if name == HEADER.encode()]
    span_id = secrets.token_hex(8)
    match = _FORM.fullmatch(values[0].decode("latin-1").strip(" \t")) if len(values) == 1 else None
    if match is None or not _counts(match):
        return Trace(secrets.token_hex(16), span_id, sampled=False)
    return Trace(match[2], span_id, sampled=bool(int(match[4], 16) & SAMPLED))


def _counts(match: re.Match[str]) -> bool:
    """Whether the parts have values that the standard allows: no zeros, no version ff, no more parts in version 00."""
    version, trace_id, parent_id, _, more = match.groups()
    is_whole = more is None or version != _VERSION
    return version != _NO_VERSION and bool(trace_id.strip("0")) and bool(parent_id.strip("0")) and is_whole
