"""The end that Lambda sets to an invocation, kept a moment early, and cancellations that belong to the handler."""

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

from runtime.errors import SafeError

T = TypeVar("T")
LAST_WORDS_SECONDS = 0.3
"""Kept from Lambda's deadline to report what happened: at the deadline itself the whole environment is killed, with its
connections, and the caller learns nothing."""


class DeadlineError(SafeError):
    """The handler was still at work when Lambda was about to end the invocation."""


class HandlerCancelledError(SafeError):
    """The handler ended in a cancellation that nobody asked of it."""


async def within_deadline(work: Awaitable[T], deadline_ms: int) -> T:
    """Return what `work` returns; `deadline_ms` is in milliseconds since the epoch.

    Raises DeadlineError shortly before that, once `work` has been cancelled and has cleaned up, and
    HandlerCancelledError instead of a cancellation from within `work`, which would end the process.
    """
    left = deadline_ms / 1000 - time.time() - LAST_WORDS_SECONDS
    bound = asyncio.timeout(left)
    try:
        async with bound:
            return await work
    except TimeoutError:
        if bound.expired():
            raise DeadlineError("the invocation was given up just before the deadline that Lambda set") from None
        raise
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise HandlerCancelledError("the handler was cancelled from within") from None
