"""The limits of keys and teams as requests meet them: read at most every few seconds, and no request passes without."""

import asyncio
import time
from collections.abc import Callable

from runtime.aws import AwsError
from runtime.decide.limits import Allowance, LimitBook, key_scope
from runtime.gateway.answers import GatewayError
from runtime.gateway.caller import Caller
from runtime.gateway.stores import ItemStore
from runtime.state.limits import read_limits

FRESH_SECONDS = 5.0


class Allowances:
    """Tells what each caller may use."""

    def __init__(self, table: ItemStore, clock: Callable[[], float] = time.time):
        """Take the clock of the wall: others may stand still while the execution environment is frozen."""
        self._table = table
        self._clock = clock
        self._lock = asyncio.Lock()
        self._book: LimitBook | None = None
        self._read_at = 0.0

    async def of(self, caller: Caller) -> Allowance:
        """Return a caller's limits; raises GatewayError 503 when the table does not answer.

        A key that was made with limits is never admitted without them: where those last read have none of it, they are
        read again, and where there are none still, somebody has taken them away.
        """
        async with self._lock:
            is_fresh = 0 <= self._clock() - self._read_at < FRESH_SECONDS
            if self._book is None or not is_fresh or _lacks(self._book, caller):
                self._book = await self._read()
                self._read_at = self._clock()
            book = self._book
        if _lacks(book, caller):
            raise GatewayError(503, "state_unavailable", "The limits of this key are not to be found in the table.")
        return Allowance(caller.key_id, caller.team, book)

    async def _read(self) -> LimitBook:
        try:
            return await read_limits(self._table)
        except AwsError as error:
            message = f"The stack's table did not answer ({error.code}); no request passes without it."
            raise GatewayError(503, "state_unavailable", message) from None


def _lacks(book: LimitBook, caller: Caller) -> bool:
    return caller.limited and not book.knows(key_scope(caller.key_id))
