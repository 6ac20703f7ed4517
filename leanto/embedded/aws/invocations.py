"""Hands invocations to the function host: at once for callers who wait, in the background for events."""

import json
import logging
import threading
from collections.abc import Callable, Iterator

from leanto.embedded.aws.delivery import RETRY_DELAYS_SECONDS, Delivery, Event, Lost
from leanto.embedded.aws.invocation import InvokeHook, InvokeRefusedError, InvokeResult, InvokeStreamHook

logger = logging.getLogger(__name__)


class Invocations:
    """One server's way to its function host. Nothing here holds a lock while a function runs."""

    def __init__(
        self,
        hook: InvokeHook | None,
        on_lost: Callable[[Event, Lost], None],
        retry_delays_seconds: tuple[float, ...] = RETRY_DELAYS_SECONDS,
        stream_hook: InvokeStreamHook | None = None,
    ) -> None:
        self._hook = hook
        self._stream_hook = stream_hook
        self._on_lost = on_lost
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
            message = f"the function host failed with {type(error).__name__}"  # its text may quote the payload
            logger.error("%s when it was to run %s", message, function)  # noqa: TRY400 - same
            raise InvokeRefusedError("ServiceException", message, 500) from error

    def streamed(self, function: str, payload: bytes, region: str) -> Iterator[bytes]:
        """Run the function and return its response as it comes; raises InvokeRefusedError when it was not run."""
        if self._stream_hook is None:
            raise InvokeRefusedError("ServiceException", "this embedded AWS was started without a function host", 500)
        return self._stream_hook(function, payload, region)

    def later(self, event: Event) -> None:
        """Queue an event and return at once. Order between events is not kept, as in Lambda."""
        threading.Thread(target=self._deliver, args=(event,), name=f"deliver {event.function}", daemon=True).start()

    def stop(self) -> None:
        """Give up what waits for a retry; what runs is left to the function host."""
        self._stopped.set()

    def _deliver(self, event: Event) -> None:
        def run() -> InvokeResult:
            return self.now(event.function, event.payload, event.region)

        lost = Delivery(event, run, self._stopped.wait, self._retry_delays_seconds).complete()
        if lost is not None and not self._stopped.is_set():
            self._on_lost(event, lost)


def is_json(payload: bytes) -> bool:
    """Say whether Lambda would take this as an event; nothing at all counts as an empty one."""
    if not payload:
        return True
    try:
        json.loads(payload)
    except ValueError:
        return False
    return True
