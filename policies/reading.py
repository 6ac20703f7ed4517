"""Reads properties so that nothing is passed over in silence: what is unknown or of a wrong type is never a value.

Spelling does not matter: one object or a list of it, one text or a list of it, "true" or true, 4.0 or 4 read the same.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final, TypeVar

from policies.normalise import UNKNOWN
from policies.repeated import first_repeated

NOTHING: Mapping[str, Any] = MappingProxyType({})
Found = TypeVar("Found")
Defaults = Mapping[str, Any]
ABSENT: Final = object()


class Unread(Exception):  # noqa: N818 - a verdict, not an error
    """A value that a rule needs cannot be read: it is unknown, or not of the kind that AWS takes."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class Value:
    """One value at a path of a resource's properties."""

    __slots__ = ("_defaults", "path", "raw")

    def __init__(self, raw: Any, path: str, defaults: Defaults = NOTHING) -> None:
        self.raw = raw
        self.path = path
        self._defaults = defaults

    def known(self) -> Any:
        """Return the value as it is. Raises Unread when it is unknown."""
        if self.raw is UNKNOWN:
            raise Unread(self.path, "the value is not known yet")
        return self.raw

    def text(self) -> str:
        """Return a text; a number or a flag as AWS would write it, a list of one as its only element."""
        raw = _single(self.known())
        if raw is UNKNOWN:
            raise Unread(self.path, "the value is not known yet")
        if isinstance(raw, bool):
            return "true" if raw else "false"
        if isinstance(raw, str):
            return raw
        if isinstance(raw, int | float):
            return str(raw)
        raise self._wrong("a text")

    def flag(self) -> bool:
        """Return true or false, also of the texts."""
        text = self.text().strip().lower()
        if text not in {"true", "false"}:
            raise self._wrong("true or false")
        return text == "true"

    def number(self) -> Decimal:
        """Return a number, also of a text."""
        if isinstance(self.raw, bool):
            raise self._wrong("a number")
        try:
            number = Decimal(self.text().strip())
        except InvalidOperation:
            raise self._wrong("a number") from None
        if not number.is_finite():
            raise self._wrong("a number")
        return number

    def values(self) -> tuple["Value", ...]:
        """Return the elements of a list; of anything else, itself alone."""
        raw = self.known()
        if not isinstance(raw, list | tuple):
            return (self,)
        return tuple(Value(row, f"{self.path}[{place}]", self._defaults) for place, row in enumerate(raw))

    def block(self) -> "Block":
        """Return an object; a list of one as its only element."""
        raw = _single(self.known())
        if raw is UNKNOWN:
            raise Unread(self.path, "the value is not known yet")
        if not isinstance(raw, Mapping):
            raise self._wrong("an object")
        return Block(raw, self.path, self._defaults)

    def document(self) -> "Block":
        """Return a JSON document, given as text or as an object. Comments and repeated keys are no JSON to AWS."""
        raw = self.known()
        if isinstance(raw, Mapping):
            return Block(raw, self.path)
        try:
            parsed = json.loads(self.text(), object_pairs_hook=_once)
        except ValueError as error:
            raise Unread(self.path, f"it is not a JSON document that AWS would take ({_why(error)})") from None
        return Value(parsed, self.path).block()

    def _wrong(self, wanted: str) -> Unread:
        return Unread(self.path, f"expected {wanted}, not {_kind(self.raw)}")


class Block:
    """An object of a resource's properties. A property that is absent, null or "" counts as missing.

    Missing ones read as `default`; without one as AWS's default for the type and path, else as empty or false.
    """

    __slots__ = ("_defaults", "path", "raw")

    def __init__(self, raw: Mapping[str, Any], path: str = "", defaults: Defaults = NOTHING) -> None:
        self.raw = raw
        self.path = path
        self._defaults = defaults

    def at(self, key: str) -> str:
        """Return the path of a property of this object."""
        return f"{self.path}.{key}" if self.path else key

    def keys(self) -> tuple[str, ...]:
        """Return the names of the properties that are there."""
        return tuple(key for key, value in self.raw.items() if value is not None)

    def has(self, key: str) -> bool:
        """Tell whether a property is there. Raises Unread when it is unknown: it could turn out empty."""
        raw = self.raw.get(key)
        if raw is UNKNOWN:
            raise Unread(self.at(key), "the value is not known yet")
        return raw is not None and raw not in ("", [])

    def get(self, key: str) -> Value | None:
        """Return a property, or None when it is missing and AWS has no default for it."""
        raw = self.raw.get(key)
        if raw is None or (isinstance(raw, str) and not raw):
            raw = self._defaults.get(_unplaced(self.at(key)))
        return None if raw is None else Value(raw, self.at(key), self._defaults)

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""
        return self._read(key, Value.text, default)

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        return self._read(key, Value.flag, default)

    def number(self, key: str, default: Decimal | int | None = None) -> Decimal | None:
        """Return a number, or None when it is missing."""
        value = self.get(key)
        if value is None:
            return None if default is None else Decimal(default)
        return value.number()

    def values(self, key: str) -> tuple[Value, ...]:
        """Return the elements of a list, each for itself; a single value is a list of one."""
        return self._read(key, Value.values, ())

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the texts of a list; a single text is a list of one."""
        return tuple(value.text() for value in self.values(key))

    def block(self, key: str) -> "Block":
        """Return an object, empty when it is missing. Pulumi's singular and plural names of a block read the same."""
        value = self._block_value(key)
        # An empty list of blocks is what Terraform's converters write for none.
        if value is None or value.raw == []:
            return Block(NOTHING, self.at(key), self._defaults)
        return value.block()

    def blocks(self, key: str) -> tuple["Block", ...]:
        """Return the objects of a list; a single object is a list of one. An unknown one among them raises Unread."""
        return tuple(value.block() for value in self.block_values(key))

    def block_values(self, key: str) -> tuple[Value, ...]:
        """Return the objects of a list unread, so that each can be checked for itself."""
        value = self._block_value(key)
        return () if value is None else value.values()

    def mapping(self, key: str) -> Mapping[str, Value]:
        """Return the entries of a map with free keys, such as tags or environment variables."""
        value = self.get(key)
        if value is None:
            return NOTHING
        block = value.block()
        return {name: Value(raw, block.at(name)) for name, raw in block.raw.items() if raw is not None}

    def document(self, key: str) -> "Block | None":
        """Return the JSON document that a property holds, or None when it is missing."""
        value = self.get(key)
        return None if value is None else value.document()

    def _block_value(self, key: str) -> Value | None:
        return next((value for name in _spellings(key) if (value := self.get(name)) is not None), None)

    def _read(self, key: str, read: Callable[[Value], Found], default: Found) -> Found:
        value = self.get(key)
        return default if value is None else read(value)


def _spellings(key: str) -> tuple[str, ...]:
    """Return the names of a block in pulumi-aws, which changed between singular and plural over its versions."""
    other = key[:-1] if key.endswith("s") else key + "s"
    return (key, other, key[:-1] + "ies") if key.endswith("y") else (key, other)


def _unplaced(path: str) -> str:
    """Return a path without positions in lists."""
    if "[" not in path:
        return path
    return "".join(part.partition("]")[2] if place else part for place, part in enumerate(path.split("[")))


def _single(raw: Any) -> Any:
    return raw[0] if isinstance(raw, list | tuple) and len(raw) == 1 else raw


def _kind(raw: Any) -> str:
    if isinstance(raw, Mapping):
        return "an object"
    if isinstance(raw, Sequence) and not isinstance(raw, str):
        return "a list"
    return {bool: "true or false", str: "another text"}.get(type(raw), "a number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    repeated = first_repeated(key for key, _ in pairs)
    if repeated is not None:
        raise ValueError(f"repeated key {repeated}")
    return dict(pairs)


def _why(error: ValueError) -> str:
    """Return why JSON cannot be read, without the text itself."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} in line {error.lineno}, column {error.colno}"
    return str(error)
