"""What a change does to a month: the lines of before and after, side by side, the largest difference first.

A month can be kept as plain data, so that a later one is compared with it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from catalog.pricing import Amount, Line, Unbounded, Unknown

NOTHING: Amount = Decimal(0)


@dataclass(frozen=True)
class Change:
    """One line before and after; None where there was or is none."""

    item: str
    part: str
    before: Line | None
    after: Line | None

    @property
    def difference(self) -> Decimal | None:
        """By how much the upper bound in USD rises, or falls below zero; None where one side is not a number."""
        before, after = self.bounds
        return after - before if isinstance(before, Decimal) and isinstance(after, Decimal) else None

    @property
    def bounds(self) -> tuple[Amount, Amount]:
        """The upper bounds before and after; a line that is not there costs nothing."""
        before = NOTHING if self.before is None else self.before.high
        return before, NOTHING if self.after is None else self.after.high


def compare(base: Sequence[Line], now: Sequence[Line]) -> tuple[Change, ...]:
    """Return what differs between two months in its upper bound, what became unbounded or unknown first."""
    before, after = _keyed(base), _keyed(now)
    changes = (Change(*key, before.get(key), after.get(key)) for key in dict.fromkeys((*before, *after)))
    return tuple(sorted((change for change in changes if change.bounds[0] != change.bounds[1]), key=_order))


def _keyed(lines: Sequence[Line]) -> Mapping[tuple[str, str], Line]:
    return {(line.item, line.part): line for line in lines}


def _order(change: Change) -> tuple[int, Decimal, str, str]:
    after = change.bounds[1]
    rank = 0 if isinstance(after, Unbounded) else 1 if isinstance(after, Unknown) else 2
    return rank, -abs(change.difference or Decimal(0)), change.item, change.part


def to_plain(line: Line) -> dict[str, Any]:
    """Return a line as JSON can hold it: amounts as texts, so that no digit is lost."""
    return {
        "item": line.item,
        "part": line.part,
        "resources": list(line.resources),
        "quantity": str(line.quantity),
        "unit": line.unit,
        "low": _plain(line.low),
        "high": _plain(line.high),
        "source": line.source,
        "date": line.date.isoformat() if line.date else None,
        "note": line.note,
        "knob": line.knob,
        "basis": line.basis,
    }


def from_plain(row: Mapping[str, Any]) -> Line:
    """Return the line that `to_plain` wrote. Raises ValueError for anything else."""
    try:
        return Line(
            str(row["item"]),
            tuple(str(name) for name in row["resources"]),
            Decimal(row["quantity"]),
            str(row["unit"]),
            _known_or_not(row["low"]),
            _amount(row["high"]),
            str(row["source"]),
            dt.date.fromisoformat(row["date"]) if row["date"] else None,
            *(str(row[key]) for key in ("note", "knob", "basis", "part")),
        )
    except (KeyError, TypeError, InvalidOperation) as error:
        raise ValueError(f"not a line of an estimate: {error!r}") from None


def _plain(amount: Amount) -> str | dict[str, str]:
    if isinstance(amount, Decimal):
        return str(amount)
    if isinstance(amount, Unbounded):
        return {"unbounded": amount.reason}
    return {"unread" if amount.unread else "unknown": amount.reason}


def _known_or_not(written: Any) -> Decimal | Unknown:
    if isinstance(written, str):
        return Decimal(written)
    return Unknown(str(written["unread"]), unread=True) if "unread" in written else Unknown(str(written["unknown"]))


def _amount(written: Any) -> Amount:
    if isinstance(written, Mapping) and "unbounded" in written:
        return Unbounded(str(written["unbounded"]))
    return _known_or_not(written)
