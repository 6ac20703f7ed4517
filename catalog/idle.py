"""What a deployed stack costs in a month in which nobody uses it, line by line, from its resources alone."""

from collections.abc import Sequence

from catalog.deployed import DeployedResource
from catalog.month import month
from catalog.pricing import Line
from catalog.rows import Catalogue
from catalog.view import Case


def idle_month(resources: Sequence[DeployedResource], region: str, tables: Catalogue | None = None) -> tuple[Line, ...]:
    """Return what `resources` cost in `region` in a month without traffic: unknown lines first, then the dearest.

    Priced items are added up over the stack. Types that cost only with use have a line of zero that says what is paid
    for; a type that is not listed at all has an Unknown line. Types that are always free have none. Components are no
    resources of AWS: leave them out.
    """
    return month(Case.IDLE, resources, region, tables=tables)
