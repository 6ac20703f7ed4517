"""What functions print: kept in a file, and sent to the log group that was deployed for them."""

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leanto.embedded.plugin.clients import ClientCache
from leanto.embedded.plugin.errors import code_of

logger = logging.getLogger(__name__)

SEND_SECONDS = 0.2
"""How long lines are gathered before they are sent."""
LINES_A_CALL = 1000
LINE_BYTES = 256 * 1024
"""Longer lines are cut, as CloudWatch Logs does (quota per event)."""
TAIL_LINES = 100


@dataclass(frozen=True)
class LogTarget:
    """A stream of a log group in a region."""

    region: str
    group: str
    stream: str


class LogShipper:
    """Sends lines in threads. A group that does not exist is not created: it would outlive what was deployed."""

    def __init__(self, clients: ClientCache) -> None:
        self._clients = clients
        self._waiting: dict[LogTarget, list[dict[str, object]]] = {}
        self._streams: set[LogTarget] = set()
        self._task: asyncio.Task[None] | None = None

    def put(self, target: LogTarget, line: str) -> None:
        """Take one line; it is sent soon."""
        event = {"timestamp": time.time_ns() // 1_000_000, "message": line[:LINE_BYTES]}
        self._waiting.setdefault(target, []).append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send_soon())

    async def flush(self) -> None:
        """Wait until everything that was put has been sent."""
        while self._task is not None and not self._task.done():
            await asyncio.wait({self._task})

    async def _send_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(SEND_SECONDS)
            await self._send()

    async def _send(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for target, events in waiting.items():
            for start in range(0, len(events), LINES_A_CALL):
                await asyncio.to_thread(self._call, target, events[start : start + LINES_A_CALL])

    def _call(self, target: LogTarget, events: list[dict[str, object]]) -> None:
        client = self._clients.get("logs", target.region)
        try:
            if target not in self._streams:
                self._make_stream(client, target)
            client.put_log_events(logGroupName=target.group, logStreamName=target.stream, logEvents=events)
        except Exception as error:
            self._streams.discard(target)
            if code_of(error) != "ResourceNotFoundException":
                logger.warning("lines for the log group %s were lost: %s", target.group, type(error).__name__)
            else:
                logger.warning(
                    "the log group %s does not exist: %d lines are only in the file", target.group, len(events)
                )

    def _make_stream(self, client: Any, target: LogTarget) -> None:
        try:
            client.create_log_stream(logGroupName=target.group, logStreamName=target.stream)
        except Exception as error:
            if code_of(error) != "ResourceAlreadyExistsException":
                raise
        self._streams.add(target)


class OutputLog:
    """The output of one execution environment: file, log group, and the last lines for who asks for a log tail."""

    def __init__(self, shipper: LogShipper, target: LogTarget, path: Path) -> None:
        self._shipper = shipper
        self._target = target
        self._path = path
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)

    def write(self, line: str) -> None:
        """Take one line without its end."""
        self._tail.append(line)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        self._shipper.put(self._target, line)

    def tail(self) -> str:
        """Return the last lines."""
        return "\n".join(self._tail)
