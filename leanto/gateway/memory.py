"""A stack's state in this process: for local use and for benchmarks. It ends with the process; nothing is shared.

Each method decides and writes without letting another one in between, which makes it one step, as a conditional write
to the table is. The decisions themselves are those of `runtime.decide`, as for the table.
"""

import itertools
from collections import Counter as Sums
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from runtime.decide.breakers import CLOSED, Breaker
from runtime.decide.limits import STACK, Counter, RateLimits, first_full
from runtime.decide.months import month_of
from runtime.decide.rates import Window, is_over, never_fits, refusal, window_of
from runtime.state.budgets import LimitReachedError, Reservation
from runtime.state.keys import ACTIVE, KeyRecord, NewKey
from runtime.state.rates import Admitted, RateLimitedError
from runtime.state.table import StopFlag

KEPT_MONTHS = 2
"""A request that was under way at the end of a month is settled in it."""

OWNER = "local"


class MemoryItems:
    """One key, which may do all; no limits of keys and teams; never stopped."""

    def __init__(self, key: NewKey) -> None:
        self._record = KeyRecord(
            key_id=key.key_id, hash=key.hash, name=OWNER, team=OWNER, models=None, state=ACTIVE, expires_at=None
        )

    async def key(self, key_id: str) -> KeyRecord | None:
        """Return the key if it is the one."""
        return self._record if key_id == self._record.key_id else None

    async def stop_flag(self) -> StopFlag:
        """Return that nobody stopped it."""
        return StopFlag(stopped=False)

    async def values(self, partition: str, sort: str) -> dict[str, Any]:
        """Return nothing: there are no such items."""
        del partition, sort
        return {}


class MemoryBudgets:
    """What is committed in each month: spent, or put aside for requests under way."""

    def __init__(self) -> None:
        self._months: dict[str, Sums[str]] = {}
        self._open: dict[str, Reservation] = {}
        self._numbers = itertools.count()

    async def reserve(self, counters: Sequence[Counter], amount: int, *, now: float, until: float) -> Reservation:
        """Put micro-dollars aside in all counters or none; raises LimitReachedError."""
        del until  # nobody else settles what this process has left open
        item = f"{STACK}#{month_of(now)}"
        month = self._months.setdefault(item, Sums())
        if full := first_full(counters, {}, amount) or first_full(counters, month, amount):
            raise LimitReachedError(full)
        names = tuple(counter.name for counter in counters)
        for name in names:
            month[name] += amount
        reservation = Reservation(item, str(next(self._numbers)), amount, names)
        self._open[reservation.id] = reservation
        if len(self._months) > KEPT_MONTHS:
            del self._months[min(self._months)]
        return reservation

    async def settle(self, reservation: Reservation, charge: int, *, estimated: bool = False) -> bool:
        """Charge a reservation and give the rest of it back; returns False when it is settled already."""
        del estimated
        if self._open.pop(reservation.id, None) is None:
            return False
        month = self._months.get(reservation.item)
        if month is not None:
            for name in reservation.counters:
                month[name] += charge - reservation.amount
        return True

    def committed(self, counter: str, now: float) -> int:
        """Return what is committed of one counter in the month of `now`, in micro-dollars."""
        return self._months.get(f"{STACK}#{month_of(now)}", Sums())[counter]


class MemoryRates:
    """The counts of each key's minute, and its requests under way."""

    def __init__(self) -> None:
        self._windows: dict[str, Window] = {}
        self._open: set[str] = set()
        self._numbers = itertools.count()

    async def admit(self, key_id: str, limits: RateLimits, tokens: int, *, now: float, until: float) -> Admitted:
        """Count a request, or raise RateLimitedError and count nothing."""
        del until
        if refused := never_fits(limits, tokens):
            raise RateLimitedError(refused, None)
        window = self._windows.get(key_id, Window())
        if refused := refusal(limits, window, tokens, now):
            raise RateLimitedError(refused, window)
        if is_over(window, now):
            window = replace(window, number=window_of(now), requests=0, tokens=0)
        slot = None
        if limits.concurrency is not None or limits.tokens is not None:
            slot = str(next(self._numbers))
            self._open.add(slot)
            window = replace(window, running=window.running + 1)
        window = replace(window, requests=window.requests + 1, tokens=window.tokens + tokens)
        self._windows[key_id] = window
        return Admitted(key_id, slot, tokens, window)

    async def release(self, admitted: Admitted, used_tokens: int | None, *, now: float) -> None:
        """Give a request's slot back and put its tokens right; tokens are taken off only in their own minute."""
        if admitted.slot is None or admitted.slot not in self._open:
            return
        self._open.remove(admitted.slot)
        window = self._windows[admitted.key_id]
        more = 0 if used_tokens is None else used_tokens - admitted.tokens
        is_same_minute = window.number == admitted.window.number and window_of(now) <= window.number
        self._windows[admitted.key_id] = replace(
            window, running=window.running - 1, tokens=window.tokens + (more if is_same_minute else max(0, more))
        )


class MemoryBreakers:
    """Which upstreams are left alone."""

    def __init__(self) -> None:
        self._open: dict[str, Breaker] = {}

    async def read(self) -> dict[str, Breaker]:
        """Return the breakers that are not closed."""
        return dict(self._open)

    async def change(self, upstream: str, before: Breaker, after: Breaker) -> bool:
        """Write a breaker if it still is as it was; returns whether it was."""
        if self._open.get(upstream, CLOSED) != before:
            return False
        if after.is_closed:
            self._open.pop(upstream, None)
        else:
            self._open[upstream] = after
        return True
