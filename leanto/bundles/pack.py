"""Puts together the files of one bundle: its packages, its part of the runtime, the bytecode of both."""

import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from infra.bundles import NODE, SOURCES
from leanto.bundles.archive import Entry
from leanto.bundles.contents import BOOTSTRAP, belongs, keeps


def entries(name: str, packages: frozenset[str], wheels: Path, code: Path) -> dict[str, Entry]:
    """Return what goes into the bundle `name`, keyed by the name in the zip.

    `wheels` is a tree of installed packages of which `packages` are taken, `code` a folder with the runtime package.
    """
    return {**dict(_packages(packages, wheels)), **dict(_runtime(name, code))}


def _runtime(name: str, code: Path) -> Iterator[tuple[str, Entry]]:
    for path in sorted(code.rglob("*")):
        if not path.is_file():
            continue
        inside = PurePosixPath(path.relative_to(code / SOURCES).as_posix())
        if str(inside) == BOOTSTRAP:
            if name != NODE:
                yield BOOTSTRAP, Entry(path, executable=True)
        elif belongs(name, inside):
            yield f"{SOURCES}/{inside}", Entry(path)


def _packages(names: frozenset[str], wheels: Path) -> Iterator[tuple[str, Entry]]:
    for record in sorted(wheels.glob("*.dist-info/RECORD")):
        if _distribution(record.parent) in names:
            with record.open(encoding="utf-8", newline="") as lines:
                for path in (PurePosixPath(line[0]) for line in csv.reader(lines)):
                    if keeps(path):
                        yield from _with_bytecode(wheels, path)


def _distribution(info: Path) -> str:
    """Return the name of a package as the lock spells it, from its `name-version.dist-info`."""
    return info.name.split("-")[0].replace("_", "-").replace(".", "-").lower()


def _with_bytecode(tree: Path, path: PurePosixPath) -> Iterator[tuple[str, Entry]]:
    yield str(path), Entry(tree / path)
    if path.suffix == ".py":
        for compiled in (tree / path.parent / "__pycache__").glob(f"{path.stem}.cpython-*.pyc"):
            yield compiled.relative_to(tree).as_posix(), Entry(compiled)
