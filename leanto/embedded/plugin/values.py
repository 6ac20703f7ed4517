"""Property values as the handlers see them: plain Python, plus one object that stands for what is not known yet."""

import json
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final


class Unknown(Enum):
    """A value that only exists once some resource does."""

    VALUE = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.VALUE

INTERNAL_PREFIX: Final = "__"
DEFAULTS_KEY: Final = "__defaults"
"""Input that lists which inputs the program left out and Check filled in."""


def has_unknown(value: object) -> bool:
    """Tell whether `value` is unknown or holds an unknown at any depth."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


def without_internal(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return `props` without the keys that Pulumi keeps for itself, such as `__defaults`."""
    return {key: value for key, value in props.items() if not key.startswith(INTERNAL_PREFIX)}


def known_only(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that hold no unknown at any depth."""
    return {key: value for key, value in props.items() if not has_unknown(value)}


def same(left: object, right: object) -> bool:
    """Tell whether two values are equal: 1 equals 1.0, but true does not equal 1, and an unknown equals nothing."""
    if left is UNKNOWN or right is UNKNOWN or isinstance(left, bool) is not isinstance(right, bool):
        return False
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def same_document(left: object, right: object) -> bool:
    """Tell whether two JSON texts mean the same; texts that are not JSON are compared as they are."""
    if isinstance(left, str) and isinstance(right, str):
        try:
            return same(json.loads(left), json.loads(right))
        except ValueError:
            return left == right
    return same(left, right)


def same_members(left: object, right: object) -> bool:
    """Tell whether two lists hold the same members, whatever their order."""
    if not isinstance(left, list) or not isinstance(right, list):
        return same(left, right)
    if has_unknown(left) or has_unknown(right):
        return False
    return same(_in_order(left), _in_order(right))


def _in_order(members: Iterable[object]) -> list[object]:
    return sorted(members, key=lambda member: json.dumps(member, sort_keys=True, default=str))
