"""What a stack costs in a month, line by line, from its resources alone: idle, as expected, and at worst.

What none of the months counts: transfer between zones and regions, and what the account pays for other stacks.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from catalog.charges import PRICED
from catalog.containers import SERVICE, service
from catalog.deployed import Deployed, DeployedResource, Undetermined
from catalog.families import canonical_resources
from catalog.free import FREE
from catalog.managed import managed_lines
from catalog.nodes import POOL, node_charges, node_lines
from catalog.pricing import Amount, Line, Unbounded, Unknown, free_quota, unit_price
from catalog.rows import Catalogue, UnitPrice
from catalog.tables import catalogue
from catalog.usage import Usage
from catalog.use import USAGE, USED
from catalog.view import Case, Charge, View, region_of

PIECES: Mapping[str, Decimal] = MappingProxyType(
    {
        "1k": Decimal(1000),
        "1k requests": Decimal(1000),
        "10k": Decimal(10_000),
        "100k": Decimal(100_000),
        "million": Decimal(1_000_000),
    }
)
"""How many single pieces a unit has; other units are single ones."""
LISTED: frozenset[str] = FREE | USED.keys() | PRICED.keys() | POOL | {SERVICE}
"""The types of which the catalogue says whether they cost anything."""
OUTSIDE = frozenset({"pulumi", "random", "tls", "time", "std"})
"""Packages whose resources exist in the state only."""
BY_THE_HOUR = frozenset({"hour", "GB-hour", "LCU-hour", "NLCU-hour"})


@dataclass(frozen=True)
class Estimate:
    """The lines of the three months, the dearest first. No line of `idle` exceeds its fellow in `worst`."""

    idle: tuple[Line, ...]
    expected: tuple[Line, ...]
    worst: tuple[Line, ...]


def estimate(
    resources: Sequence[DeployedResource], region: str, usage: Usage | None = None, tables: Catalogue | None = None
) -> Estimate:
    """Return what `resources` cost in `region`: when nobody uses them, as declared, and with every cap used up."""
    months = {case: month(case, resources, region, usage, tables) for case in Case}
    return Estimate(months[Case.IDLE], months[Case.EXPECTED], months[Case.WORST])


def month(
    case: Case,
    resources: Sequence[DeployedResource],
    region: str,
    usage: Usage | None = None,
    tables: Catalogue | None = None,
) -> tuple[Line, ...]:
    """Return the lines of one month: unbounded ones first, then unknown ones, then the dearest.

    Components are no resources of AWS: leave them out. A type that no table lists has an Unknown line.
    """
    known = canonical_resources(resources)
    view = View(case, Deployed(known), region, usage or Usage(), tables or catalogue())
    lines = [
        *_priced(known, view),
        *node_lines(view),
        *managed_lines(view),
        *(_used(known) if case is Case.IDLE else ()),
        *_unlisted(known, view.usage.free_types),
    ]
    return tuple(sorted(lines, key=_dearest_first))


def _dearest_first(line: Line) -> tuple[int, Decimal, str]:
    rank = 0 if isinstance(line.high, Unbounded) else 1 if isinstance(line.high, Unknown) else 2
    return rank, -line.high if isinstance(line.high, Decimal) else Decimal(0), line.item


def _charges(resource: DeployedResource, view: View) -> Iterator[Charge]:
    if resource.type in PRICED:
        yield from PRICED[resource.type](resource, view)
    if resource.type == SERVICE:
        yield from service(resource, view)
    if resource.type in POOL:
        yield from node_charges(resource, view)
    if resource.type in USAGE and view.case is not Case.IDLE:
        yield from USAGE[resource.type](resource, view)


def _priced(resources: Iterable[DeployedResource], view: View) -> Iterator[Line]:
    """Yield a line for each item and part; the account's free quota goes to an item's first lines."""
    charges: dict[tuple[str, str, str], list[tuple[str, Charge]]] = {}
    for resource in resources:
        found: list[Charge] = []
        try:
            for charge in _charges(resource, view):
                found.append(charge)  # noqa: PERF402 - what comes before a property that cannot be read counts
        except Undetermined as error:
            # The line of a group's or an instance's own says so already.
            if resource.type not in POOL:
                unknown = Unknown(str(error), unread=True)
                yield Line(
                    resource.type, (resource.name,), Decimal(1), "resource", unknown, unknown, part=resource.name
                )
        for charge in found:
            charges.setdefault((charge.item, charge.part, region_of(resource, view)), []).append(
                (resource.name, charge)
            )
    left: dict[str, Decimal] = {}
    for key, rows in charges.items():
        line = _line(key, rows, left, view)
        if line is not None:
            yield line


def _line(
    key: tuple[str, str, str], rows: Sequence[tuple[str, Charge]], left: dict[str, Decimal], view: View
) -> Line | None:
    item, part, region = key
    part = part if region == view.region else f"{part} {region}".strip()
    names = tuple(dict.fromkeys(name for name, _ in rows))
    least = sum((charge.least for _, charge in rows), Decimal(0))
    most = _sum([charge.most for _, charge in rows])
    knob = ", ".join(dict.fromkeys(charge.knob for _, charge in rows if charge.knob))
    basis = "; ".join(dict.fromkeys(charge.basis for _, charge in rows if charge.basis))
    quantity = most if isinstance(most, Decimal) else Decimal(0)
    quote = unit_price(item, region, view.tables)
    if isinstance(quote, Unknown):
        if most == 0:
            return None
        high: Amount = most if isinstance(most, Unbounded) else quote
        return Line(item, names, quantity, "", quote, high, knob=knob, basis=basis, part=part)
    factor = _factor(quote.unit, view)
    quota = left.setdefault(item, _free(item, view.tables))
    taken = min(quota, least * factor)
    left[item] = quota - taken
    return Line(
        item,
        names,
        quantity=quantity * factor,
        unit=quote.unit,
        low=(least * factor - taken) * quote.usd,
        high=most * factor * quote.usd if isinstance(most, Decimal) else most,
        source=quote.source,
        date=quote.date,
        note=_note(view.tables.unit_prices[item], quote.mark, view.tables),
        knob=knob,
        basis=basis,
        part=part,
    )


def _factor(unit: str, view: View) -> Decimal:
    if unit in BY_THE_HOUR:
        return view.hours
    if unit == "budget-day":
        return view.days
    return 1 / PIECES.get(unit, Decimal(1))


def _free(item: str, tables: Catalogue) -> Decimal:
    quota = free_quota(item, tables)
    return Decimal(quota.quantity) if quota else Decimal(0)


def _note(price: UnitPrice, mark: str, tables: Catalogue) -> str:
    quota = free_quota(price.item, tables)
    notes = [
        price.note,
        f"the account's first {quota.quantity} are free" if quota else "",
        f"price {mark}" if mark != "verified" else "",
    ]
    return "; ".join(note for note in notes if note)


def _sum(amounts: Iterable[Amount]) -> Amount:
    """Add amounts up: without a bound is more than unknown, and that more than any number."""
    rows = tuple(amounts)
    kinds: tuple[Callable[[Amount], bool], ...] = (
        lambda row: isinstance(row, Unbounded),
        lambda row: isinstance(row, Unknown),
    )
    for is_kind in kinds:
        found = [row for row in rows if is_kind(row)]
        if found:
            return found[0]
    return sum((row for row in rows if isinstance(row, Decimal)), Decimal(0))


def _used(resources: Iterable[DeployedResource]) -> Iterator[Line]:
    """Yield a line of zero for each type that costs only with use, which says what is paid for."""
    for kind, found in _by_type(row for row in resources if row.type in USED).items():
        zero, count = Decimal(0), Decimal(len(found))
        yield Line(kind, found, count, "resource", zero, zero, note=f"by use: {USED[kind]}")


def _unlisted(resources: Iterable[DeployedResource], free: Sequence[str]) -> Iterator[Line]:
    for kind, found in _by_type(row for row in resources if not (is_listed(row.type) or row.type in free)).items():
        reason = Unknown(f"the catalogue does not say whether {kind} costs anything")
        yield Line(kind, found, Decimal(len(found)), "resource", reason, reason)


def _by_type(resources: Iterable[DeployedResource]) -> Mapping[str, tuple[str, ...]]:
    names: dict[str, list[str]] = {}
    for resource in resources:
        names.setdefault(resource.type, []).append(resource.name)
    return {kind: tuple(found) for kind, found in names.items()}


def is_listed(kind: str) -> bool:
    """Return whether the catalogue says of a type whether it costs anything. What is in no cloud never does."""
    return kind in LISTED or kind.partition(":")[0] in OUTSIDE
