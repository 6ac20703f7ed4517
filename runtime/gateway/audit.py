"""The audit line: one JSON object for each request, with who asked what of whom, at what cost; never what was said."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from runtime.gateway.access import Record
from runtime.gateway.metrics import embedded_metrics, paid_stack
from runtime.log import now_iso, write_line

Tell = Callable[[Record], None]
"""Takes the record of a request that has ended."""

NOT_TOLD = frozenset({"headers", "traceparent", "cost_is_open", "next_event"})
"""What a record holds for the request's own sake."""

_TOLD = tuple(field.name for field in fields(Record) if field.name not in NOT_TOLD)


def audit_line(record: Record) -> dict[str, Any]:
    """Return the line's members; what is not known of a request is not among them, rather than zero.

    The cost is known, and may be zero, once every attempt is settled.
    """
    line: dict[str, Any] = {"time": now_iso(), "event": "request"}
    line |= {name: value for name in _TOLD if (value := getattr(record, name)) not in {"", 0}}
    if record.attempts and not record.cost_is_open:
        line["cost_micro_usd"] = record.cost_micro_usd
    return line


def write_audit(record: Record) -> None:
    """Write the line, as a server does, whose metrics are read from elsewhere."""
    write_line(audit_line(record))


def teller(variables: Mapping[str, str]) -> Tell:
    """Return what writes the line in Lambda: with the metrics in it, where the variables say that they are paid for."""

    def tell(record: Record) -> None:
        line = audit_line(record)
        write_line(line | embedded_metrics(line, paid_stack(variables)))

    return tell
