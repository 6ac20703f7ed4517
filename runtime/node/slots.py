"""Admission: as many requests as the engine has slots, a few waiting behind them, and nobody else."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class RefusedError(Exception):
    """A request that is not admitted now; `reason` is a word for the gateway: full, draining or not_ready."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Slots:
    """Counts who is at the engine and who waits; `closed_for` is why nobody is admitted, empty while some are."""

    def __init__(self, slots: int, queue: int):
        self.slots = slots
        self.closed_for = "not_ready"
        self.busy = 0
        self._queue = queue
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def queued(self) -> int:
        """How many wait for a slot."""
        return len(self._waiting)

    def open(self) -> None:
        """Admit requests from now on."""
        self.closed_for = ""

    def close(self, reason: str) -> None:
        """Admit nobody from now on; those who wait have not begun, so another node can take them at once."""
        self.closed_for = reason
        while (turn := self._next()) is not None:
            turn.set_exception(RefusedError(reason))

    @asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """Hold a slot, waiting for one in turn; raises RefusedError at once where even waiting is not possible."""
        if self.closed_for:
            raise RefusedError(self.closed_for)
        if self.busy < self.slots:
            self.busy += 1
            self._idle.clear()
        elif len(self._waiting) < self._queue:
            await self._turn()
        else:
            raise RefusedError("full")
        try:
            yield
        finally:
            self._pass_on()

    async def wait_idle(self) -> None:
        """Wait until nobody is at the engine."""
        await self._idle.wait()

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif not turn.cancelled() and turn.exception() is None:
                self._pass_on()  # the slot came just when its client went
            raise

    def _pass_on(self) -> None:
        """Give a slot to whoever waits longest, or free it."""
        if (turn := self._next()) is not None:
            turn.set_result(None)
            return
        self.busy -= 1
        if not self.busy:
            self._idle.set()

    def _next(self) -> asyncio.Future[None] | None:
        """Return whoever waits longest and has not gone, no longer waiting."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                return turn
        return None
