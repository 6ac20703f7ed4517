"""Knows which actions take named resources, and which accept only "*"."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from policies.iam_documents import covers

LISTING = ("describe", "list")
"""Actions that begin so tell of resources without giving their content; S3's listing of objects is kept apart."""


@dataclass(frozen=True)
class Service:
    """A service's actions, in lower case without the prefix: those that take named resources, and those that do not."""

    restrictable: frozenset[str]
    only_all: frozenset[str]


@cache
def services() -> Mapping[str, Service]:
    """Return the services of the table by prefix."""
    rows: dict[str, dict[str, frozenset[str]]] = {}
    for line in (files("policies") / "service_authorization.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            prefix, mark, *actions = line.split()
            rows.setdefault(prefix, {})[mark] = frozenset(action.lower() for action in actions)
    return MappingProxyType({prefix: Service(row["+"], row["-"]) for prefix, row in rows.items()})


def restrictable(pattern: str) -> bool | None:
    """Tell whether a pattern takes in an action that could be given for named resources only.

    None when the table does not know the service or the action.
    """
    prefix, _, name = pattern.strip().lower().partition(":")
    service = services().get(prefix)
    if service is None:
        return None
    if "*" in name or "?" in name:
        return any(covers(name, action) for action in service.restrictable)
    if name in service.restrictable:
        return True
    return False if name in service.only_all or name.startswith(LISTING) else None
