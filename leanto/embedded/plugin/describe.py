"""Says what the plugin serves, for the reference: types, what replaces them, what is kept beside moto, functions."""

from collections.abc import Iterable
from dataclasses import dataclass

from leanto.embedded.plugin.registry import INVOKES, RESOURCES
from leanto.embedded.plugin.resource import Resource


@dataclass(frozen=True)
class Served:
    """What a reader wants to know of one resource type, each list sorted."""

    token: str
    inputs: tuple[str, ...]
    """Every input that the box emulates; another one is refused."""
    replaced_by: tuple[str, ...]
    """Inputs whose change always replaces the resource."""
    made_up: tuple[str, ...]
    """Outputs that are unknown in the preview of its creation."""
    side_stored: tuple[str, ...]
    """Fields that moto drops and the side store keeps: a change of these behind Pulumi's back is not seen."""


def served_types() -> tuple[Served, ...]:
    """Return all resource types, sorted by their tokens."""
    return tuple(_described(RESOURCES[token]) for token in sorted(RESOURCES))


def served_functions() -> tuple[str, ...]:
    """Return the tokens of all functions, sorted."""
    return tuple(sorted(INVOKES))


def _described(resource: Resource) -> Served:
    return Served(
        token=resource.token,
        inputs=_sorted(resource.accepts | ({"region"} if resource.regional else set())),
        replaced_by=_sorted(resource.replace_on | ({"region"} if resource.regional else set())),
        made_up=_sorted(resource.computed - resource.accepts),
        side_stored=_sorted(resource.side_stored),
    )


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def as_markdown() -> str:
    """Return the reference table of resource types and the list of functions."""
    rows = [
        f"| `{one.token}` | {_cell(one.inputs)} | {_cell(one.replaced_by)} | {_cell(one.side_stored)} |"
        for one in served_types()
    ]
    functions = [f"- `{token}`" for token in served_functions()]
    head = ["| type | inputs | replaced when these change | kept in the side store |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, "", "Functions:", "", *functions, ""])


def _cell(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
