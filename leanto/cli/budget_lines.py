"""What is limited, spent and left of each budget of a stack, read from the table's items; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from leanto.cli.amounts import usd
from runtime.decide.limits import DAY, MONTH, STACK, Counter, LimitBook
from runtime.state.budgets import RESERVATION_PREFIX


@dataclass(frozen=True)
class Line:
    """One budget in one month or day, in micro-dollars; `limit` None = there is none, `spent` None = not kept by day.

    `committed` is what is spent and what is put aside for requests that are not settled.
    """

    scope: str
    period: str
    limit: int | None
    committed: int
    spent: int | None

    @property
    def left(self) -> int | None:
        """What a request may still cost; None where there is no limit."""
        return None if self.limit is None else max(0, self.limit - self.committed)

    def document(self) -> dict[str, Any]:
        """Return the line for scripts, amounts in micro-dollars."""
        amounts = {
            f"{name}_micro_usd": value for name, value in asdict(self).items() if name not in {"scope", "period"}
        }
        return {"scope": self.scope, "period": self.period, **amounts, "left_micro_usd": self.left}

    def text(self) -> str:
        """Return the line for people, amounts in USD."""
        spent = f", {usd(self.committed - self.spent)} of it put aside" if self.spent is not None else ""
        bound = "no limit" if self.limit is None else f"limit {usd(self.limit)}, left {usd(self.left or 0)}"
        return f"{self.scope.replace('#', ' ')}  {self.period}  {bound}; committed {usd(self.committed)}{spent} (USD)"


def lines(book: LimitBook, item: Mapping[str, Any], month: str, day: str, stack_limit: int) -> Iterator[Line]:
    """Yield the stack's budget, then those of all scopes that have a limit or have spent, by name."""
    limited = {name.partition("#")[2] for name in book.values if name.partition("#")[0] in {MONTH, DAY}}
    used = {name for name in item if name.startswith(("key#", "team#"))}
    for scope in (STACK, *sorted((limited | used) - {STACK})):
        yield from scope_lines(scope, book, item, (month, day), stack_limit)


def scope_lines(
    scope: str, book: LimitBook, item: Mapping[str, Any], periods: tuple[str, str], stack_limit: int
) -> Iterator[Line]:
    """Yield one scope's month, and its day if that is limited."""
    month, day = periods
    of_month = book.ceiling(scope, MONTH, month)
    if scope == STACK:
        of_month = stack_limit if of_month is None else min(of_month, stack_limit)
    committed = int(item.get(Counter(scope, month, None).name, 0))
    yield Line(scope, month, of_month, committed, committed - _put_aside(scope, item))
    of_day = book.ceiling(scope, DAY, day)
    if of_day is not None:
        yield Line(scope, day, of_day, int(item.get(Counter(scope, day, None).name, 0)), None)


def _put_aside(scope: str, item: Mapping[str, Any]) -> int:
    entries = [value for name, value in item.items() if name.startswith(RESERVATION_PREFIX)]
    return sum(int(entry[0]) for entry in entries if scope == STACK or scope in entry[2:])
