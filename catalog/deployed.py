"""The resources of a stack as the estimate sees them, and how they point at each other."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from types import MappingProxyType
from typing import Any

from catalog.pricing import Unknown

_WORD = re.compile(r"[A-Za-z0-9_.*-]{1,24}")
_NO_LINKS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Undetermined(Exception):  # noqa: N818 - an outcome, not an error
    """A property that decides an amount is unknown or unreadable; the message says which."""


@dataclass(frozen=True)
class DeployedResource:
    """A resource as the estimate sees it: Pulumi type, logical name, properties in the provider's camelCase.

    A property that is not known yet is `Unknown`. `links` maps a property to the URNs, ids or names of the resources
    that it was made from; `known_as` are the URN and the id of this one. Its properties `name` and `arn` count as well.
    """

    type: str
    name: str
    properties: Mapping[str, Any]
    links: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_LINKS)
    known_as: tuple[str, ...] = ()

    @cached_property
    def names(self) -> frozenset[str]:
        """All texts by which others may point at this resource."""
        values = (self.properties.get(key) for key in ("id", "arn", "name", "bucket"))
        return frozenset((*self.known_as, *(value for value in values if isinstance(value, str) and value)))


class Deployed:
    """All resources of a stack, indexed by type and by what they are known as."""

    def __init__(self, resources: Sequence[DeployedResource]) -> None:
        self.resources = tuple(resources)
        self._by_type: dict[str, list[DeployedResource]] = {}
        self._by_name: dict[str, list[DeployedResource]] = {}
        for resource in self.resources:
            self._by_type.setdefault(resource.type, []).append(resource)
            for name in resource.names:
                self._by_name.setdefault(name, []).append(resource)

    def of(self, *kinds: str) -> tuple[DeployedResource, ...]:
        """Return the resources of some types."""
        return tuple(resource for kind in kinds for resource in self._by_type.get(kind, ()))

    def targets(self, resource: DeployedResource, key: str, *kinds: str) -> tuple[DeployedResource, ...]:
        """Return the resources of `kinds` to which a property points, by its links or by the texts in it."""
        texts = [*resource.links.get(key, ()), *_texts(resource.properties.get(key))]
        found = [row for text in texts for name in _parts(text) for row in self._by_name.get(name, ())]
        # By identity: resources hold mappings, which have no hash.
        return tuple({id(row): row for row in found if row.type in kinds and row is not resource}.values())

    def pointing_at(self, resource: DeployedResource, kind: str, key: str) -> tuple[DeployedResource, ...]:
        """Return the resources of a type whose property `key` points at `resource`."""
        rows = self.of(kind)
        return tuple(row for row in rows if any(one is resource for one in self.targets(row, key, resource.type)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for row in value.values():
            yield from _texts(row)
    elif isinstance(value, Sequence):
        for row in value:
            yield from _texts(row)


def _parts(text: str) -> Iterator[str]:
    """Yield what an id, an ARN or a URI may name: itself, and what stands between its slashes and colons."""
    yield text
    if "/" in text or ":" in text:
        for segment in text.split("/"):
            yield segment
            yield from segment.split(":")


def number(block: Mapping[str, Any], key: str, default: Decimal | int | None = None) -> Decimal | None:
    """Return a property as a number, also when it is a text. Raises Undetermined when it is unknown or none."""
    value = _known(block, key)
    if value is None or value == "":
        return None if default is None else Decimal(default)
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise Undetermined(f"{key} is no number")
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        raise Undetermined(f"{key} is no number") from None
    if not found.is_finite():
        raise Undetermined(f"{key} is no number")
    return found


def amount(block: Mapping[str, Any], key: str, default: Decimal | int = 0) -> Decimal:
    """Return a property as a number that is not negative, `default` when it is missing."""
    found = number(block, key)
    return Decimal(default) if found is None else max(Decimal(0), found)


def text(block: Mapping[str, Any], key: str, default: str = "") -> str:
    """Return a property as a text. Raises Undetermined when it is unknown or none."""
    value = _known(block, key)
    if value is None:
        return default
    if isinstance(value, list | tuple | Mapping):
        raise Undetermined(f"{key} is no text")
    return str(value)


def word(block: Mapping[str, Any], key: str, default: str = "") -> str:
    """Return a property that is one of AWS's short words, such as gp3. Raises Undetermined for anything else.

    Such words name priced items and stand in messages: a value that is none could be anything, a secret too.
    """
    found = text(block, key, default)
    if found and not _WORD.fullmatch(found):
        raise Undetermined(f"{key} is none that AWS has")
    return found


def flag(block: Mapping[str, Any], key: str) -> bool:
    """Return whether a property is true, also as a text; missing is false. Raises Undetermined when it is unknown."""
    return text(block, key).strip().lower() == "true"


def texts(block: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return the texts of a list, a single one as a list of one. Raises Undetermined when one is unknown."""
    return tuple(text({key: row}, key) for row in _rows(block, key))


def blocks(block: Mapping[str, Any], key: str) -> tuple[Mapping[str, Any], ...]:
    """Return the objects of a list, a single one as a list of one. Raises Undetermined when one is unknown."""
    found = _rows(block, key)
    for row in found:
        if not isinstance(row, Mapping):
            raise Undetermined(f"{key} is no object")
    return found


def block_of(block: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return an object, or the only one of a list; empty when it is missing."""
    found = blocks(block, key)
    return found[0] if found else _NOTHING


def _rows(block: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    value = _known(block, key)
    if value is None or value == "":
        return ()
    rows = tuple(value) if isinstance(value, list | tuple) else (value,)
    if any(isinstance(row, Unknown) for row in rows):
        raise Undetermined(f"{key} is not known before the deployment")
    return tuple(row for row in rows if row is not None)


def _known(block: Mapping[str, Any], key: str) -> Any:
    value = block.get(key)
    if isinstance(value, Unknown):
        raise Undetermined(f"{key} is not known before the deployment")
    return value
