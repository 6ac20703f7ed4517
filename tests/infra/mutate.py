"""Ways to spoil a stack, one property at a time, so that a claim that guards it must notice."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.infra.claims.stack import POLICY_PROPERTIES, Claim, Item, Stack

Change = Callable[[Stack], None]
GONE = object()


@dataclass(frozen=True)
class Mutation:
    """One thing spoilt, and the claim that must break by it; `environment` is where the claim holds a stack to it."""

    claim: Claim
    what: str
    change: Change
    environment: str = "dev"


def put(kind: str, path: str, value: Any, name_end: str = "") -> Change:
    """Set (or with GONE remove) the property at a path, in the first resource of a type whose name ends so."""

    def change(stack: Stack) -> None:
        item = next(item for item in stack.of(kind) if item.name.endswith(name_end))
        *parents, last = path.split(".")
        target: Any = item.props
        for part in parents:
            target = target[int(part)] if isinstance(target, list) else target[part]
        key = int(last) if isinstance(target, list) else last
        if value is GONE:
            del target[key]
        else:
            target[key] = value

    return change


def without(kind: str, name_end: str = "") -> Change:
    """Take away the first resource of a type whose name ends so."""

    def change(stack: Stack) -> None:
        stack.items.remove(next(item for item in stack.of(kind) if item.name.endswith(name_end)))

    return change


def extra(kind: str, **props: Any) -> Change:
    """Add a resource."""
    return lambda stack: stack.items.append(Item(f"aws:{kind}:Extra", "extra", props))


def statement(kind: str, sid: str, field: str, value: Any, name_end: str = "") -> Change:
    """Set (or with GONE remove) a field of a policy's statement."""

    def change(stack: Stack) -> None:
        for item in stack.of(kind):
            document = json.loads(item.props[POLICY_PROPERTIES[kind]])
            found = [one for one in document["Statement"] if one["Sid"] == sid]
            if not item.name.endswith(name_end) or not found:
                continue
            if value is GONE:
                del found[0][field]
            else:
                found[0][field] = value
            item.props[POLICY_PROPERTIES[kind]] = json.dumps(document)
            return
        raise LookupError(f"no {kind} has a statement {sid}")

    return change


def unprotected(kind: str) -> Change:
    """Take away the protection of the first resource of a type."""

    def change(stack: Stack) -> None:
        stack.of(kind)[0].protect = False

    return change
