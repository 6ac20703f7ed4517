"""Amounts as people type them and as the table keeps them: USD to the micro-dollar, never a float; whole numbers."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from leanto.cli.exits import CommandError

MICRO_USD = 1_000_000
MAXIMUM_USD = 1_000_000
MAXIMUM_RATE = 1_000_000_000
NONE = "none"
NO_LIMIT = -1
"""What the options give for `none`."""


class Amount(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """An option's amount as a whole number; with `may_be_none`, `none` is NO_LIMIT and takes a limit away.

    `read` takes the text and the option's name.
    """

    def __init__(self, name: str, read: Callable[[str, str], int], *, may_be_none: bool = False) -> None:
        self.name = f"{name}|{NONE}" if may_be_none else name
        self._read = read
        self._may_be_none = may_be_none

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the option; raises CommandError with its name."""
        del ctx
        if isinstance(value, int):
            return value
        if self._may_be_none and str(value).lower() == NONE:
            return NO_LIMIT
        return self._read(str(value), param.opts[0] if param else "")


def micro_usd(text: str, option: str) -> int:
    """Return an amount in USD as micro-dollars; raises CommandError for what is not exact, below zero or very much."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= MAXIMUM_USD or amount != round(amount, 6):
        raise CommandError(
            f"{option} {text!r}: an amount in USD from 0 to {MAXIMUM_USD}, with at most six decimals, such as 12.50"
        )
    return int(amount * MICRO_USD)


def whole_number(text: str, option: str) -> int:
    """Return a whole number of at least one; raises CommandError for others and for very large ones."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(MAXIMUM_RATE)) else 0
    if not 1 <= number <= MAXIMUM_RATE:
        raise CommandError(f"{option} {text!r}: a whole number from 1 to {MAXIMUM_RATE}")
    return number


def usd(micro: int) -> str:
    """Return micro-dollars as USD, with two decimals or as many as it takes: 12500000 is 12.50."""
    whole, _, cents = f"{Decimal(micro).scaleb(-6):.6f}".partition(".")
    return f"{whole}.{cents.rstrip('0').ljust(2, '0')}"


USD = Amount("USD", micro_usd)
USD_OR_NONE = Amount("USD", micro_usd, may_be_none=True)
NUMBER = Amount("N", whole_number)
NUMBER_OR_NONE = Amount("N", whole_number, may_be_none=True)
