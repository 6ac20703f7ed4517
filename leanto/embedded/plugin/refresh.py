"""Refresh: what AWS answers is laid onto the inputs of the last run, so that the next preview shows what drifted."""

from collections.abc import Mapping
from typing import Any

from leanto.embedded.plugin.difference import alike
from leanto.embedded.plugin.resource import Props, Resource
from leanto.embedded.plugin.values import DEFAULTS_KEY, same, without_internal


def refreshed_inputs(resource: Resource, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Props:
    """Return the inputs as AWS has them now: the same keys as `inputs`, less what AWS has lost.

    A property that the program did not set is no input, whatever AWS shows for it.
    """
    refreshed: Props = {}
    for key, old in without_internal(inputs).items():
        new = outputs.get(key)
        if new is not None:
            refreshed[key] = _lay(resource, key, old, new)
        elif _empty(old):
            refreshed[key] = old
    refreshed[DEFAULTS_KEY] = [key for key in inputs.get(DEFAULTS_KEY, []) if key in refreshed]
    return refreshed


def imported_inputs(resource: Resource, outputs: Mapping[str, Any]) -> Props:
    """Return the inputs of a resource read for the first time: all it has, less what AWS made up or left empty.

    An empty default stays, since Check gives it to every program that says nothing else.
    """
    made_up = resource.computed - (resource.accepts | resource.required)
    given = {
        key: value
        for key, value in outputs.items()
        if key not in made_up and (key in resource.defaults or not _empty(value))
    }
    return {**given, DEFAULTS_KEY: []}


def _lay(resource: Resource, key: str, old: Any, new: Any) -> Any:
    if alike(resource, key, old, new):
        return old
    return _project(resource, key, old, new, in_order=key not in resource.unordered)


def _project(resource: Resource, path: str, old: Any, new: Any, *, in_order: bool = True) -> Any:
    """Return `new` in the words of `old`: computed fields left out, members of a set in the old order."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {
            key: _project(resource, f"{path}.{key}", old.get(key), value)
            for key, value in new.items()
            if key in old or (value and f"{path}.{key}" not in resource.computed_fields)
        } | {key: value for key, value in old.items() if key not in new and not value}
    if isinstance(old, list) and isinstance(new, list):
        ordered = new if in_order else _in_the_order_of(resource, path, old, new)
        padded = [*old, *([None] * len(ordered))]
        return [_project(resource, path, before, after) for before, after in zip(padded, ordered, strict=False)]
    return old if _same_text(old, new) else new


def _in_the_order_of(resource: Resource, path: str, old: list[Any], new: list[Any]) -> list[Any]:
    rest = list(new)
    ordered = []
    for member in old:
        match = next((item for item in rest if same(member, _project(resource, path, member, item))), None)
        if match is not None:
            rest.remove(match)
            ordered.append(match)
    return ordered + rest


def _same_text(old: Any, new: Any) -> bool:
    """A program may write a number or a truth as text, as Pulumi allows: `"443"` is 443 and `"true"` is true."""
    if isinstance(old, str) is isinstance(new, str):
        return same(old, new)
    return str(old).lower() == str(new).lower()


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
