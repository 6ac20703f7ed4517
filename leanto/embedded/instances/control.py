"""The stand-ins of an instance: programs on its PATH that ask the box, and where the box answers them."""

import asyncio
import json
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from leanto.embedded.instances.reply import Reply

CALLER = Path(__file__).with_name("caller.py")
DOCKER, SYSTEMCTL, JOURNALCTL = "docker", "systemctl", "journalctl"
MACHINE = ("nvidia-smi", "lsblk", "mkfs.ext4", "mkfs.xfs", "mount", "df", "shutdown", "poweroff")
STAND_INS = (DOCKER, SYSTEMCTL, JOURNALCTL, *MACHINE)
Answer = Callable[[str, list[str], int], Awaitable[Reply]]
"""Answers (name, arguments, process id of who calls)."""


class Control:
    """Listens for the stand-ins of one instance; a token keeps others of this machine out."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._token = secrets.token_hex(16)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self, programs: Path) -> None:
        """Listen, and write the programs into a folder."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        where = programs / "where"
        where.touch(mode=0o600)
        where.write_text(f"{self._server.sockets[0].getsockname()[1]} {self._token}", encoding="ascii")
        for name in STAND_INS:
            _write_program(programs / name, (sys.executable, "-I", "-S", str(CALLER), str(where), name))
        # The command of AWS is the real one; the Python has the standard library and what the bundle brings.
        _write_program(programs / "aws", (sys.executable, "-I", "-m", "awscli"))
        _write_program(programs / "python3", (sys.executable, "-s", "-S"))

    async def close(self) -> None:
        """Listen no more; who still waits for an answer gets none."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._open):
            task.cancel()
        if self._open:
            await asyncio.wait(tuple(self._open))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        try:
            question = json.loads(await reader.readline())
            if secrets.compare_digest(str(question["token"]), self._token):
                reply = await self._answer(question["name"], question["argv"], question["pid"])
                writer.write(json.dumps(reply.document()).encode() + b"\n")
                await writer.drain()
        except (ValueError, KeyError, TypeError, OSError):
            pass
        finally:
            writer.close()


def _write_program(path: Path, command: tuple[str, ...]) -> None:
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
    path.chmod(0o700)
