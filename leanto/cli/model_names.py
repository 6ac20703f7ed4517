"""Names and sizes of open models, as the commands show and read them."""

from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches

from catalog.open_models import OpenModel
from catalog.rows import Catalogue
from leanto.cli.exits import CommandError

MIB_PER_GIB = 1024
NEAREST = 3
LIKENESS = 0.4
"""How alike a name must be to be told: names of models share much."""


def known_model(name: str, tables: Catalogue) -> OpenModel:
    """Return a model by its id. Raises CommandError naming the nearest ones."""
    found = tables.open_models.get(name.strip().lower())
    if found is None:
        hint = nearest(name, tables.offered_models)
        raise CommandError(f"there is no model {name!r} in the catalogue{hint}; `leanto models list` names all")
    return found


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `: did you mean A or B` for names that hold one, else for those like it; else the empty string."""
    wanted = name.strip().lower()
    by_lower = {each.lower(): each for each in known}
    holding = [each for each in by_lower if wanted and wanted in each]
    found = holding or get_close_matches(wanted, by_lower, n=NEAREST, cutoff=LIKENESS)
    return f": did you mean {' or '.join(by_lower[each] for each in found[:NEAREST])}" if found else ""


def gib(mib: Decimal) -> str:
    """Return a size in GiB with one decimal."""
    return f"{mib / MIB_PER_GIB:.1f}"
