"""The breakers as requests meet them: known from a read every few seconds, written only when one changes.

They spare requests and time, not money: where the table does not answer, what was known before holds, and a breaker of
which nothing is known is closed.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from runtime.aws import AwsError
from runtime.decide.breakers import CLOSED, FAILURES_TO_OPEN, Breaker, State, claimed, opened, reopened
from runtime.gateway.breaker_lines import TellBreaker, write_breaker
from runtime.gateway.stores import BreakerStore
from runtime.log import write_error

FRESH_SECONDS = 5.0


@dataclass(frozen=True)
class Pass:
    """The leave to ask an upstream once; `claim` is the breaker as this process wrote it, if this is its probe."""

    upstream: str
    claim: Breaker | None = None


class Breakers:
    """Tells which upstreams are left alone, and learns from each attempt."""

    def __init__(
        self, item: BreakerStore, tell: TellBreaker = write_breaker, clock: Callable[[], float] = time.time
    ) -> None:
        """Take the clock of the wall: others may stand still while the execution environment is frozen.

        `tell` gets each change that this process makes for all.
        """
        self._item = item
        self._tell = tell
        self._clock = clock
        self._lock = asyncio.Lock()
        self._known: dict[str, Breaker] = {}
        self._read_at = -FRESH_SECONDS
        self._failures: Counter[str] = Counter()

    async def open_seconds(self, upstreams: tuple[str, ...]) -> tuple[float, ...]:
        """Return for each upstream how long it is left alone; 0 when it may be asked, if only once as a probe."""
        async with self._lock:
            if not 0 <= self._clock() - self._read_at < FRESH_SECONDS:
                await self._read()
        now = self._clock()
        return tuple(self._known.get(upstream, CLOSED).open_seconds(now) for upstream in upstreams)

    async def enter(self, upstream: str) -> Pass | None:
        """Return the leave to ask an upstream now, None when it is open or another process makes its probe."""
        breaker = self._known.get(upstream, CLOSED)
        if breaker.is_closed:
            return Pass(upstream)
        if breaker.open_seconds(self._clock()) > 0:
            return None
        claim = claimed(breaker, self._clock())
        won = await self._change(upstream, breaker, claim, State.HALF_OPEN)
        return Pass(upstream, claim) if won else None

    async def succeeded(self, leave: Pass) -> None:
        """Note that the upstream answered."""
        self._failures.pop(leave.upstream, None)
        if leave.claim is not None:
            await self._change(leave.upstream, leave.claim, CLOSED, State.CLOSED)

    async def failed(self, leave: Pass) -> None:
        """Note that the upstream is in trouble."""
        if leave.claim is not None:
            await self._change(leave.upstream, leave.claim, reopened(leave.claim, self._clock()), State.OPEN)
            return
        if not self._known.get(leave.upstream, CLOSED).is_closed:
            return  # requests that were under way when it opened tell nothing new
        self._failures[leave.upstream] += 1
        if self._failures[leave.upstream] >= FAILURES_TO_OPEN:
            del self._failures[leave.upstream]
            await self._change(leave.upstream, CLOSED, opened(self._clock()), State.OPEN)

    async def _read(self) -> None:
        self._read_at = self._clock()
        try:
            self._known = await self._item.read()
        except AwsError as error:
            write_error("breakers_unread", error)

    async def _change(self, upstream: str, before: Breaker, after: Breaker, state: State) -> bool:
        """Write a change, and hold to it here; when another process was first, learn what it wrote at the next look."""
        self._known[upstream] = after
        try:
            is_ours = await self._item.change(upstream, before, after)
        except AwsError as error:
            write_error("breaker_unwritten", error)
            return True
        if is_ours:
            self._tell(upstream, state, after.seconds)
        else:
            self._read_at = -FRESH_SECONDS
        return is_ours
