"""What a check says of a stack's money: the three months, and what a change does to them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.comparing import Change, compare, from_plain, to_plain
from catalog.pricing import Amount, Line, Unbounded, Unknown, total
from catalog.view import Case
from policies.estimate import lines_of
from policies.pack import BY_ID
from policies.reading import Unread
from policies.runner import Run
from policies.stack import Stack

CAP = "monthly-worst-case"
"""The rule whose parameters declare the limits that the months are reckoned with."""
LARGEST = 10


class BaseError(Exception):
    """A base report cannot be read; the message names the file and says why."""


@dataclass(frozen=True)
class Month:
    """One month of a stack: its lines, the dearest first, and those of the base, where there is one."""

    case: Case
    lines: tuple[Line, ...]
    base: tuple[Line, ...] | None = None

    @property
    def low(self) -> Amount:
        """The least that the month costs, in USD."""
        return total(self.lines).low

    @property
    def high(self) -> Amount:
        """The most that the month costs, in USD."""
        return total(self.lines).high

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the change does to the upper bound, the largest difference first; nothing without a base."""
        return () if self.base is None else compare(self.base, self.lines)


def months_of(stack: Stack, run: Run, base: dict[str, tuple[Line, ...]] | None = None) -> tuple[Month, ...]:
    """Return the months of a stack; none where its region, and so its prices, are not known."""
    settings = run.settings(BY_ID[CAP])
    try:
        return tuple(
            Month(case, lines_of(case, stack, settings), None if base is None else base.get(case.value, ()))
            for case in Case
        )
    except Unread:
        return ()


def read_base(path: Path) -> dict[str, tuple[Line, ...]]:
    """Return the months of an earlier report in JSON. Raises BaseError."""
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        return {name: tuple(map(from_plain, month["lines"])) for name, month in document["months"].items()}
    except OSError as error:
        raise BaseError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BaseError(f"{path} is no report that `leanto check --json` wrote: write it anew") from None


def as_plain(months: Sequence[Month]) -> dict[str, Any]:
    """Return months as JSON can hold them; amounts are texts, so that no digit is lost."""
    return {
        month.case.value: {
            "low_usd": usd_text(month.low),
            "high_usd": usd_text(month.high),
            "lines": [to_plain(line) for line in month.lines],
            **({} if month.base is None else {"changes": [_change(row) for row in month.changes]}),
        }
        for month in months
    }


def range_text(month: Month) -> str:
    """Return a month as "from to" in USD."""
    return f"{usd_text(month.low)} to {usd_text(month.high)} USD"


def change_text(change: Change) -> str:
    """Return one change in words: the item, and its upper bound before and after."""
    before, after = change.bounds
    difference = change.difference
    told = f" ({difference:+.2f})" if difference is not None else ""
    names = next((", ".join(line.resources[:2]) for line in (change.after, change.before) if line), "")
    of = f" of {names}" if names else ""
    return f"{change.item}{of}: {usd_text(before)} -> {usd_text(after)} USD{told}"


def usd_text(amount: Amount) -> str:
    """Return an amount to the cent, or what it is instead."""
    if isinstance(amount, Unbounded):
        return "unbounded"
    return "unknown" if isinstance(amount, Unknown) else f"{amount:.2f}"


def _change(change: Change) -> dict[str, str | None]:
    before, after = change.bounds
    difference = change.difference
    return {
        "item": change.item,
        "part": change.part,
        "before_usd": usd_text(before),
        "after_usd": usd_text(after),
        "difference_usd": None if difference is None else f"{difference:.2f}",
    }
