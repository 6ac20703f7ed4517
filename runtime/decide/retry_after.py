"""How long an upstream asks to be left alone, in seconds, from the forms in which upstreams say it; pure."""

import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

MAXIMUM_SECONDS = 86_400.0


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that an answer's headers, named in small letters, ask to wait; None when they do not say.

    `now` is in seconds since the epoch. A date is measured against the answer's own `date`: the upstream's clock may be
    wrong, but it is the same one. Nothing is longer than a day, nothing shorter than no time.
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        seconds = _number(headers.get(name, ""))
        if seconds is not None:
            return min(seconds / unit, MAXIMUM_SECONDS)
    at = _epoch(headers.get("retry-after", ""))
    if at is None:
        return None
    sent_at = _epoch(headers.get("date", ""))
    return min(max(0.0, at - (now if sent_at is None else sent_at)), MAXIMUM_SECONDS)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _epoch(text: str) -> float | None:
    """Return an HTTP date in seconds since the epoch."""
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
