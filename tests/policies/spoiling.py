"""Ways to spoil a stack, one thing at a time: every resource of a type in turn, at every place that a path names."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from policies.pack import guarded
from policies.stack import Item, Stack, item
from tests.policies.mutants import GONE, Path, inputs_with

ABSENT = object()


@dataclass(frozen=True)
class Changed:
    """A stack with one thing changed. `item` is the resource as it is now, None when it was taken away.

    `kind` is the resource's canonical type, `paths` are the places in its inputs that differ, positions in lists left
    out.
    """

    stack: Stack
    item: Item | None
    kind: str
    paths: frozenset[tuple[str, ...]]
    label: str
    before: Stack | None = None
    """The stack that was changed, where that is not the one of the preset itself."""


Change = Callable[[Stack], Iterator[Changed]]
Values = Callable[[Any], Iterable[Any]]


def full(kind: str) -> str:
    """Return the whole name of a type: `kms/key` is `aws:kms/key:Key`."""
    last = kind.rpartition("/")[2]
    return f"aws:{kind}:{last[0].upper()}{last[1:]}" if ":" not in kind else kind


def _of(stack: Stack, kind: str, name_end: str = "") -> Iterator[Item]:
    """Yield the resources of a type; "*" stands for everything, "aws" for all of AWS. Components make nothing."""
    rows = stack.items if kind in ("*", "aws") else stack.of(full(kind))
    rows = tuple(one for one in rows if kind != "aws" or one.type.startswith("aws:"))
    return (one for one in rows if one.name.endswith(name_end) and not one.component)


def edit(kind: str, path: str | tuple[str, ...], values: Values, name_end: str = "") -> Change:
    """Set what stands at a path ("a.*.b") to each of the values that are made from it, in every resource of a type.

    `values` is given ABSENT where nothing stands yet; GONE among its values takes the place away.
    """
    parts = tuple(path.split(".")) if isinstance(path, str) else path

    def change(stack: Stack) -> Iterator[Changed]:
        for one in _of(stack, kind, name_end):
            for place in _places(one.inputs, parts):
                old = _at(one.inputs, place)
                for number, value in enumerate(values(old)):
                    if value != old:
                        yield _with(stack, one, place, value, number)

    return change


def put(kind: str, path: str, *values: Any, name_end: str = "") -> Change:
    """Set what stands at a path to each value; GONE takes away what is there."""
    return edit(kind, path, lambda old: (one for one in values if not (one is GONE and old is ABSENT)), name_end)


def present(kind: str, path: str, *values: Any, name_end: str = "") -> Change:
    """Set what stands at a path to each value, where something stands."""
    return edit(kind, path, lambda old: () if old is ABSENT else values, name_end)


def listed(kind: str, path: str) -> Change:
    """Take away each element of a list in turn."""

    def shorter(old: Any) -> Iterator[Any]:
        for place in range(len(old) if isinstance(old, list) else 0):
            yield old[:place] + old[place + 1 :]

    return edit(kind, path, shorter)


def become(kind: str, name_end: str = "", /, **inputs: Any) -> Change:
    """Change several inputs of each resource of a type at once, where one alone has no meaning."""

    def change(stack: Stack) -> Iterator[Changed]:
        for one in _of(stack, kind, name_end):
            yield _replaced(stack, one, _given(one, inputs), one.name)

    return change


def after(kind: str, inputs: Mapping[str, Any], change: Change) -> Change:
    """Change a stack in which every resource of a type has some inputs: one of two safeguards is off already there."""

    def later(stack: Stack) -> Iterator[Changed]:
        rows = {one.urn: _given(one, inputs) for one in stack.of(full(kind))}
        before = replace(stack, items=tuple(rows.get(one.urn, one) for one in stack.items))
        for changed in change(before):
            yield replace(changed, before=before)

    return later


def then(first: Change, second: Change) -> Change:
    """Change a stack in which something has been changed already that is not wrong by itself."""

    def later(stack: Stack) -> Iterator[Changed]:
        for before in first(stack):
            for changed in second(before.stack):
                yield replace(changed, before=before.stack)

    return later


def beside(kind: str, change: Change) -> Change:
    """Change only stacks that have a resource of a type: without one the change would not be wrong."""
    return lambda stack: change(stack) if stack.of(full(kind)) else iter(())


def without(kind: str, name_end: str = "") -> Change:
    """Take away each resource of a type."""

    def change(stack: Stack) -> Iterator[Changed]:
        for one in _of(stack, kind, name_end):
            rest = tuple(row for row in stack.items if row is not one)
            yield Changed(replace(stack, items=rest), None, one.type, frozenset(), f"{one.name} gone")

    return change


def extra(kind: str, inputs: Mapping[str, Any] | None = None, *, count: int = 1, **fields: Any) -> Change:
    """Add a resource, or some alike, made by the provider of the others."""

    def change(stack: Stack) -> Iterator[Changed]:
        provider = next(row.provider_inputs for row in stack.items if row.provider_inputs)
        fields.setdefault("provider_inputs", provider)
        made = tuple(
            item(f"urn:pulumi:own::own::{full(kind)}::extra{number}", full(kind), "extra", inputs or {}, **fields)
            for number in range(count)
        )
        yield Changed(replace(stack, items=(*stack.items, *made)), made[0], made[0].type, frozenset(), "extra")

    return change


def option(kind: str, **options: Any) -> Change:
    """Set options of each resource of a type ("*" for every type)."""

    def change(stack: Stack) -> Iterator[Changed]:
        for one in _of(stack, kind):
            now = replace(one, options=replace(one.options, **options))
            yield _replaced(stack, one, now, f"{one.name} {options}")

    return change


def each_guarded_ignored() -> Change:
    """Let deployments ignore changes of each input that some rule guards, in each resource that has it."""

    def change(stack: Stack) -> Iterator[Changed]:
        names = guarded()
        for one in _of(stack, "*"):
            for name in sorted((names.get(one.type, frozenset()) | names["*"]) & one.inputs.keys()):
                now = replace(one, options=replace(one.options, ignore_changes=(name,)))
                changed = _replaced(stack, one, now, f"{one.name} ignores {name}")
                yield replace(changed, paths=frozenset({(name,)}))

    return change


def every_input(value: Any, but: tuple[str, ...] = ()) -> Change:
    """Replace each input of each resource by a value, but for inputs of some names."""

    def change(stack: Stack) -> Iterator[Changed]:
        for one in _of(stack, "*"):
            for key in one.inputs.keys() - set(but):
                yield _with(stack, one, (key,), value, 0)

    return change


def _places(value: Any, parts: tuple[str, ...], at: Path = ()) -> Iterator[Path]:
    """Yield the places that a path names; the last step may be of something that is not there yet."""
    if not parts:
        yield at
        return
    first, *rest = parts
    if isinstance(value, list):
        for place in range(len(value)) if first == "*" else ():
            yield from _places(value[place], tuple(rest), (*at, place))
    elif isinstance(value, Mapping):
        for key in tuple(value) if first == "*" else (first,):
            if key in value or not rest:
                yield from _places(value.get(key), tuple(rest), (*at, key))


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value.get(part, ABSENT) if isinstance(value, Mapping) else value[part]
    return value


def _with(stack: Stack, one: Item, path: Path, value: Any, number: int) -> Changed:
    inputs = inputs_with(one, path, value)
    # What the value was made from, and what AWS made of it, no longer holds.
    links = {key: urns for key, urns in one.property_dependencies.items() if key != path[0]}
    outputs = {key: row for key, row in one.outputs.items() if key != path[0]}
    now = replace(one, inputs=inputs, outputs=outputs, property_dependencies=links)
    label = f"{one.name} {'.'.join(str(part) for part in path)} #{number + 1}"
    return _replaced(stack, one, now, label)


def _given(one: Item, inputs: Mapping[str, Any]) -> Item:
    return replace(one, inputs={key: row for key, row in {**one.inputs, **inputs}.items() if row is not GONE})


def _replaced(stack: Stack, old: Item, new: Item, label: str) -> Changed:
    items = tuple(new if row is old else row for row in stack.items)
    return Changed(replace(stack, items=items), new, new.type, frozenset(_differing(old.inputs, new.inputs)), label)


def _differing(old: Any, new: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the places that differ; of lists of other lengths the place of the list."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in old.keys() | new.keys():
            yield from _differing(old.get(key, ABSENT), new.get(key, ABSENT), (*at, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield from _differing(one, other, at)
    elif old != new:
        yield at
