"""Reads one setting each: from what Pulumi hands over, texts and JSON, to a value of its type, or to its problems.

A reader takes the key, the value and the list of problems found so far; it returns the value, or None after adding to
the list. So one bad item of a list does not hide the next.
"""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeVar

from infra.problems import Problem, closest, listed, shown

T = TypeVar("T")
Reader = Callable[[str, object, list[Problem]], T | None]

PRICE_DECIMALS = 6
FILE = "the stack's Pulumi.<stack>.yaml"


def _refused(key: str, value: object, allowed: str, remedy: str = "") -> Problem:
    return Problem(key, shown(value), allowed, remedy or f"correct {key} in {FILE}")


def integer(minimum: int, maximum: int, allowed: tuple[int, ...] = ()) -> Reader[int]:
    """Read a whole number from `minimum` to `maximum`; with `allowed`, only one of those."""
    words = listed(map(str, allowed)) if allowed else f"a whole number from {minimum} to {maximum}"

    def read(key: str, value: object, found: list[Problem]) -> int | None:
        number = int(value) if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value) else value
        if isinstance(number, bool) or not isinstance(number, int):
            found.append(_refused(key, value, words))
            return None
        if not minimum <= number <= maximum or (allowed and number not in allowed):
            found.append(_refused(key, value, words))
            return None
        return number

    return read


def price(maximum: int) -> Reader[Decimal]:
    """Read a price in USD from zero to `maximum`, exact to a micro-dollar."""
    words = f"a price in USD from 0 to {maximum} with at most {PRICE_DECIMALS} decimals, such as 0.15"

    def read(key: str, value: object, found: list[Problem]) -> Decimal | None:
        given = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
        exact = Decimal(given) if re.fullmatch(rf"\d{{1,9}}(\.\d{{1,{PRICE_DECIMALS}}})?", given) else None
        if exact is None or exact > maximum:
            found.append(_refused(key, value, words))
            return None
        return exact

    return read


def boolean() -> Reader[bool]:
    """Read true or false."""

    def read(key: str, value: object, found: list[Problem]) -> bool | None:
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return value == "true"
        found.append(_refused(key, value, "true, false"))
        return None

    return read


def choice(*allowed: str) -> Reader[str]:
    """Read one of the allowed words."""

    def read(key: str, value: object, found: list[Problem]) -> str | None:
        if isinstance(value, str) and value in allowed:
            return value
        hint = closest(value, allowed) if isinstance(value, str) else ""
        found.append(_refused(key, value, listed(allowed), hint))
        return None

    return read


def either(word: str, other: Reader[T]) -> Reader[T | str]:
    """Read one word, or else what another reader accepts."""

    def read(key: str, value: object, found: list[Problem]) -> T | str | None:
        if value == word:
            return word
        refused: list[Problem] = []
        known = other(key, value, refused)
        found.extend(_refused(key, value, f"{word}, or {problem.allowed}") for problem in refused)
        return known

    return read


def text(pattern: str, allowed: str, remedy: str = "") -> Reader[str]:
    """Read a text that the whole `pattern` matches; `allowed` says the pattern in words."""

    def read(key: str, value: object, found: list[Problem]) -> str | None:
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        found.append(_refused(key, value, allowed, remedy))
        return None

    return read


def array(item: Reader[T], minimum: int, maximum: int, *, unique: bool = True) -> Reader[tuple[T | None, ...]]:
    """Read a list of `minimum` to `maximum` items, no two of them alike when `unique`.

    A bad item stands as None in what is returned, so that checks of the good ones keep their places.
    """

    def read(key: str, value: object, found: list[Problem]) -> tuple[T | None, ...] | None:
        items = _structured(value)
        if not isinstance(items, list) or not minimum <= len(items) <= maximum:
            found.append(_refused(key, value, f"a list of {minimum} to {maximum}"))
            return None
        read_items = [item(f"{key}[{index}]", each, found) for index, each in enumerate(items)]
        if unique:
            for index, each in enumerate(items):
                if each in items[:index]:
                    found.append(_refused(f"{key}[{index}]", each, "each item once", "remove the second one"))
        return tuple(read_items)

    return read


def mapping(name: Reader[str], item: Reader[T]) -> Reader[Mapping[str, T]]:
    """Read an object of any names that `name` accepts, each with a value that `item` accepts."""

    def read(key: str, value: object, found: list[Problem]) -> Mapping[str, T] | None:
        fields = _structured(value)
        if not isinstance(fields, dict):
            found.append(_refused(key, value, "an object of names and values"))
            return None
        before = len(found)
        values: dict[str, T] = {}
        for field, each in fields.items():
            known = name(key, field, found)
            read_value = item(f"{key}.{field}", each, found)
            if known is not None and read_value is not None:
                values[known] = read_value
        return MappingProxyType(values) if len(found) == before else None

    return read


def record(
    make: Callable[..., T], fields: Mapping[str, tuple[str, Reader[Any]]], required: frozenset[str]
) -> Reader[T]:
    """Read an object with the given fields: name in the file -> (argument of `make`, reader)."""
    words = "an object with " + listed(f"{name} (required)" if name in required else name for name in fields)

    def read(key: str, value: object, found: list[Problem]) -> T | None:
        given = _structured(value)
        if not isinstance(given, dict):
            found.append(_refused(key, value, words))
            return None
        before = len(found)
        for name in given.keys() - fields.keys():
            # The value is not repeated: under an unknown name it may be anything, a secret too.
            hint = closest(str(name), fields)
            found.append(Problem(f"{key}.{name}", "this name", listed(fields), hint or "remove it"))
        found.extend(
            Problem(f"{key}.{name}", "its absence", words, f"add {name} to {key} in {FILE}")
            for name in sorted(required - given.keys())
        )
        arguments = {
            argument: reader(f"{key}.{name}", given[name], found)
            for name, (argument, reader) in fields.items()
            if name in given
        }
        return make(**arguments) if len(found) == before else None

    return read


def _structured(value: object) -> object:
    """Return the list or object that Pulumi hands over as JSON text."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return dict(value) if isinstance(value, Mapping) else list(value) if isinstance(value, tuple) else value
