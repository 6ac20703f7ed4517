"""Looks prices up. What no table says is Unknown, with the reason: never zero, never a guess from elsewhere."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from catalog.rows import Catalogue, FreeQuota
from catalog.tables import catalogue

HOURS_PER_MONTH = Decimal(730)
DAYS_PER_MONTH = HOURS_PER_MONTH / 24
LONGEST_MONTH_HOURS = Decimal(744)


@dataclass(frozen=True)
class Unknown:
    """An amount that the catalogue cannot tell, and why.

    `unread` tells that a property decides it that is not known yet or cannot be read, not that a price is missing.
    """

    reason: str
    unread: bool = False

    def __str__(self) -> str:
        """Return how the amount reads in a table."""
        return f"unknown: {self.reason}"


@dataclass(frozen=True)
class Unbounded:
    """An amount that nothing caps, and what would."""

    reason: str

    def __str__(self) -> str:
        """Return how the amount reads in a table."""
        return f"unbounded: {self.reason}"


Amount = Decimal | Unknown | Unbounded
"""A quantity or a sum: a number, one that the catalogue cannot tell, or one without an end."""


@dataclass(frozen=True)
class Quote:
    """A price in USD for one unit, with how sure it is, where it comes from and of when it is."""

    usd: Decimal
    unit: str
    mark: str
    source: str
    date: dt.date


@dataclass(frozen=True)
class Line:
    """What some resources cost a month in USD: at least `low`, at most `high`.

    `low` uses up the account's free quotas and the cheapest way to buy, `high` neither. `quantity` is in `unit`.
    `resources` are the names it is for. `knob` names what lowers it, a property or a declared limit; `basis` says where
    the quantity comes from. `part` tells it from other lines of the same item, "" where there is one of it.
    """

    item: str
    resources: tuple[str, ...]
    quantity: Decimal
    unit: str
    low: Decimal | Unknown
    high: Amount
    source: str = ""
    date: dt.date | None = None
    note: str = ""
    knob: str = ""
    basis: str = ""
    part: str = ""


@dataclass(frozen=True)
class Total:
    """The sum of lines. A line that is unknown adds nothing to `low`, which stays a lower bound.

    One without a bound makes `high` Unbounded, whatever the others are; else one that is unknown makes it Unknown.
    """

    low: Decimal
    high: Amount


def unit_price(item: str, region: str, tables: Catalogue | None = None) -> Quote | Unknown:
    """Return the price of one unit of an AWS `item`, such as "kms.key", in `region`."""
    row = (tables or catalogue()).unit_prices.get(item)
    if row is None:
        return Unknown(f"no price of {item} is listed")
    if region not in row.usd:
        return Unknown(f"no price of {item} in {region} is listed")
    return Quote(row.usd[region], row.unit, row.marks.get(region, "verified"), ", ".join(row.sources), row.date)


def instance_price(instance_type: str, region: str, *, spot: bool, tables: Catalogue | None = None) -> Quote | Unknown:
    """Return the price of one hour of an instance type in `region`, on demand or at the median spot price."""
    row = (tables or catalogue()).instance_prices.get((instance_type, region))
    if row is None:
        return Unknown(f"no price of {instance_type} in {region} is listed")
    if not spot:
        return Quote(row.on_demand_usd_per_hour, "hour", row.mark, row.source, row.date)
    if row.spot_usd_per_hour is None or row.spot_source is None or row.spot_date is None:
        return Unknown(f"no spot price of {instance_type} in {region} is listed")
    return Quote(row.spot_usd_per_hour, "hour", "verified", row.spot_source, row.spot_date)


def free_quota(item: str, tables: Catalogue | None = None) -> FreeQuota | None:
    """Return what an account gets free of `item` each month, or None."""
    return (tables or catalogue()).free_quotas.get(item)


def total(lines: Iterable[Line]) -> Total:
    """Add lines up."""
    lines = tuple(lines)
    low = sum((line.low for line in lines if isinstance(line.low, Decimal)), Decimal(0))
    endless = [line for line in lines if isinstance(line.high, Unbounded)]
    unknown = [line for line in lines if isinstance(line.high, Unknown)]
    if endless:
        return Total(low, Unbounded("no upper bound without a cap on " + _items(endless)))
    if unknown:
        return Total(low, Unknown("no upper bound without the price of " + _items(unknown)))
    return Total(low, sum((line.high for line in lines if isinstance(line.high, Decimal)), Decimal(0)))


def _items(lines: Iterable[Line]) -> str:
    return ", ".join(dict.fromkeys(line.item for line in lines))
