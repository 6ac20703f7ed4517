"""The stop flag as requests meet it: looked up at most every few seconds, and no request passes without knowing it."""

import asyncio
import time
from collections.abc import Callable

from runtime.aws import AwsError
from runtime.gateway.answers import NO_RETRY, GatewayError
from runtime.gateway.stores import ItemStore
from runtime.state.table import StopFlag

FRESH_SECONDS = 5.0


class StopSwitch:
    """Refuses requests while the stack is stopped, or while nobody can say whether it is."""

    def __init__(self, table: ItemStore, clock: Callable[[], float] = time.time):
        """Take the clock of the wall: others may stand still while the execution environment is frozen."""
        self._table = table
        self._clock = clock
        self._lock = asyncio.Lock()
        self._flag: StopFlag | None = None
        self._read_at = 0.0

    async def check(self) -> None:
        """Return when the stack runs; raises GatewayError 503 when it is stopped or its table does not answer."""
        flag = self._flag if self._is_fresh() else None
        if flag is None:
            async with self._lock:
                flag = self._flag if self._is_fresh() else None
                if flag is None:
                    flag = self._flag = await self._read()
                    self._read_at = self._clock()
        if flag.stopped:
            message = f"This stack was stopped at {flag.at}: {flag.reason}. Ask the people who run it."
            raise GatewayError(503, "stopped", message, headers=NO_RETRY)

    def _is_fresh(self) -> bool:
        return 0 <= self._clock() - self._read_at < FRESH_SECONDS

    async def _read(self) -> StopFlag:
        try:
            return await self._table.stop_flag()
        except AwsError as error:
            raise GatewayError(
                503,
                "state_unavailable",
                f"The stack's table did not answer ({error.code}); no request passes without it.",
            ) from None
