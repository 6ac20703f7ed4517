"""What keys, teams and the stack may spend, and how fast keys may ask: the limits, and what does not fit them; pure.

A limit is set for a scope: `stack`, `team#<name>` or `key#<id>`. Money is in micro-dollars, for a month or a day of
UTC. What is topped up counts for one month or day only, on top of the limit.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.decide.months import day_of, month_of

_DAY_COUNTER = re.compile(r"d(\d\d)#")

STACK = "stack"
MONTH, DAY = "month", "day"
REQUESTS, TOKENS, CONCURRENCY = "rpm", "tpm", "concurrency"
MONEY_FIELDS = (MONTH, DAY)
RATE_FIELDS = (REQUESTS, TOKENS, CONCURRENCY)
FIELDS = (*MONEY_FIELDS, *RATE_FIELDS)


def key_scope(key_id: str) -> str:
    """Return the scope of a key."""
    return f"key#{key_id}"


def team_scope(team: str) -> str:
    """Return the scope of a team."""
    return f"team#{team}"


@dataclass(frozen=True)
class RateLimits:
    """How much of a key's use one minute takes, and how many of its requests run at once; None = as many as come."""

    requests: int | None = None
    tokens: int | None = None
    concurrency: int | None = None

    @property
    def are_none(self) -> bool:
        """Whether there is nothing to count."""
        return self.requests is None and self.tokens is None and self.concurrency is None


@dataclass(frozen=True)
class Counter:
    """What is committed (spent and put aside) of one scope in one period, and the most that may be; None = no limit.

    `period` is such as 2026-11 or 2026-11-25.
    """

    scope: str
    period: str
    limit: int | None

    @property
    def name(self) -> str:
        """The attribute of the month's item that holds it."""
        if len(self.period) > len("2026-11"):
            return f"d{self.period[-2:]}#{self.scope}"
        return "committed" if self.scope == STACK else self.scope


@dataclass(frozen=True)
class LimitBook:
    """All limits of a stack as its table holds them: `<field>#<scope>`, and what is topped up as `<period>#<scope>`."""

    values: Mapping[str, Any]

    def limit(self, scope: str, field: str) -> int | None:
        """Return a limit without what is topped up; None where there is none."""
        value = self.values.get(f"{field}#{scope}")
        return None if value is None else int(value)

    def topped_up(self, scope: str, period: str) -> int:
        """Return by how many micro-dollars a scope's limit is raised in one month or day."""
        return int(self.values.get(f"{period}#{scope}", 0))

    def ceiling(self, scope: str, field: str, period: str) -> int | None:
        """Return the most that a scope may commit in a period; None where there is no limit."""
        limit = self.limit(scope, field)
        return None if limit is None else limit + self.topped_up(scope, period)

    def knows(self, scope: str) -> bool:
        """Return whether there is any limit for a scope."""
        return any(self.limit(scope, field) is not None for field in FIELDS)

    def rates(self, key_id: str) -> RateLimits:
        """Return a key's limits of speed."""
        scope = key_scope(key_id)
        return RateLimits(*(self.limit(scope, field) for field in RATE_FIELDS))


@dataclass(frozen=True)
class Allowance:
    """What one caller's requests count for, by the limits as they were read; `team` may be empty."""

    key_id: str
    team: str
    book: LimitBook

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that a request counts for besides the stack."""
        return (key_scope(self.key_id), *((team_scope(self.team),) if self.team else ()))

    def counters(self, stack_limit: int, now: float) -> tuple[Counter, ...]:
        """Return what a request at `now` counts for: key, team, stack, each with its month and, if limited, its day.

        `stack_limit` is the deployed one, in micro-dollars a month: the table can lower it, never raise it.
        """
        month, day = month_of(now), day_of(now)
        found = []
        for scope in (*self.scopes, STACK):
            of_month = self.book.ceiling(scope, MONTH, month)
            if scope == STACK:
                of_month = stack_limit if of_month is None else min(of_month, stack_limit)
            found.append(Counter(scope, month, of_month))
            of_day = self.book.ceiling(scope, DAY, day)
            if of_day is not None:
                found.append(Counter(scope, day, of_day))
        return tuple(found)


def first_full(counters: Sequence[Counter], committed: Mapping[str, Any], amount: int) -> Counter | None:
    """Return the first counter whose limit does not cover `amount` more, by what the month's item holds; or None."""
    for counter in counters:
        if counter.limit is not None and int(committed.get(counter.name, 0)) + amount > counter.limit:
            return counter
    return None


def past_days(held: Mapping[str, Any], now: float) -> Iterator[str]:
    """Yield the counters of days before yesterday in a month's item: nobody reserves or settles in them any more."""
    yesterday = int(day_of(now)[-2:]) - 1
    for name in held:
        match = _DAY_COUNTER.match(name)
        if match and int(match[1]) < yesterday:
            yield name
