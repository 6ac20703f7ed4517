"""The settings that could be read, for checks between them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from catalog.rows import Catalogue
from infra.problems import Problem

Check = Callable[["Values", Catalogue], Iterator[Problem]]
"""Yields what is wrong between settings; must read all settings it needs before it yields."""


Item = TypeVar("Item")


class UnreadError(Exception):
    """A check needs a setting that is wrong by itself: its own problem is told, the check has nothing to say."""


class Values:
    """Settings by field name; one that could not be read raises UnreadError."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        """Return the setting of that field name."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._values:
            raise UnreadError(name)
        return self._values[name]


def good(items: tuple[Item | None, ...]) -> tuple[tuple[int, Item], ...]:
    """Return the items of a list setting that could be read, each with its place."""
    return tuple((index, item) for index, item in enumerate(items) if item is not None)
