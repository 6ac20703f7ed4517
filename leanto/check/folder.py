"""Reads from a project's folder how its program is run: which interpreter, which entry, which stack."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leanto.check.project import ProjectError, project_file, read_yaml, stack_files

RUNTIME = "python"


@dataclass(frozen=True)
class ProgramFolder:
    """A project whose program can be run.

    `program` is what Python runs: a folder with `__main__.py`, or a file. `cwd` is the folder it runs in. `named` tells
    that the project names its interpreter itself.
    """

    root: Path
    program: Path
    cwd: Path
    python: Path
    named: bool


def program_folder(root: Path, python: Path | None = None) -> ProgramFolder:
    """Return how the program at `root` is run; `python` is the interpreter to use whatever the project names.

    Raises ProjectError: no Pulumi.yaml, another language, an entry or a virtual environment that is not there.
    """
    root = root.absolute()
    if not root.is_dir():
        raise ProjectError(f"there is no folder {root}: name the folder that holds the program's Pulumi.yaml")
    path = project_file(root)
    project = read_yaml(path)
    runtime, options = _runtime(project, path)
    if runtime != RUNTIME:
        raise ProjectError(f"{path}: runtime is {runtime!r}; programs in python can be checked, others by their state")
    program, cwd = _entry(root, project, path)
    found = None if python else _interpreter(root, options, path)
    return ProgramFolder(root, program, cwd, python or found or Path(sys.executable), found is not None)


def choose_stack(root: Path, name: str | None) -> str:
    """Return the stack to check: the one named, else the only one that has a file, else "dev" where none has.

    Raises ProjectError where there are several to choose from.
    """
    if name:
        return name
    known = tuple(sorted(stack_files(root)))
    if len(known) > 1:
        raise ProjectError(f"{root} has several stacks: {', '.join(known)}; name one with --stack")
    return known[0] if known else "dev"


def _runtime(project: Mapping[str, Any], path: Path) -> tuple[str, Mapping[str, Any]]:
    runtime = project.get("runtime")
    if isinstance(runtime, str):
        return runtime, {}
    if isinstance(runtime, Mapping) and isinstance(runtime.get("name"), str):
        return str(runtime["name"]), runtime.get("options") or {}
    raise ProjectError(f"{path}: runtime is missing; programs in python can be checked")


def _entry(root: Path, project: Mapping[str, Any], path: Path) -> tuple[Path, Path]:
    """Return what to run and where, as the official host has it: a file named by `main` runs in its own folder."""
    main = str(project.get("main") or ".")
    target = (root / main).resolve()
    if target.is_file():
        return target, target.parent
    if not (target / "__main__.py").is_file():
        raise ProjectError(f"{path}: main is {main!r}, and there is no {target / '__main__.py'}")
    return target, target


def _interpreter(root: Path, options: Mapping[str, Any], path: Path) -> Path | None:
    """Return the interpreter of the environment that the project names, or None where it names none."""
    named, toolchain = options.get("virtualenv"), str(options.get("toolchain") or "pip").lower()
    if named:
        python = _python(root / str(named))
        if python is None:
            raise ProjectError(
                f"{path}: virtualenv is {str(named)!r}, and there is no Python in {root / str(named)}: make the "
                "environment and install the program's packages, as `pulumi install` does"
            )
        return python
    if toolchain not in {"uv", "poetry"}:
        return None
    candidates = [
        root / ".venv",
        *(folder / ".venv" for folder in root.parents if (folder / f"{toolchain}.lock").is_file()),
    ]
    return next((python for folder in candidates if (python := _python(folder)) is not None), None)


def _python(environment: Path) -> Path | None:
    candidates = (environment / "bin" / "python", environment / "Scripts" / "python.exe")
    # Not resolved: an environment's Python is a link, and would not find the environment through its target.
    return next((Path(os.path.normpath(path.absolute())) for path in candidates if path.is_file()), None)
