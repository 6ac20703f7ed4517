"""Which groups of a stack start instances with a GPU, and what stops them when they run too long."""

from collections.abc import Iterator

from catalog.deployed import DeployedResource, Undetermined
from catalog.fleet import GROUP, instance_types
from catalog.tables import catalogue
from catalog.view import View
from policies.stack import Item, Stack

FAMILIES = ("g", "p", "inf", "trn", "dl")
"""The beginnings of the names of families with a GPU or another accelerator, each followed by a digit."""


def gpu_groups(stack: Stack, view: View) -> Iterator[tuple[Item, DeployedResource]]:
    """Yield the groups that start a type with an accelerator; those whose types are not known count as well."""
    for item in stack.of(GROUP):
        resource = next(row for row in view.stack.of(GROUP) if item.urn in row.known_as)
        try:
            types = instance_types(resource, view)
        except Undetermined:
            yield item, resource
            continue
        if any(has_accelerator(name) for name in types):
            yield item, resource


def has_accelerator(kind: str) -> bool:
    """Return whether an instance type has a GPU or another accelerator, by the catalogue or by its family."""
    if kind in catalogue().instances:
        return True
    family = kind.partition(".")[0]
    return any(family.startswith(name) and family[len(name) : len(name) + 1].isdigit() for name in FAMILIES)
