"""Stacks of the corpus with one value replaced: at every place of every resource, by whatever could stand there."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from policies.normalise import UNKNOWN
from policies.pack import BY_ID, run_of
from policies.runner import Result, evaluate_rule
from policies.stack import Item, Stack
from tests.policies.corpus import STACK, TODAY, Case, cases, stack_of

Path = tuple[str | int, ...]
GONE = object()


def places(value: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every place inside a value, objects and lists included, with what stands there."""
    if isinstance(value, Mapping):
        rows: Iterator[tuple[str | int, Any]] = iter(value.items())
    elif isinstance(value, list):
        rows = iter(enumerate(value))
    else:
        return
    for key, row in rows:
        yield (*at, key), row
        yield from places(row, (*at, key))


def inputs_with(item: Item, path: Path, value: Any) -> dict[str, Any]:
    """Return the inputs of a resource with one value replaced, or with GONE taken away."""
    inputs = copy.deepcopy(dict(item.inputs))
    target: Any = inputs
    for part in path[:-1]:
        target = target[part]
    if value is GONE:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return inputs


def with_value(stack: Stack, item: Item, path: Path, value: Any) -> Stack:
    """Return the stack with one value of one resource replaced, or with GONE taken away; dependencies stay."""
    changed = replace(item, inputs=inputs_with(item, path, value))
    return replace(stack, items=tuple(changed if row is item else row for row in stack.items))


def verdicts(case: Case, stack: Stack) -> dict[str, str]:
    """Return what the rule of a case says of each resource of a stack."""
    return {
        STACK if result.item is None else result.item.name: result.verdict.value for result in _results(case, stack)
    }


def messages(case: Case, stack: Stack) -> list[str]:
    """Return all that the rule of a case tells of a stack."""
    return [
        text
        for result in _results(case, stack)
        for text in (
            result.reason,
            *(row.message for row in result.problems),
            *(row.reason for row in result.unread),
            *(row.path for row in (*result.problems, *result.unread)),
        )
    ]


def _results(case: Case, stack: Stack) -> Iterator[Result]:
    rule = BY_ID[case.rule]
    return evaluate_rule(rule, stack, run_of(case.profile, TODAY, {rule.id: case.parameters}).settings(rule))


@cache
def values_that_fail(rule: str) -> Mapping[Path, tuple[Any, ...]]:
    """Return what stands at each place (list positions left out) in the failing cases of a rule."""
    found: dict[Path, list[Any]] = {}
    for case in cases():
        if case.rule == rule and "fail" in case.expect.values():
            for item in stack_of(case).items:
                for path, value in places(item.inputs):
                    found.setdefault(unplaced(path), []).append(value)
    return {path: tuple(rows) for path, rows in found.items()}


def unplaced(path: Path) -> Path:
    """Return a place without list positions."""
    return tuple(part for part in path if isinstance(part, str))


def unknown_at(stack: Stack, item: Item, path: Path) -> Stack:
    """Return the stack with one value unknown, and with nothing that tells what it was made from."""
    dependencies = {key: urns for key, urns in item.property_dependencies.items() if key != path[0]}
    unlinked = replace(item, property_dependencies=dependencies)
    changed = replace(stack, items=tuple(unlinked if row is item else row for row in stack.items))
    return with_value(changed, unlinked, path, UNKNOWN)
