"""Process groups that must not outlive this process: each is told to a reaper, which kills what is left when we die."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

REAPER = Path(__file__).with_name("reaper.py")


class GroupWatch:
    """Starts the reaper and tells it of each group. Lines are written at once: a group is never unknown for long."""

    def __init__(self) -> None:
        self._reaper: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the reaper in a group of its own."""
        self._reaper = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", str(REAPER)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            process_group=0,
            env={},
        )

    def add(self, group: int) -> None:
        """Watch over a group."""
        self._tell(f"+{group}\n")

    def end(self, group: int) -> None:
        """Kill whatever is left of a group whose leader has ended, and watch over it no more."""
        self.kill(group)
        self._tell(f"-{group}\n")

    def kill(self, group: int) -> None:
        """Kill a group; no error when it is gone."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)

    async def close(self) -> None:
        """End the reaper, which kills the groups it still knows."""
        if self._reaper is None or self._reaper.stdin is None:
            return
        self._reaper.stdin.close()
        await self._reaper.wait()

    def _tell(self, line: str) -> None:
        if self._reaper is None or self._reaper.stdin is None:
            raise RuntimeError("the watch over process groups was not started: call start() first")
        if not self._reaper.stdin.is_closing():
            self._reaper.stdin.write(line.encode())
