"""Finds the method of an API that a request calls; pure.

Order of API Gateway: an exact segment goes before a `{parameter}`, which goes before a greedy `{parameter+}`; a method
of that name goes before `ANY`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from leanto.embedded.front.snapshot import Method

_EXACT, _PARAMETER, _GREEDY = 0, 1, 2


@dataclass(frozen=True)
class Match:
    """The method that answers, and the values of the parameters in its path."""

    method: Method
    parameters: Mapping[str, str]


def find(methods: Iterable[Method], http_method: str, path: str) -> Match | None:
    """Return the method for a request; None when the API has none."""
    found = []
    for method in methods:
        if method.http_method in {http_method, "ANY"}:
            fit = _fit(_segments(method.path), _segments(path))
            if fit is not None:
                rank, parameters = fit
                found.append(((*rank, method.http_method == "ANY"), Match(method, parameters)))
    return min(found, key=lambda one: one[0])[1] if found else None


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _fit(pattern: list[str], path: list[str]) -> tuple[tuple[int, ...], dict[str, str]] | None:
    """Return how exactly a path fits a pattern, segment by segment, and its parameters; None when it does not."""
    rank: list[int] = []
    parameters: dict[str, str] = {}
    for index, part in enumerate(pattern):
        if part.startswith("{") and part.endswith("+}"):
            if index >= len(path):
                return None
            parameters[part[1:-2]] = "/".join(path[index:])
            return (*rank, _GREEDY), parameters
        if index >= len(path):
            return None
        if part.startswith("{"):
            parameters[part[1:-1]] = path[index]
            rank.append(_PARAMETER)
        elif part == path[index]:
            rank.append(_EXACT)
        else:
            return None
    return (tuple(rank), parameters) if len(pattern) == len(path) else None
