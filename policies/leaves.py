"""Walks through everything that a resource's properties hold: each text, and the name it stands under."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.normalise import UNKNOWN
from policies.reading import Value
from policies.stack import Item

ENVIRONMENTS = frozenset({"environment", "environmentvariables", "runtimeenvironmentvariables", "env"})
"""Inputs that hold the environment of a program, in lower case without underscores."""

ELSEWHERE = frozenset({"secrets_manager", "parameter_store"})
"""Types of AWS CodeBuild's variables whose value is only where the real one is."""


@dataclass(frozen=True)
class Leaf:
    """A value that is no object or list. `name` is its key, or the name beside a value; `within` the keys around it."""

    value: Value
    name: str
    within: tuple[str, ...]
    paired: bool = False

    @property
    def in_environment(self) -> bool:
        """Whether it is a variable of a program's environment, or all of it where that is not known."""
        keys = (*self.within, self.name) if self.value.raw is UNKNOWN else self.within
        return any(key.replace("_", "").lower() in ENVIRONMENTS for key in keys)


def leaves(item: Item) -> Iterator[Leaf]:
    """Yield every value of a resource's inputs; those of JSON texts as well, in the place of the text."""
    yield from _walk(Value(item.inputs, ""), "", ())


def leaves_in(value: Value, name: str) -> Iterator[Leaf]:
    """Yield every value inside one."""
    yield from _walk(value, name, ())


def _walk(value: Value, name: str, within: tuple[str, ...]) -> Iterator[Leaf]:
    raw = value.raw
    if isinstance(raw, str):
        raw = _document(raw)
    if isinstance(raw, Mapping):
        yield from _object(raw, value.path, (*within, name) if name else within)
    elif isinstance(raw, list):
        for place, row in enumerate(raw):
            yield from _walk(Value(row, f"{value.path}[{place}]"), name, within)
    elif raw is not None:
        yield Leaf(value, name, within)


def _object(raw: Mapping[str, Any], path: str, within: tuple[str, ...]) -> Iterator[Leaf]:
    by_lower = {str(key).lower(): row for key, row in raw.items()}
    paired = by_lower.get("name", by_lower.get("key"))
    elsewhere = str(by_lower.get("type")).lower() in ELSEWHERE
    for key, row in raw.items():
        at = Value(row, f"{path}.{key}" if path else str(key))
        if str(key).lower() != "value" or not isinstance(paired, str):
            yield from _walk(at, str(key), within)
        elif not elsewhere:
            yield from (Leaf(leaf.value, paired, leaf.within, True) for leaf in _walk(at, paired, within))


def _document(text: str) -> Any:
    """Return what a JSON text holds, or the text itself."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, dict | list) else text
