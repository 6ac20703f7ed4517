"""Reads rows of a data file into frozen dataclasses: unknown keys, wrong types and missing keys are errors."""

import datetime as dt
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, TypeVar

Row = TypeVar("Row")


class CatalogueError(ValueError):
    """A data file is wrong: the message names the file, the row and the key."""


def parse(file: Traversable) -> dict[str, Any]:
    """Return the content of a TOML file with its fractions as exact Decimals."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{file.name}: not TOML: {error}") from error


def read_rows(file: str, document: Mapping[str, Any], section: str, kind: type[Row]) -> tuple[Row, ...]:
    """Return each `[[section]]` of a parsed file as one `kind`, in the file's order."""
    found = document.get(section)
    if not isinstance(found, list) or not found:
        raise CatalogueError(f"{file}: no [[{section}]] rows")
    return tuple(_row(f"{file} [[{section}]] {number}", raw, kind) for number, raw in enumerate(found, start=1))


def _row(where: str, raw: Any, kind: type[Row]) -> Row:
    if not isinstance(raw, dict):
        raise CatalogueError(f"{where} must be a table with keys, is {raw!r}")
    hints = typing.get_type_hints(kind)
    declared = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(raw) - set(declared))
    if unknown:
        raise CatalogueError(f"{where}: unknown key {unknown[0]!r}; allowed: {', '.join(declared)}")
    values: dict[str, Any] = {}
    for name, item in declared.items():
        if name in raw:
            values[name] = _value(f"{where}: {name}", raw[name], hints[name])
        elif item.default is MISSING and item.default_factory is MISSING:
            raise CatalogueError(f"{where}: {name} is missing")
    return kind(**values)


def _value(where: str, raw: Any, hint: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin is types.UnionType:
        return _value(where, raw, next(part for part in typing.get_args(hint) if part is not types.NoneType))
    if origin is tuple:
        return _sequence(where, raw, typing.get_args(hint)[0])
    if origin is Mapping:
        return _mapping(where, raw, typing.get_args(hint)[1])
    return _scalar(where, raw, hint)


def _sequence(where: str, raw: Any, hint: Any) -> tuple[Any, ...]:
    if not isinstance(raw, list) or not raw:
        raise CatalogueError(f"{where} must be a list with something in it, is {raw!r}")
    if isinstance(hint, type) and is_dataclass(hint):
        return tuple(_row(f"{where} {number}", item, hint) for number, item in enumerate(raw, start=1))
    return tuple(_scalar(where, item, hint) for item in raw)


def _mapping(where: str, raw: Any, hint: Any) -> Mapping[str, Any]:
    if not isinstance(raw, dict) or not raw:
        raise CatalogueError(f"{where} must be a table with something in it, is {raw!r}")
    return MappingProxyType({key: _scalar(f"{where}.{key}", item, hint) for key, item in raw.items()})


def _scalar(where: str, raw: Any, hint: Any) -> Any:
    if hint is Decimal and isinstance(raw, int) and not isinstance(raw, bool):
        return Decimal(raw)
    if type(raw) is not hint or (hint is str and not raw.strip()):
        raise CatalogueError(f"{where} must be {_TYPE_NAMES[hint]}, is {raw!r}")
    return raw


_TYPE_NAMES: Mapping[Any, str] = MappingProxyType(
    {
        str: "text",
        int: "a whole number",
        Decimal: "a number",
        bool: "true or false",
        dt.date: "a date such as 2026-11-23",
    }
)
