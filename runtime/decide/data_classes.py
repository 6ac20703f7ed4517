"""The data classes of requests and keys: where a request may be processed, besides the stack's own nodes."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

PLACES_OF_CLASS: Mapping[str, frozenset[str] | None] = MappingProxyType(
    {"any": None, "eu": frozenset({"eu"}), "us": frozenset({"us"}), "local-only": frozenset()}
)
"""None is everywhere."""

DATA_CLASSES = tuple(PLACES_OF_CLASS)


def places_of(data_classes: Sequence[str]) -> frozenset[str] | None:
    """Return where all of several data classes allow a request; one that there is not allows no place."""
    bounds = [PLACES_OF_CLASS.get(name, frozenset()) for name in data_classes]
    stated = [places for places in bounds if places is not None]
    return frozenset.intersection(*stated) if stated else None
