"""What a stack costs while nobody uses it: from its synthesis or from its state, as a table for people."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from rich.table import Table

from catalog.deployed import DeployedResource
from catalog.pricing import Amount, Line, total
from leanto.check.results import PROVIDER_PREFIX, Synthesis


def synthesised(synthesis: Synthesis) -> tuple[DeployedResource, ...]:
    """Return the resources that a stack would create, as the estimate takes them.

    Raises ValueError for a preview: what is unknown in it could hide a cost.
    """
    if synthesis.preview:
        raise ValueError("an estimate needs a synthesis without unknown values: call synthesise with preview=False")
    return tuple(
        DeployedResource(row.type, row.name, row.outputs, row.property_dependencies, _known_as(row.urn, row.id))
        for row in synthesis.owned()
    )


def exported(state: Mapping[str, Any]) -> tuple[DeployedResource, ...]:
    """Return the resources that exist according to a stack's exported state, as the estimate takes them."""
    rows = state["deployment"].get("resources") or ()
    return tuple(
        DeployedResource(
            row["type"],
            row["urn"].rpartition("::")[2],
            row.get("outputs") or {},
            {key: tuple(urns) for key, urns in (row.get("propertyDependencies") or {}).items()},
            _known_as(row["urn"], row.get("id")),
        )
        for row in rows
        if row.get("custom") and not row.get("external") and not row["type"].startswith(PROVIDER_PREFIX)
    )


def _known_as(urn: str, identity: str | None) -> tuple[str, ...]:
    return (urn, identity) if identity else (urn,)


def idle_table(lines: Iterable[Line]) -> Table:
    """Return the lines of an idle month with their sum; what costs only with use is told in one row at the end."""
    lines = tuple(lines)
    table = Table("Idle month", "Quantity", "USD from", "USD to", "Note", show_footer=True)
    used = [line for line in lines if line.note.startswith("by use")]
    for line in lines:
        if line not in used:
            table.add_row(line.item, quantity_text(line), usd_text(line.low), usd_text(line.high), line.note)
    if used:
        names = ", ".join(sorted({line.item.partition(":")[2].partition("/")[0] for line in used}))
        table.add_row("by use only", "", usd_text(Decimal(0)), usd_text(Decimal(0)), f"paid for what is used: {names}")
    summed = total(lines)
    for column, text in zip(table.columns, ("sum", "", usd_text(summed.low), usd_text(summed.high), ""), strict=True):
        column.footer = text
    return table


def quantity_text(line: Line) -> str:
    """Return how much of what a line is for, as tables show it."""
    return f"{line.quantity.normalize():f} {line.unit}".strip()


def usd_text(amount: Amount) -> str:
    """Return an amount in USD to the cent, or why there is none."""
    return f"{amount:.2f}" if isinstance(amount, Decimal) else str(amount)
