"""Runs the command as a process of its own, as a shell would."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """What a finished command left: its exit code and what it said."""

    code: int
    out: str
    err: str

    @property
    def output(self) -> str:
        """All that it said."""
        return self.out + self.err


def leanto_process(*arguments: str, cwd: Path, env: dict[str, str] | None = None, stdin: str = "") -> Ran:
    """Run the command as a process of its own."""
    command = [sys.executable, "-m", "leanto", *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)
