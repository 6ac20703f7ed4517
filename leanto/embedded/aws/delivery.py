"""Lambda's asynchronous invocation of one event: tried again after errors and throttles, given up after a while."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from leanto.embedded.aws.invocation import InvokeRefusedError, InvokeResult

logger = logging.getLogger(__name__)

RETRY_DELAYS_SECONDS = (60.0, 120.0)
"""Lambda waits one minute before the first retry of an event and two before the second (developer guide, async)."""
THROTTLE_DELAY_SECONDS = 1.0
THROTTLE_DELAY_LIMIT_SECONDS = 300.0
"""A throttled event is tried again after 1 s, doubling up to 5 minutes, until it is too old (same page)."""
RETRIED_STATUSES = frozenset({429, 500, 503})


@dataclass(frozen=True)
class Event:
    """An invocation that nobody waits for, with the settings of its function's EventInvokeConfig."""

    function: str
    function_arn: str
    payload: bytes
    region: str
    maximum_retries: int = 2
    maximum_age_seconds: float = 21600.0
    on_failure_arn: str = ""


@dataclass(frozen=True)
class Lost:
    """Why an event was given up: `condition` is Lambda's word for it, `result` the last answer of the function."""

    condition: str
    attempts: int
    result: InvokeResult | None


class Delivery:
    """Delivers one event. `run` performs one attempt; `wait` sleeps and says whether the server has stopped."""

    def __init__(
        self,
        event: Event,
        run: Callable[[], InvokeResult],
        wait: Callable[[float], bool],
        retry_delays_seconds: tuple[float, ...] = RETRY_DELAYS_SECONDS,
    ) -> None:
        self._event = event
        self._run = run
        self._wait = wait
        self._retry_delays_seconds = retry_delays_seconds
        self._attempts = self._throttles = 0
        self._result: InvokeResult | None = None

    def complete(self) -> Lost | None:
        """Return None once the function has done its work, or the server has stopped; else why it was given up."""
        deadline = time.monotonic() + self._event.maximum_age_seconds
        while True:
            try:
                delay = self._attempt()
            except InvokeRefusedError as refusal:
                if refusal.status not in RETRIED_STATUSES:
                    logger.warning("an event for %s was dropped: %s", self._event.function, refusal.code)
                    return None
                delay = min(THROTTLE_DELAY_SECONDS * 2**self._throttles, THROTTLE_DELAY_LIMIT_SECONDS)
                self._throttles += 1
            if delay is None:
                return None
            if self._attempts > self._event.maximum_retries:
                return self._lost("RetriesExhausted")
            if time.monotonic() + delay > deadline:
                return self._lost("EventAgeExceeded")
            if self._wait(delay):
                return None

    def _attempt(self) -> float | None:
        """Run the function; return None when it has done its work, else the seconds to wait before the next attempt."""
        self._result = self._run()
        self._attempts += 1
        if self._result.function_error is None:
            return None
        return self._retry_delays_seconds[min(self._attempts, len(self._retry_delays_seconds)) - 1]

    def _lost(self, condition: str) -> Lost:
        logger.warning("an event for %s was given up: %s", self._event.function, condition)
        return Lost(condition, self._attempts, self._result)
