"""Shows transfers: a bar on a terminal, elsewhere a line now and then."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from leanto.artefacts.watch import Watch
from leanto.cli import screen

SAY_EVERY_SECONDS = 10.0


@contextmanager
def watching() -> Iterator[Watch]:
    """Show what moves while the block works."""
    if not sys.stderr.isatty():
        yield Watch(screen.say, _Lines().moved)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=screen.console(), transient=True) as progress:
        bars: dict[str, TaskID] = {}

        def moved(what: str, done: int, total: int) -> None:
            if what not in bars:
                for bar in bars.values():
                    progress.update(bar, visible=False)
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done, total=total, visible=True)

        yield Watch(screen.say, moved)


class _Lines:
    """Says how far it is every few seconds, and nothing of what is done sooner."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()

    def moved(self, what: str, done: int, total: int) -> None:
        if time.monotonic() - self._said_at >= SAY_EVERY_SECONDS:
            self._said_at = time.monotonic()
            screen.say(f"  {what}: {done >> 20} of {total >> 20} MiB")
