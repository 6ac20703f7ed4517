"""Hands invocations to the function host: at once for callers who wait, with Lambda's retries for events."""

import json
import logging
import threading
import time
from dataclasses import dataclass

from leanto.embedded.aws.invocation import InvokeHook, InvokeRefusedError, InvokeResult

logger = logging.getLogger(__name__)

RETRY_DELAYS_SECONDS = (60.0, 120.0)
"""Lambda waits one minute before the first retry of an event and two before the second (developer guide, async)."""
THROTTLE_DELAY_SECONDS = 1.0
THROTTLE_DELAY_LIMIT_SECONDS = 300.0
"""A throttled event is tried again after 1 s, doubling up to 5 minutes, until it is too old (same page)."""


@dataclass(frozen=True)
class Event:
    """An invocation that nobody waits for."""

    function: str
    payload: bytes
    region: str
    maximum_retries: int = 2
    maximum_age_seconds: float = 21600.0


class Invocations:
    """One server's way to its function host. Nothing here holds a lock while a function runs."""

    def __init__(self, hook: InvokeHook | None, retry_delays_seconds: tuple[float, ...] = RETRY_DELAYS_SECONDS) -> None:
        self._hook = hook
        self._retry_delays_seconds = retry_delays_seconds
        self._stopped = threading.Event()

    def now(self, function: str, payload: bytes, region: str) -> InvokeResult:
        """Run the function and return its result; raises InvokeRefusedError when it was not run.

        A hook that breaks counts as the service's failure, as in Lambda, not as the function's.
        """
        if self._hook is None:
            raise InvokeRefusedError("ServiceException", "this embedded AWS was started without a function host", 500)
        try:
            return self._hook(function, payload, region)
        except InvokeRefusedError:
            raise
        except Exception as error:
            logger.exception("the function host failed to run %s", function)
            raise InvokeRefusedError(
                "ServiceException", f"the function host failed: {type(error).__name__}", 500
            ) from error

    def later(self, event: Event) -> None:
        """Queue an event and return at once. Order between events is not kept, as in Lambda."""
        threading.Thread(target=self._deliver, args=(event,), name=f"deliver {event.function}", daemon=True).start()

    def stop(self) -> None:
        """Give up what waits for a retry; what runs is left to the function host."""
        self._stopped.set()

    def _deliver(self, event: Event) -> None:
        deadline = time.monotonic() + event.maximum_age_seconds
        retries, throttles = 0, 0
        while not self._stopped.is_set():
            try:
                result = self.now(event.function, event.payload, event.region)
            except InvokeRefusedError as refusal:
                if refusal.status not in {429, 500, 503}:
                    logger.warning("an event for %s was dropped: %s", event.function, refusal.code)
                    return
                delay = min(THROTTLE_DELAY_SECONDS * 2**throttles, THROTTLE_DELAY_LIMIT_SECONDS)
                throttles += 1
            else:
                if result.function_error is None:
                    return
                if retries >= event.maximum_retries:
                    logger.warning("%s failed an event for good after %d retries", event.function, retries)
                    return
                delay = self._retry_delays_seconds[min(retries, len(self._retry_delays_seconds) - 1)]
                retries += 1
            if time.monotonic() + delay > deadline:
                logger.warning("an event for %s was dropped: older than its maximum age", event.function)
                return
            self._stopped.wait(delay)


def is_json(payload: bytes) -> bool:
    """Say whether Lambda would take this as an event; nothing at all counts as an empty one."""
    if not payload:
        return True
    try:
        json.loads(payload)
    except ValueError:
        return False
    return True
