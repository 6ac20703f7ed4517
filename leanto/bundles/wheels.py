"""Installs the locked wheels of the functions for another machine into a folder, by hash, running none of them."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from uv import find_uv_bin

from infra.bundles import Target
from infra.lockfile import GROUP
from leanto.bundles.errors import BundleError

_PLATFORMS = {"arm64": "aarch64-manylinux2014", "x86_64": "x86_64-manylinux2014"}
_CREDENTIALS = re.compile(r"(https?://)[^/\s@]+@")

_MISMATCH = (
    "a package does not match its hash in uv.lock: the index serves something else than what was locked. "
    "Do not build from it; find out why, and relock with `uv lock` only if the change is meant."
)
_NO_WHEEL = (
    "a locked package has no wheel for this target: lock another version of it, "
    "or choose another leanto:functionPython."
)
_UNREACHABLE = (
    "the package index could not be reached: connect to the network, or set UV_DEFAULT_INDEX to an index that can be "
    "reached, and run again. Once built, bundles need no network."
)
_CAUSES = (
    (re.compile("hash mismatch", re.IGNORECASE), _MISMATCH),
    (re.compile("no wheels|no usable wheels|no source distribution|does not satisfy python", re.IGNORECASE), _NO_WHEEL),
    (
        re.compile(
            "failed to fetch|error sending request|dns error|connect|timed out|network was disabled", re.IGNORECASE
        ),
        _UNREACHABLE,
    ),
)


def install(root: Path, target: Target, destination: Path, report: Callable[[str], None]) -> None:
    """Install the locked wheels for `target` into the new folder `destination`.

    Raises BundleError when the index cannot be reached, a hash differs or a wheel is missing.
    """
    if target.architecture not in _PLATFORMS:
        allowed = ", ".join(sorted(_PLATFORMS))
        raise BundleError(f"architecture must be one of {allowed}, is {target.architecture!r}")
    with tempfile.TemporaryDirectory() as scratch:
        requirements = Path(scratch) / "requirements.txt"
        requirements.write_text(_exported(root), encoding="utf-8")
        report(f"installing {_count(requirements)} locked packages for {target.label}")
        _pip_install(root, target, requirements, destination)


def _exported(root: Path) -> str:
    options = ("--no-emit-project", "--no-header", "--no-annotate", "--quiet")
    return _uv(root, "export", "--frozen", "--only-group", GROUP, *options)


def _pip_install(root: Path, target: Target, requirements: Path, tree: Path) -> None:
    arguments = ["pip", "install", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy"]
    arguments += ["--python-platform", _PLATFORMS[target.architecture], "--python-version", target.python]
    arguments += [
        "--python",
        sys.executable,
        "--target",
        str(tree),
        "--no-progress",
        "--requirements",
        str(requirements),
    ]
    _uv(root, *arguments)


def _uv(root: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    result = subprocess.run(
        [find_uv_bin(), *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise BundleError(_explained(result.stderr))
    return result.stdout


def _explained(stderr: str) -> str:
    told = _CREDENTIALS.sub(r"\1", stderr.strip())
    unwrapped = " ".join(told.split())  # uv breaks its lines wherever they get long
    cause = next(
        (text for pattern, text in _CAUSES if pattern.search(unwrapped)), "uv could not install the locked packages."
    )
    return f"{cause}\nuv says:\n{told}"


def _count(requirements: Path) -> int:
    return len(re.findall(r"^\S+==", requirements.read_text(encoding="utf-8"), re.MULTILINE))
