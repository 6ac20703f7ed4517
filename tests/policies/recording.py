"""Finds which inputs of our own stacks decide what a rule says: those that it reads and cannot do without."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from policies.normalise import UNKNOWN
from policies.rule import Rule
from policies.runner import Result, Verdict, check_item, evaluate_rule
from policies.stack import Item, Settings, Stack

Path = tuple[str | int, ...]


class _Recorder(dict[str, Any]):
    """An object of inputs that notes which of its places are read."""

    def __init__(self, raw: Mapping[str, Any], at: Path, seen: set[Path]) -> None:
        super().__init__({key: _recorded(value, (*at, key), seen) for key, value in raw.items()})
        self._at, self._seen = at, seen

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, noting that it was read."""
        if key in self:
            self._seen.add((*self._at, key))
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self._seen.add((*self._at, key))
        return super().__getitem__(key)


def _recorded(value: Any, at: Path, seen: set[Path]) -> Any:
    if isinstance(value, Mapping):
        return _Recorder(value, at, seen)
    if isinstance(value, list):
        return [_recorded(row, (*at, place), seen) for place, row in enumerate(value)]
    return value


def decisive(rule: Rule, stack: Stack, settings: Settings) -> Iterator[tuple[Item, tuple[str, ...]]]:
    """Yield each resource with the places in its inputs, positions left out, on which a pass of the rule depends.

    These are the places that the rule reads, and without whose values it no longer passes.
    """
    passing = _passing(evaluate_rule(rule, stack, settings))
    for item, path in _read(rule, stack, settings):
        if item.urn in passing or rule.check is None:
            unread = _unknown_at(item, path)
            after = _verdicts(rule, stack, item, unread, settings)
            if passing - after:
                yield item, tuple(part for part in path if isinstance(part, str))


def _passing(results: Any) -> set[str]:
    return {_name(result) for result in results if result.verdict is Verdict.PASS}


def _name(result: Result) -> str:
    return result.item.urn if result.item else ""


def _verdicts(rule: Rule, stack: Stack, old: Item, new: Item, settings: Settings) -> set[str]:
    if rule.check is None:
        items = tuple(new if row is old else row for row in stack.items)
        return _passing(evaluate_rule(rule, replace(stack, items=items), settings))
    others = {row.urn for row in stack.items if row is not old}
    return others | _passing([check_item(rule, new, settings)])


def _read(rule: Rule, stack: Stack, settings: Settings) -> Iterator[tuple[Item, Path]]:
    """Run the rule once over a stack whose inputs note what is read."""
    seen: dict[str, set[Path]] = {item.urn: set() for item in stack.items}
    items = []
    for item in stack.items:
        watched = replace(item, inputs=_Recorder(item.inputs, (), seen[item.urn]))
        vars(watched)["identifiers"] = item.identifiers  # who points at whom is no reading of a value
        items.append(watched)
    tuple(evaluate_rule(rule, replace(stack, items=tuple(items)), settings))
    for item in stack.items:
        for path in sorted(seen[item.urn], key=str):
            yield item, path


def _unknown_at(item: Item, path: Path) -> Item:
    inputs = copy.deepcopy(dict(item.inputs))
    target: Any = inputs
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = UNKNOWN
    links = {key: urns for key, urns in item.property_dependencies.items() if key != path[0]}
    return replace(item, inputs=inputs, property_dependencies=links)
