"""What every figure of the catalogue is held to: it is above zero where it is known, and its mark is one of ours."""

from collections.abc import Iterator
from decimal import Decimal

MARKS = frozenset({"verified", "derived", "weak", "unverified"})


def positive(where: str, **amounts: Decimal | int | None) -> Iterator[str]:
    """Yield a problem for each amount that is known and not above zero."""
    for name, amount in amounts.items():
        if amount is not None and amount <= 0:
            yield f"{where}: {name} must be above zero, is {amount}; leave an unknown figure out"


def one_of(where: str, name: str, value: str, allowed: frozenset[str]) -> Iterator[str]:
    """Yield a problem for a value that is not among the allowed ones."""
    if value not in allowed:
        yield f"{where}: {name} must be one of {', '.join(sorted(allowed))}, is {value!r}"
