"""Finds a CPython of the target's minor version: bytecode is only of use to the version that compiled it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from uv import find_uv_bin

from leanto.bundles.errors import BundleError

_CACHE_TAG = "import sys; print(sys.implementation.cache_tag)"


def find(python: str, report: Callable[[str], None]) -> Path:
    """Return a CPython of minor version `python` ("3.13"), fetching one through uv when the machine has none.

    Raises BundleError when none can be had.
    """
    for candidate in _candidates(python):
        if _serves(candidate, python):
            return candidate
    report(f"no Python {python} on this machine: asking uv to fetch one")
    fetched = _run_uv("python", "install", "--no-progress", python)
    found = _uv_find(python)
    if found is not None and _serves(found, python):
        return found
    reason = (fetched.stderr.strip().splitlines() or ["uv gave no reason"])[-1].strip()
    raise BundleError(
        f"the bundles need Python {python} to compile for it, and none was found here or could be fetched ({reason}).\n"
        f"Install Python {python} so that `python{python}` runs, or run `uv python install {python}` where there is a "
        "network, or set leanto:functionPython to a version that is installed."
    )


def _candidates(python: str) -> Iterator[Path]:
    if f"{sys.version_info.major}.{sys.version_info.minor}" == python:
        yield Path(sys.executable)
    found = _uv_find(python)
    if found is not None:
        yield found
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from (installed / "bin" / "python" for installed in sorted(versions.glob(f"{python}.*"), reverse=True))


def _uv_find(python: str) -> Path | None:
    found = _run_uv("python", "find", "--no-project", "--no-python-downloads", python).stdout.strip()
    return Path(found) if found else None


def _run_uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([find_uv_bin(), *arguments], capture_output=True, text=True, check=False)


def _serves(interpreter: Path, python: str) -> bool:
    try:
        told = subprocess.run(
            [interpreter, "-IS", "-c", _CACHE_TAG], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return told.stdout.strip() == f"cpython-{python.replace('.', '')}"
