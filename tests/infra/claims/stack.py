"""A stack as the claims see it: resources by type, whether they come from a synthesis or from an exported state."""

import copy
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Violations = Iterable[str]
Claim = Callable[["Stack"], Violations]
"""A promise about a stack: yields what breaks it, nothing if it holds. Its docstring is the promise."""


@dataclass
class Item:
    """One resource: its Pulumi type, logical name, properties in camelCase, and whether Pulumi refuses to delete it."""

    type: str
    name: str
    props: dict[str, Any]
    protect: bool = False

    def get(self, path: str, default: Any = None) -> Any:
        """Return the property at a dotted path, in which numbers are places in lists."""
        value: Any = self.props
        for part in path.split("."):
            if isinstance(value, list):
                value = value[int(part)] if int(part) < len(value) else None
            elif isinstance(value, Mapping):
                value = value.get(part)
            if value is None:
                return default
        return value


@dataclass
class Stack:
    """All resources of a stack, with the settings that claims depend on."""

    mode: str
    environment: str
    region: str
    items: list[Item] = field(default_factory=list)

    def of(self, *types: str) -> list[Item]:
        """Return the resources of some types, named without `aws:` and the part after the second colon."""
        return [item for item in self.items if item.type.removeprefix("aws:").rpartition(":")[0] in types]

    def one(self, kind: str, name_end: str = "") -> Item:
        """Return the only resource of a type whose name ends so."""
        found = [item for item in self.of(kind) if item.name.endswith(name_end)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} resources of type {kind} end in {name_end!r}")
        return found[0]

    def copy(self) -> "Stack":
        """Return a copy that can be changed."""
        return copy.deepcopy(self)

    @property
    def has_pool(self) -> bool:
        """Whether the stack has a GPU pool."""
        return self.mode != "managed"


def is_true(value: Any) -> bool:
    """Return whether a property says yes; some of AWS's flags are texts."""
    return value is True or value == "true"


def as_list(value: Any) -> list[Any]:
    """Return a list where AWS takes one thing or a list of them."""
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def statements(text: str) -> list[dict[str, Any]]:
    """Return the statements of a policy document."""
    return as_list(json.loads(text)["Statement"])


def actions(statement: Mapping[str, Any]) -> list[str]:
    """Return what a statement allows or denies."""
    return as_list(statement.get("Action"))


POLICY_PROPERTIES = {
    "iam/rolePolicy": "policy",
    "iam/role": "assumeRolePolicy",
    "kms/key": "policy",
    "s3/bucketPolicy": "policy",
    "sns/topicPolicy": "policy",
    "ec2/vpcEndpoint": "policy",
}
"""Where policy documents are, by type."""


def all_statements(stack: Stack, *types: str) -> list[tuple[Item, dict[str, Any]]]:
    """Return every statement of the policies of some types, with the resource that has it."""
    return [
        (item, statement)
        for kind in types
        for item in stack.of(kind)
        for statement in statements(item.get(POLICY_PROPERTIES[kind]))
    ]
