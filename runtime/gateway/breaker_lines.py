"""The line of a breaker that changed: which upstream, to what; in Lambda a metric of that upstream too."""

from collections.abc import Callable, Mapping
from typing import Any

from runtime.decide.breakers import State
from runtime.gateway.metrics import metrics_of_breaker, paid_stack
from runtime.log import now_iso, write_line

TellBreaker = Callable[[str, State, int], None]
"""Takes an upstream, what its breaker is now, and for how many seconds no request goes there."""


def breaker_line(upstream: str, state: State, seconds: int) -> dict[str, Any]:
    """Return the line's members."""
    told = {"upstream": upstream, "breaker_state": int(state), "open_seconds": seconds}
    return {"time": now_iso(), "level": "warning", "event": "breaker_changed", **told}


def write_breaker(upstream: str, state: State, seconds: int) -> None:
    """Write the line, as a server does, whose metrics are read from elsewhere."""
    write_line(breaker_line(upstream, state, seconds))


def breaker_teller(variables: Mapping[str, str]) -> TellBreaker:
    """Return what writes the line in Lambda: with the metric in it, where the variables say that it is paid for."""

    def tell(upstream: str, state: State, seconds: int) -> None:
        line = breaker_line(upstream, state, seconds)
        write_line(line | metrics_of_breaker(line, paid_stack(variables)))

    return tell
