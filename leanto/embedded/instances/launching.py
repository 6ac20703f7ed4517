"""Starts the processes of an instance: each leads a group of its own, which ends with it and with the box."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from leanto.embedded.functions.watch import GroupWatch

EXEC_FAILED = 203
"""The status that systemd gives a command which cannot be started."""


class Running:
    """One process with its group."""

    def __init__(self, process: asyncio.subprocess.Process, watch: GroupWatch) -> None:
        self.pid = process.pid
        self._process = process
        self._watch = watch
        self._end = asyncio.ensure_future(self._bury())

    async def wait(self) -> int:
        """Wait for its end and return its exit status, below zero for the number of the signal that ended it."""
        return await asyncio.shield(self._end)

    def send(self, number: int, *, whole: bool = True) -> None:
        """Send a signal to the group, or to the process alone; no error when it is gone."""
        if self._end.done():
            return
        with suppress(ProcessLookupError, PermissionError):
            (os.killpg if whole else os.kill)(self.pid, number)

    async def end(self, seconds: float, *, number: int = signal.SIGTERM, whole: bool = True) -> None:
        """Have it end: by a signal, and after so many seconds at once."""
        self.send(number, whole=whole)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.wait()
                return
        self._watch.kill(self.pid)
        await self.wait()

    async def _bury(self) -> int:
        status = await self._process.wait()
        self._watch.end(self.pid)
        return status


class Launcher:
    """Starts processes for one instance and knows those that run."""

    def __init__(self, watch: GroupWatch) -> None:
        self._watch = watch
        self.running: set[Running] = set()
        self._closed = False

    async def start(self, argv: Sequence[str], variables: Mapping[str, str], log: Path, folder: Path) -> Running | None:
        """Start a program with its output at the end of `log`; None, with a line there, when it cannot be started."""
        with log.open("ab") as output:
            try:
                process = await asyncio.create_subprocess_exec(
                    *argv,
                    env=dict(variables),
                    cwd=folder,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    process_group=0,
                )
            except OSError as error:
                output.write(f"{argv[0]}: {error.strerror}\n".encode())
                return None
        self._watch.add(process.pid)
        running = Running(process, self._watch)
        self.running.add(running)
        if self._closed:
            running.send(signal.SIGKILL)  # it came too late
        return running

    async def finished(self, running: Running) -> int:
        """Wait for the end of a process and forget it; returns its exit status."""
        try:
            return await running.wait()
        finally:
            self.running.discard(running)

    async def close(self, seconds: float) -> None:
        """End whatever runs, as a system that goes down does; nothing is started any more."""
        self._closed = True
        await asyncio.gather(*(one.end(seconds) for one in tuple(self.running)))
