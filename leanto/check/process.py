"""Starts a program's interpreter for a check, and learns from it how the program ended."""

import contextlib
import json
import os
import re
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from leanto.check.environment import child_environment

SCRIPT = Path(__file__).with_name("run_program.py")
SHOWN_CHARACTERS = 2000
"""How much of what the program printed is shown where it fails; the end of it tells most."""
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')


@dataclass(frozen=True)
class End:
    """How the program ended: `error` is what its side reports, None where it ended well.

    `printed` is the end of what it printed. `at` is where a program that took too long stood, as "file:line", if known.
    `refused` are the machines that it wanted to reach and went on without.
    """

    error: Mapping[str, Any] | None
    printed: str
    timed_out: bool = False
    refused: tuple[str, ...] = ()
    at: str = ""
    exit_code: int | None = None


class Child:
    """The process of a program. It imports the SDK while we prepare, and runs the program once it is told to."""

    def __init__(self, python: Path, cwd: Path, timeout_seconds: float) -> None:
        self._deadline = time.monotonic() + timeout_seconds
        self._printed: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        give, self._give = os.pipe()
        self._report, tell = os.pipe()
        self._rest = b""
        try:
            self._process = subprocess.Popen(
                [str(python), "-u", str(SCRIPT), str(give), str(tell)],
                cwd=cwd,
                env=child_environment(os.environ, python),
                stdin=subprocess.DEVNULL,
                stdout=self._printed,
                stderr=self._printed,
                pass_fds=(give, tell),
                start_new_session=True,
            )
        finally:
            os.close(give)
            os.close(tell)

    def ready(self) -> tuple[str, ...] | End:
        """Return the path on which the program's interpreter finds packages, or how it ended before it was ready."""
        line = self._line()
        if line is not None and "ready" in line:
            return tuple(line["ready"]["path"])
        return self._end(line)

    def run(self, task: Mapping[str, Any]) -> End:
        """Run the program to its end, or until its time is over."""
        with contextlib.suppress(BrokenPipeError), os.fdopen(self._give, "w", encoding="utf-8") as pipe:
            self._give = -1
            pipe.write(json.dumps(task) + "\n")
        return self._end(self._line())

    def close(self) -> None:
        """End the process and all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for descriptor in (self._give, self._report):
            if descriptor >= 0:
                os.close(descriptor)
        self._give = self._report = -1
        self._printed.close()

    def _line(self) -> dict[str, Any] | None:
        """Return the next line of the report; None at its end or when the time is over."""
        while b"\n" not in self._rest:
            more = self._read(self._deadline)
            if not more:
                return None
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        found = json.loads(line)
        return found if isinstance(found, dict) else None

    def _read(self, until: float) -> bytes:
        with selectors.DefaultSelector() as selector:
            selector.register(self._report, selectors.EVENT_READ)
            return os.read(self._report, 65536) if selector.select(max(0.0, until - time.monotonic())) else b""

    def _end(self, line: dict[str, Any] | None) -> End:
        if line is None and time.monotonic() >= self._deadline and self._process.poll() is None:
            return End(None, self._tail(), timed_out=True, at=self._stands_at())
        if line is not None and "done" in line:
            return End(None, self._tail(), refused=tuple(line["done"]))
        error = (line or {}).get("error")
        code = None if error else self._exit_code()
        return End(error or {"kind": "", "message": ""}, self._tail(), exit_code=code)

    def _exit_code(self) -> int | None:
        try:
            return self._process.wait(1)
        except subprocess.TimeoutExpired:
            return None

    def _stands_at(self) -> str:
        """Ask the interpreter for the line it is at: it writes the frames of its main thread, the innermost first."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGUSR1)
        until = time.monotonic() + 1.0
        while b"File" not in self._rest and (more := self._read(until)):
            self._rest += more
        self._rest += self._read(time.monotonic() + 0.1)
        frames = _FRAME.finditer(self._rest.decode("utf-8", "replace"))
        own = (match for match in frames if not re.search(r"site-packages|/lib/python3|run_program\.py", match["file"]))
        first = next(own, None)
        return f"{first['file']}:{first['line']}" if first else ""

    def _tail(self) -> str:
        self._printed.seek(0, os.SEEK_END)
        size = self._printed.tell()
        self._printed.seek(max(0, size - 4 * SHOWN_CHARACTERS))
        text = self._printed.read().decode("utf-8", "replace").strip()
        return text if len(text) <= SHOWN_CHARACTERS else f"[...] {text[-SHOWN_CHARACTERS:]}"


@contextlib.contextmanager
def child(python: Path, cwd: Path, timeout_seconds: float) -> Iterator[Child]:
    """Start a program's interpreter; nothing of it is left afterwards. Raises OSError when it cannot be started."""
    started = Child(python, cwd, timeout_seconds)
    try:
        yield started
    finally:
        started.close()
