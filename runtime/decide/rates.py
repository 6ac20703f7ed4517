"""Whether a key's next request fits its limits of speed, by what the table holds of its minute; pure.

A minute is one window: all counts begin at zero with it. So up to two minutes' worth can come around the change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.decide.limits import CONCURRENCY, REQUESTS, TOKENS, RateLimits

WINDOW_SECONDS = 60
SLOT_PREFIX = "s-"
CONCURRENCY_RETRY_SECONDS = 1


@dataclass(frozen=True)
class Window:
    """What is counted of one key: since the minute `number` began, and how many of its requests are running.

    `slots` are the running ones, with the epoch seconds after which nobody gives them back any more.
    """

    number: int = -1
    requests: int = 0
    tokens: int = 0
    running: int = 0
    slots: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "Window":
        """Read a key's item."""
        return cls(
            number=int(values.get("window", -1)),
            requests=int(values.get("requests", 0)),
            tokens=int(values.get("tokens", 0)),
            running=int(values.get("running", 0)),
            slots={name: int(until) for name, until in values.items() if name.startswith(SLOT_PREFIX)},
        )

    def lost(self, now: float) -> tuple[str, ...]:
        """Return the slots that nobody gives back any more."""
        return tuple(name for name, until in self.slots.items() if until < now)


@dataclass(frozen=True)
class Refusal:
    """Which limit a request does not fit, and in how many seconds it may be asked again; None = never, as it is."""

    limit: str
    retry_after_seconds: int | None


def window_of(now: float) -> int:
    """Return the number of a moment's minute."""
    return int(now // WINDOW_SECONDS)


def seconds_left(now: float) -> int:
    """Return in how many whole seconds the next minute begins, at least one."""
    return WINDOW_SECONDS - int(now % WINDOW_SECONDS)


def never_fits(limits: RateLimits, tokens: int) -> Refusal | None:
    """Return the refusal of a request that no minute and no pause makes room for."""
    if limits.requests is not None and limits.requests < 1:
        return Refusal(REQUESTS, None)
    if limits.tokens is not None and tokens > limits.tokens:
        return Refusal(TOKENS, None)
    if limits.concurrency is not None and limits.concurrency < 1:
        return Refusal(CONCURRENCY, None)
    return None


def refusal(limits: RateLimits, window: Window, tokens: int, now: float) -> Refusal | None:
    """Return the first limit that a request of so many tokens does not fit into, or None when it fits."""
    if limits.concurrency is not None and window.running >= limits.concurrency:
        return Refusal(CONCURRENCY, CONCURRENCY_RETRY_SECONDS)
    if is_over(window, now):
        return None
    if limits.requests is not None and window.requests >= limits.requests:
        return Refusal(REQUESTS, seconds_left(now))
    if limits.tokens is not None and window.tokens + tokens > limits.tokens:
        return Refusal(TOKENS, seconds_left(now))
    return None


def is_over(window: Window, now: float) -> bool:
    """Whether another minute has begun; a clock that is ahead of ours may have begun the next one a little early."""
    return not window_of(now) <= window.number <= window_of(now) + 1


def rate_headers(limits: RateLimits, window: Window, now: float) -> dict[str, str]:
    """Return what OpenAI's clients read of their limits, for those that there are."""
    reset = f"{seconds_left(now)}s"
    found = {}
    for name, limit, used in (
        ("requests", limits.requests, window.requests),
        ("tokens", limits.tokens, window.tokens),
    ):
        if limit is not None:
            found[f"x-ratelimit-limit-{name}"] = str(limit)
            found[f"x-ratelimit-remaining-{name}"] = str(max(0, limit - used))
            found[f"x-ratelimit-reset-{name}"] = reset
    return found
