"""From where a month is looked at: which month, with which declared use, over which resources, at which prices."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from catalog.deployed import Deployed, DeployedResource
from catalog.pricing import DAYS_PER_MONTH, HOURS_PER_MONTH, LONGEST_MONTH_HOURS, Amount, Unbounded
from catalog.rows import Catalogue
from catalog.usage import Usage


class Case(StrEnum):
    """The three months: nobody uses the stack; it is used as declared; everything is used up to its caps."""

    IDLE = "idle"
    EXPECTED = "expected"
    WORST = "worst"


@dataclass(frozen=True)
class View:
    """All that decides an amount besides the resource itself."""

    case: Case
    stack: Deployed
    region: str
    usage: Usage
    tables: Catalogue

    @property
    def hours(self) -> Decimal:
        """The hours of the month: 744 in the worst, else the 730 of an average one."""
        return LONGEST_MONTH_HOURS if self.case is Case.WORST else HOURS_PER_MONTH

    @property
    def seconds(self) -> Decimal:
        """The seconds of the month."""
        return self.hours * 3600

    @property
    def days(self) -> Decimal:
        """The days of the month."""
        return Decimal(31) if self.case is Case.WORST else DAYS_PER_MONTH


@dataclass(frozen=True)
class Charge:
    """An amount of a priced item that a resource takes in a month: at `least`, and at `most`.

    Amounts are single pieces (requests, not millions of them), or pieces held all the time where the unit is a time
    ("hour": one piece for all hours). `knob` names what lowers the amount, `basis` says where it comes from. `part`
    keeps the line of a charge apart from those of other resources with the same item.
    """

    item: str
    least: Decimal
    most: Amount
    knob: str = ""
    basis: str = ""
    part: str = ""


def region_of(resource: DeployedResource, view: View) -> str:
    """Return the region of a resource: its own where it names one, else the stack's."""
    own = resource.properties.get("region")
    return own if isinstance(own, str) and own else view.region


Charges = Callable[[DeployedResource, View], Iterator[Charge]]


@dataclass(frozen=True)
class Cap:
    """The most of something in a month, what sets it, and how it was found."""

    most: Amount
    knob: str
    basis: str


def smaller(one: Cap, other: Cap) -> Cap:
    """Return the tighter of two caps. One that is known is tighter than one that is not, and that than none."""
    return min(one, other, key=lambda cap: _rank(cap.most))


def _rank(most: Amount) -> tuple[int, Decimal]:
    if isinstance(most, Decimal):
        return 0, most
    return (2 if isinstance(most, Unbounded) else 1), Decimal(0)


def scaled(most: Amount, factor: Decimal) -> Amount:
    """Return an amount times a number; what is unknown or without a bound stays so."""
    return most * factor if isinstance(most, Decimal) else most


def used(view: View, item: str, expected: Decimal, cap: Cap, part: str) -> Charge:
    """Return what use adds in a month: nothing, what is expected up to the cap, or all that the cap lets through."""
    likely = min(expected, cap.most) if isinstance(cap.most, Decimal) else expected
    if view.case is Case.WORST:
        least = cap.most if isinstance(cap.most, Decimal) else likely
        return Charge(item, least, cap.most, cap.knob, cap.basis, part)
    amount = likely if view.case is Case.EXPECTED else Decimal(0)
    return Charge(item, amount, amount, cap.knob, f"expected use, capped by {cap.knob}" if cap.knob else "", part)


def declared(most: Decimal | None, setting: str, what: str) -> Cap:
    """Return a declared limit as a cap; without one there is no bound."""
    if most is None:
        return Cap(Unbounded(f"nothing caps {what}: declare {setting}"), setting, "no limit is declared")
    return Cap(most, setting, f"declared by {setting}")
