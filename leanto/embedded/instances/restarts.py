"""When systemd starts a service again, and when it has had enough; see systemd.service(5) and systemd.unit(5)."""

import signal
import time
from collections import deque
from collections.abc import Callable

from leanto.embedded.instances.units import Unit

SECTION = "Service"
DEFAULT_LIMIT_SECONDS, DEFAULT_LIMIT_STARTS = 10.0, 5
CLEAN_SIGNALS = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE})


class StartLimit:
    """Counts a unit's starts within its interval."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._starts: deque[float] = deque()

    def allows(self, unit: Unit) -> bool:
        """Count one start; returns False, and counts none, where the limit leaves no room for it."""
        seconds = unit.seconds("Unit", "StartLimitIntervalSec", DEFAULT_LIMIT_SECONDS)
        burst = int(unit.one("Unit", "StartLimitBurst", str(DEFAULT_LIMIT_STARTS)))
        now = self._clock()
        while self._starts and now - self._starts[0] >= seconds:
            self._starts.popleft()
        if seconds and len(self._starts) >= burst:
            return False
        self._starts.append(now)
        return True


def is_restarted(unit: Unit, status: int) -> bool:
    """Say whether a service that ended so is started again; a status below zero is the number of a signal."""
    if str(status) in unit.words(SECTION, "RestartPreventExitStatus"):
        return False
    clean = is_clean(unit, status)
    wanted = {"always": True, "on-success": clean, "on-failure": not clean, "on-abnormal": status < 0 and not clean}
    return wanted.get(unit.one(SECTION, "Restart", "no"), False)


def is_clean(unit: Unit, status: int) -> bool:
    """Say whether an end counts as success."""
    return status == 0 or -status in CLEAN_SIGNALS or str(status) in unit.words(SECTION, "SuccessExitStatus")


def result(status: int) -> str:
    """Return systemd's word for a failure."""
    return "signal" if status < 0 else "exit-code"
