"""The `pulumi` program as the Automation API calls it: with our environment only, cancelled by Ctrl-C and not killed.

The engine runs in a process group of its own. Ctrl-C reaches us alone, and we hand it on once: the engine then finishes
what it has begun, writes its state and lets go of the lock. A second Ctrl-C makes it end at once.
"""

import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import IO, Any

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from leanto.engine.find import Engine

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OnOutput = Callable[[str], Any]


class EngineCommand(PulumiCommand):
    """Runs one engine; knows the process of the command that runs now, and what the last one said."""

    def __init__(self, engine: Engine, environment: Mapping[str, str]) -> None:
        # The version was asked when the engine was found: the parent's constructor would start it once more.
        self.command = str(engine.path)
        self.version = VersionInfo.parse(engine.version)
        self.interrupted = False
        self.last = CommandResult("", "", 0)
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """Run one command of the engine to its end.

        Raises:
            CommandError: it ended with another status than 0.
        """
        if self.interrupted:
            self.last = CommandResult("", "cancelled before it began", 1)
            raise create_command_error(self.last)
        environment = {**self._environment, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        # Files, not pipes: if we are killed, a closed pipe would kill the engine too, with its lock held.
        with (
            tempfile.TemporaryFile("w+", errors="replace") as out,
            tempfile.TemporaryFile("w+", errors="replace") as err,
        ):
            self._process = subprocess.Popen(
                [self.command, "--non-interactive", *args],
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                process_group=0,
            )
            code = self._process.wait()
            self._process = None
            self.last = CommandResult(_said(out, on_output), _said(err, on_error), code)
        if code != 0:
            raise create_command_error(self.last)
        return self.last

    @contextmanager
    def cancelled_by_signals(self) -> Iterator[None]:
        """Hand signals on to the engine while the block runs; without effect outside the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._interrupt) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self.interrupt()

    def interrupt(self) -> None:
        """Ask the engine to cancel; asked twice, it ends at once and leaves its lock."""
        self.interrupted = True
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)


def _said(file: IO[str], callback: OnOutput | None) -> str:
    """Return what was written, and hand it on by lines to who wants it."""
    file.seek(0)
    text = file.read().rstrip()
    if callback is not None:
        for line in text.splitlines():
            callback(line)
    return text
