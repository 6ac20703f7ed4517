"""When an upstream that keeps failing is left alone, and when it is tried again; pure.

Closed: requests go to it. Open: none do, for some seconds. Half open, once these have passed: one request goes to it
as a probe, the others still do not; its success closes the breaker, its failure opens it for twice as long.

Times are in seconds since the epoch, and they come from many machines: one that lies further ahead than any breaker
stays open was written by a clock that is wrong, and counts as passed.
"""

from dataclasses import dataclass
from enum import IntEnum

FAILURES_TO_OPEN = 5
"""In a row, at one process."""

FIRST_OPEN_SECONDS = 10
MAXIMUM_OPEN_SECONDS = 80
CLOCK_SLACK_SECONDS = 5


class State(IntEnum):
    """What a breaker has become, the worse the higher."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


@dataclass(frozen=True)
class Breaker:
    """A breaker as all processes of the stack see it; `seconds` is for how long it was opened last, 0 when closed."""

    open_until: int = 0
    seconds: int = 0

    @property
    def is_closed(self) -> bool:
        """Whether requests go to the upstream."""
        return self.seconds == 0

    def open_seconds(self, now: float) -> float:
        """Return for how long no request goes there; 0 when it is closed or a probe may be made."""
        left = self.open_until - now
        return left if not self.is_closed and 0 < left <= MAXIMUM_OPEN_SECONDS + CLOCK_SLACK_SECONDS else 0.0


CLOSED = Breaker()


def opened(now: float) -> Breaker:
    """Return a breaker that was closed and has just been opened."""
    return Breaker(int(now) + FIRST_OPEN_SECONDS, FIRST_OPEN_SECONDS)


def claimed(breaker: Breaker, now: float) -> Breaker:
    """Return an open breaker whose probe is under way: open to all others, who take over if nothing comes of it."""
    return Breaker(int(now) + breaker.seconds, breaker.seconds)


def reopened(breaker: Breaker, now: float) -> Breaker:
    """Return a breaker whose probe has failed."""
    seconds = min(2 * breaker.seconds, MAXIMUM_OPEN_SECONDS)
    return Breaker(int(now) + seconds, seconds)
