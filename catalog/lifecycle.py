"""Until when a provider serves a model, by the dated table in `data/lifecycle.toml` and the rows of managed models."""

import datetime as dt
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from catalog.endpoints import geography
from catalog.reading import CatalogueError, parse
from catalog.tables import catalogue

FILE = "lifecycle.toml"
_ARN = ":bedrock:"


def known_since(provider: str, model: str) -> dt.date | None:
    """Return the date of what the catalogue knows of a model, None when it knows nothing. "" is any provider."""
    name = _plain(model)
    rows = [row.date for row in catalogue().managed_models.values() if _is(row.provider, row.model, provider, name)]
    if rows:
        return max(rows)
    return _date() if shuts_down(provider, model) else None


def shuts_down(provider: str, model: str) -> dt.date | None:
    """Return the first day on which a provider refuses a model, None when no day is known. "" is any provider."""
    name = _plain(model)
    rows = [row for row in catalogue().managed_models.values() if _is(row.provider, row.model, provider, name)]
    days = [row.shuts_down for row in rows if row.shuts_down]
    if rows and provider:
        # The row of a model says more than the long table: it was looked at.
        return min(days, default=None)
    listed = (table.get(name) for owner, table in _table().items() if provider in ("", owner))
    return min([*days, *(day for day in listed if day)], default=None)


def _is(owner: str, model: str, provider: str, name: str) -> bool:
    return provider in ("", owner) and _plain(model) == name


def _plain(model: str) -> str:
    """Return a model id without the ARN and the geography around it: a model ends in all places at a time."""
    text = model.strip()
    if _ARN in text:
        text = text.rpartition("/")[2]
    named = geography(text)
    return text[len(named) + 1 :] if named else text


@cache
def _table() -> Mapping[str, Mapping[str, dt.date]]:
    found: dict[str, Mapping[str, dt.date]] = {}
    for provider, rows in _document().get("shuts_down", {}).items():
        # One model may stand there with and without a geography: the earliest day counts.
        days: dict[str, dt.date] = {}
        for model, day in rows.items():
            if not isinstance(day, dt.date):
                raise CatalogueError(f"{FILE}: {provider}: {model}: expected a date such as 2026-11-23")
            days[_plain(model)] = min(day, days.get(_plain(model), day))
        found[provider] = MappingProxyType(days)
    return MappingProxyType(found)


def _date() -> dt.date:
    day = _document().get("date")
    if not isinstance(day, dt.date):
        raise CatalogueError(f"{FILE}: date is missing")
    return day


@cache
def _document() -> dict[str, Any]:
    return parse(files("catalog") / "data" / FILE)
