"""What a deployed stack costs in a month in which nobody uses it, line by line, from its resources alone."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from catalog.charges import FREE, PRICED, USED, Charge, DeployedResource
from catalog.nodes import POOL, node_lines
from catalog.pricing import DAYS_PER_MONTH, HOURS_PER_MONTH, Line, Unknown, free_quota, unit_price
from catalog.rows import Catalogue
from catalog.tables import catalogue

PER_MONTH = {"hour": HOURS_PER_MONTH, "budget-day": DAYS_PER_MONTH}
"""How often a month holds a unit of time by which things are priced; other units are monthly amounts themselves."""


def idle_month(resources: Sequence[DeployedResource], region: str, tables: Catalogue | None = None) -> tuple[Line, ...]:
    """Return what `resources` cost in `region` in a month without traffic: unknown lines first, then the dearest.

    Priced items are added up over the stack. Types that cost only with use have a line of zero that says what is paid
    for; a type that is not listed at all has an Unknown line. Types that are always free have none. Components are no
    resources of AWS: leave them out.
    """
    tables = tables or catalogue()
    lines = [
        *_priced(resources, region, tables),
        *node_lines(resources, region, tables),
        *_used(resources),
        *_unlisted(resources),
    ]
    return tuple(sorted(lines, key=_dearest_first))


def _dearest_first(line: Line) -> tuple[Decimal, str]:
    return (-line.high if isinstance(line.high, Decimal) else Decimal("-Infinity"), line.item)


def _priced(resources: Iterable[DeployedResource], region: str, tables: Catalogue) -> Iterator[Line]:
    charges: dict[str, list[tuple[str, Charge]]] = {}
    for resource in resources:
        for charge in PRICED.get(resource.type, lambda _: ())(resource):
            charges.setdefault(charge.item, []).append((resource.name, charge))
    for item, found in charges.items():
        names = tuple(dict.fromkeys(name for name, _ in found))
        now = sum((charge.now for _, charge in found), Decimal(0))
        most = sum((charge.most for _, charge in found), Decimal(0))
        yield _line(item, names, now, most, region, tables)


def _line(item: str, names: tuple[str, ...], now: Decimal, most: Decimal, region: str, tables: Catalogue) -> Line:
    quote = unit_price(item, region, tables)
    if isinstance(quote, Unknown):
        return Line(item, names, most, "", quote, quote)
    quota = free_quota(item, tables)
    per_month = PER_MONTH.get(quote.unit, Decimal(1))
    free = Decimal(quota.quantity) if quota else Decimal(0)
    notes = [tables.unit_prices[item].note]
    if quota:
        notes.append(f"the account's first {quota.quantity} are free")
    if quote.mark != "verified":
        notes.append(f"price {quote.mark}")
    return Line(
        item,
        names,
        quantity=most * per_month,
        unit=quote.unit,
        low=max(Decimal(0), now * per_month - free) * quote.usd,
        high=most * per_month * quote.usd,
        source=quote.source,
        date=quote.date,
        note="; ".join(note for note in notes if note),
    )


def _used(resources: Iterable[DeployedResource]) -> Iterator[Line]:
    names: dict[str, list[str]] = {}
    for resource in resources:
        if resource.type in USED:
            names.setdefault(resource.type, []).append(resource.name)
    for kind, found in names.items():
        yield Line(
            kind, tuple(found), Decimal(len(found)), "resource", Decimal(0), Decimal(0), note=f"by use: {USED[kind]}"
        )


def _unlisted(resources: Iterable[DeployedResource]) -> Iterator[Line]:
    names: dict[str, list[str]] = {}
    for resource in resources:
        if not (_listed(resource.type) or resource.type.startswith("pulumi:")):
            names.setdefault(resource.type, []).append(resource.name)
    for kind, found in names.items():
        reason = Unknown(f"the catalogue does not say whether {kind} costs anything")
        yield Line(kind, tuple(found), Decimal(len(found)), "resource", reason, reason)


def _listed(kind: str) -> bool:
    return kind in FREE or kind in USED or kind in PRICED or kind in POOL
