"""Reads which packages `uv.lock` pins for the functions: program and builder agree on it here."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

PROJECT = "leanto"
GROUP = "functions"


def locked_packages(path: Path) -> tuple[Mapping[str, Any], ...]:
    """Return the `[[package]]` rows of a lock file that the functions need, sorted by name and version.

    Environment markers are not evaluated: a package that only some targets need is among them.
    """
    packages = tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    project = next(row for row in packages if row["name"] == PROJECT)
    roots = [dependency["name"] for dependency in project["dev-dependencies"][GROUP]]
    names = closure(packages, roots)
    return tuple(
        sorted((row for row in packages if row["name"] in names), key=lambda row: (row["name"], row["version"]))
    )


def closure(packages: Iterable[Mapping[str, Any]], roots: Iterable[str]) -> frozenset[str]:
    """Return the names of `roots` and of everything they depend on, by the rows of a lock file."""
    needs: dict[str, set[str]] = {}
    for row in packages:
        needs.setdefault(row["name"], set()).update(dependency["name"] for dependency in row.get("dependencies", ()))
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(needs.get(name, ()))
    return frozenset(found)
