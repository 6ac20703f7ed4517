"""Diff: which inputs differ from the last run's, where exactly, and whether the resource must be replaced for it."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from leanto.embedded.plugin.marshal import SIGNATURE
from leanto.embedded.plugin.resource import Resource
from leanto.embedded.plugin.values import DEFAULTS_KEY, has_unknown, same, same_document, same_members, without_internal

PLAIN_KEY = re.compile(r"^[A-Za-z_][A-Za-z0-9_-]*$")


class Kind(Enum):
    """How a property at one path changes."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Difference:
    """The outcome of a diff. `paths` gives each changed place, such as `tags.Name` or `ingress[0].toPort`."""

    changed: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    paths: tuple[tuple[str, Kind], ...] = ()
    delete_before_replace: bool = False


def difference(
    resource: Resource, olds: Mapping[str, Any], news: Mapping[str, Any], ignored: Collection[str] = ()
) -> Difference:
    """Compare the checked inputs of the last run with those of this one. An unknown new value is a change."""
    before, after = without_internal(olds), without_internal(news)
    changed = tuple(
        key
        for key in sorted({*before, *after})
        if key not in ignored
        and not _kept(resource, key, after)
        and not alike(resource, key, before.get(key), after.get(key))
    )
    replaces = set(resource.replaces(before, after, frozenset(changed)))
    if resource.regional and "region" in changed:
        replaces.add("region")
    return Difference(
        changed=changed,
        replaces=tuple(sorted(replaces)),
        paths=tuple(item for key in changed for item in _walk(_step("", key), before.get(key), after.get(key))),
        delete_before_replace=bool(replaces) and _old_must_go_first(resource, news),
    )


def alike(resource: Resource, key: str, old: Any, new: Any) -> bool:
    """Tell whether two values of the input `key` mean the same to AWS."""
    if key in resource.json_documents:
        return same_document(old, new)
    if key in resource.unordered:
        return same_members(old, new)
    if same(old, new) or _same_content(old, new):
        return True
    return not (old is None or new is None or has_unknown(new)) and resource.equivalent(key, old, new)


def _same_content(old: Any, new: Any) -> bool:
    """Tell whether two assets or archives hold the same; of an old one the engine hands over no more than the hash."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping) or SIGNATURE not in old or SIGNATURE not in new:
        return False
    return old[SIGNATURE] == new[SIGNATURE] and "hash" in old and old["hash"] == new.get("hash")


def _kept(resource: Resource, key: str, after: Mapping[str, Any]) -> bool:
    """What AWS makes up when it is not given stays as it is when the program no longer gives it."""
    return key in resource.computed and key not in after


def _old_must_go_first(resource: Resource, news: Mapping[str, Any]) -> bool:
    """A name that the program fixed can exist only once, so the old resource has to make room for the new one."""
    if resource.delete_before_replace:
        return True
    if resource.auto_name is None or not resource.auto_name.random:
        return False
    return resource.auto_name.property not in news.get(DEFAULTS_KEY, [])


def _walk(path: str, old: Any, new: Any) -> Iterator[tuple[str, Kind]]:
    if same(old, new):
        return
    if old is None:
        yield path, Kind.ADD
    elif new is None:
        yield path, Kind.DELETE
    elif isinstance(old, Mapping) and isinstance(new, Mapping) and SIGNATURE not in old.keys() | new.keys():
        for key in sorted({*old, *new}):
            yield from _walk(_step(path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _walk(f"{path}[{index}]", _at(old, index), _at(new, index))
    else:
        yield path, Kind.UPDATE


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def _step(path: str, key: str) -> str:
    if not PLAIN_KEY.match(key):
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{escaped}"]'
    return f"{path}.{key}" if path else key
