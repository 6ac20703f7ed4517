"""What rules look at: the resources of a stack in one plain form, and how they point at each other."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from catalog.families import canonical
from policies.aws_defaults import defaults_of
from policies.normalise import UNKNOWN, normalise
from policies.reading import Block, Unread

NOTHING: Mapping[str, Any] = MappingProxyType({})
NO_LINKS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
IDENTIFYING = ("id", "arn", "name", "bucket", "keyId", "functionName", "qualifiedArn", "invokeArn", "executionArn")
"""Outputs by whose values other resources point at one."""


@dataclass(frozen=True)
class ItemOptions:
    """The resource options that rules look at."""

    protect: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Item:
    """One resource of a stack. `inputs` and `outputs` may hold UNKNOWN; build items by `item()`, which normalises.

    `outputs` are for finding who points at whom, and for values that AWS made up; rules read `props`, the inputs.
    `property_dependencies` maps an input to the URNs it was made from. `provider` is the type of an explicit or default
    provider with its inputs. `secret_inputs` names inputs that hold a secret. `source` is "file:line" where known.
    `component` tells a component of the program, which creates nothing itself.
    """

    urn: str
    given_type: str
    name: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    parent: str = ""
    options: ItemOptions = ItemOptions()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NO_LINKS)
    provider_inputs: Mapping[str, Any] | None = None
    secret_inputs: tuple[str, ...] = ()
    source: str = ""
    component: bool = False

    @cached_property
    def type(self) -> str:
        """The canonical type."""
        return canonical(self.given_type)

    @cached_property
    def props(self) -> Block:
        """The inputs, to be read; missing ones have AWS's defaults."""
        return Block(self.inputs, "", defaults_of(self.type))

    @cached_property
    def output(self) -> Block:
        """The outputs over the inputs, to be read."""
        return Block({**self.inputs, **self.outputs})

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """The known texts by which others may point at this resource."""
        rows = (source.get(key) for source in (self.outputs, self.inputs) for key in IDENTIFYING)
        return frozenset(row for row in rows if isinstance(row, str) and row)


def item(
    urn: str,
    kind: str,
    name: str,
    inputs: Mapping[str, Any],
    *,
    outputs: Mapping[str, Any] = NOTHING,
    provider_inputs: Mapping[str, Any] | None = None,
    **others: Any,
) -> Item:
    """Return a resource with normalised properties. `others` are the further fields of Item."""
    return Item(
        urn,
        kind,
        name,
        _plain(inputs),
        outputs=_plain(outputs),
        provider_inputs=None if provider_inputs is None else _plain(provider_inputs),
        **others,
    )


def _plain(values: Mapping[str, Any]) -> Mapping[str, Any]:
    plain = normalise(dict(values))
    return plain if isinstance(plain, dict) else NOTHING


@dataclass(frozen=True)
class Settings:
    """What a rule is run with: its own parameters by name, and what holds for all rules of a run.

    `today` is the date of the run. `known_types` are the types that some rule reads or the catalogue declares free.
    `guarded` names the inputs by canonical type, "*" for every type, whose changes must not be ignored.
    `exemption_problems` are what is wrong with the files of exemptions, place and message; None when there is no file.
    """

    profile: str
    values: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    today: dt.date = dt.date.min
    known_types: frozenset[str] = frozenset()
    guarded: Mapping[str, frozenset[str]] = field(default_factory=lambda: NOTHING)
    exemption_problems: tuple[tuple[str, str], ...] | None = None

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass(frozen=True, eq=False)
class Stack:
    """All resources of a stack. `region` and `environment` are what the stack itself says, or "" when it does not."""

    name: str
    items: tuple[Item, ...]
    region: str = ""
    environment: str = ""
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def _by_type(self) -> Mapping[str, tuple[Item, ...]]:
        found: dict[str, list[Item]] = {}
        for row in self.items:
            found.setdefault(row.type, []).append(row)
        return {kind: tuple(rows) for kind, rows in found.items()}

    @cached_property
    def _by_urn(self) -> Mapping[str, Item]:
        return {row.urn: row for row in self.items}

    @cached_property
    def _by_identifier(self) -> Mapping[str, tuple[Item, ...]]:
        found: dict[str, list[Item]] = {}
        for row in self.items:
            for text in row.identifiers:
                found.setdefault(text, []).append(row)
        return {text: tuple(rows) for text, rows in found.items()}

    def of(self, *kinds: str) -> tuple[Item, ...]:
        """Return the resources of some canonical types."""
        return tuple(row for kind in kinds for row in self._by_type.get(kind, ()))

    def by_urn(self, urn: str) -> Item | None:
        """Return one resource."""
        return self._by_urn.get(urn)

    def targets(self, item: Item, path: str, *kinds: str) -> tuple[Item, ...]:
        """Return the resources of `kinds` that an input of `item` points to, by dependency or by id, ARN or name.

        `path` may lead into objects ("vpcConfig.subnetIds"). Raises Unread when the value is unknown and nothing tells
        where it comes from.
        """
        top = path.partition(".")[0].partition("[")[0]
        urns = item.property_dependencies.get(top, ())
        values = _texts_at(item.inputs, path)
        # Of `kinds` alone: what stands beside a bucket is known by the bucket's name as well.
        linked = [row for text in values.known for row in self._by_identifier.get(text, ()) if row.type in kinds]
        # A property made from several resources depends on all of them: what its known value names is more exact.
        if not linked or values.unknown:
            linked += [row for urn in urns if (row := self.by_urn(urn)) is not None and row.type in kinds]
        found = tuple(dict.fromkeys(linked))
        if values.unknown and not urns and not found:
            raise Unread(path, "the value is not known yet, so neither is what it points to")
        return found

    def target(self, item: Item, path: str, *kinds: str) -> Item | None:
        """Return the only resource of `kinds` that an input points to, or None."""
        found = self.targets(item, path, *kinds)
        return found[0] if len(found) == 1 else None

    def linked(self, item: Item, *kinds: str, by: str) -> tuple[Item, ...]:
        """Return the resources of `kinds` whose input `by` points to `item`.

        Raises Unread when none is known to and one could.
        """
        found: list[Item] = []
        unread: Unread | None = None
        for row in self.of(*kinds):
            try:
                if item in self.targets(row, by, item.type):
                    found.append(row)
            except Unread as error:
                unread = error
        if unread and not found:
            raise unread
        return tuple(found)


@dataclass(frozen=True)
class _Texts:
    known: tuple[str, ...]
    unknown: bool


def _texts_at(value: Any, path: str) -> _Texts:
    """Return the texts that stand at a path, in lists as well."""
    rows: list[Any] = [value]
    for part in path.replace("[", ".[").split("."):
        rows = [step for row in rows for step in _steps(row, part)]
    rows = [step for row in rows for step in (row if isinstance(row, list) else (row,))]
    return _Texts(tuple(row for row in rows if isinstance(row, str)), any(row is UNKNOWN for row in rows))


def _steps(row: Any, part: str) -> Iterable[Any]:
    if row is UNKNOWN:
        return (UNKNOWN,)
    if part.startswith("[") and isinstance(row, list):
        place = int(part.strip("[]"))
        return row[place : place + 1]
    if isinstance(row, list):
        return [step for one in row for step in _steps(one, part)]
    return (row[part],) if isinstance(row, Mapping) and part in row else ()
