"""What a person sees: progress and explanations on standard error, results on standard output.

On a terminal a run shows one moving line with what is under way; elsewhere, plain lines.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import click
from rich.console import Console, RenderableType
from rich.status import Status

from leanto.check.results import short_type
from leanto.engine.changes import Change, Event, Progress, Result
from leanto.engine.errors import Diagnostic, Violation

MARKS: Mapping[str, str] = MappingProxyType(
    {"create": "+", "update": "~", "replace": "±", "delete": "-", "read": " ", "import": "+", "discard": "-"}
)
AWS = "aws:"
DONE: Mapping[str, str] = MappingProxyType(
    {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted", "refresh": "read"}
)


_console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def console() -> Console:
    """Return where messages go, for what draws there by itself."""
    return _console


def say(told: RenderableType = "") -> None:
    """Tell something to the person; never part of a command's result."""
    _console.print(told)


def write(text: str) -> None:
    """Give out a piece of a result at once, without a line end."""
    click.echo(text, nl=False)


def result(text: str) -> None:
    """Give out what the command was asked for."""
    click.echo(text)


def show(table: RenderableType) -> None:
    """Give out a result that is laid out for people: as wide as the terminal, or wide enough where there is none."""
    width = None if sys.stdout.isatty() else 160
    Console(highlight=False, markup=False, emoji=False, width=width).print(table)


class Held:
    """Says lines only when there are more than `count`: the first ones then come late, but none is lost."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._held: list[str] = []

    def __call__(self, line: str) -> None:
        """Take one line."""
        self._held.append(line)
        if len(self._held) > self._count:
            for each in self._held:
                say(each)
            self._held.clear()
            self._count = 0


def is_terminal() -> bool:
    """Tell whether a person can be asked: input and messages both are on a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def change_line(change: Change) -> str:
    """Return one line on what happens to a resource, with the properties that change."""
    line = f"  {MARKS.get(change.operation, '?')} {short_type(change.type)} {change.name}"
    if change.operation == "replace" and change.replacing_properties:
        return f"{line}: replaced because of {', '.join(change.replacing_properties)}"
    if change.operation in {"update", "replace"} and change.properties:
        return f"{line}: {', '.join(change.properties)}"
    return line


def summary(result_of_run: Result) -> str:
    """Return the counts of a run in words."""
    counts = result_of_run.counts()
    told = [f"{counts.pop(name)} {DONE[name]}" for name in ("create", "update", "replace", "delete") if name in counts]
    unchanged = sum(counts.values())
    told += [f"{unchanged} unchanged"] if unchanged else []
    return ", ".join(told) or "nothing to do"


SAY_EVERY_SECONDS = 5.0


class RunView:
    """Shows the steps of one run of the engine as they happen: each change, or only how far it is."""

    def __init__(self, title: str, total: int, status: Status | None, *, each_change: bool = True) -> None:
        self._title = title
        self._total = total
        self._status = status
        self._each_change = each_change
        self._done = 0
        self._said_at = time.monotonic()
        self._begun: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Take one event; events come one at a time."""
        if isinstance(event, Diagnostic):
            # Errors come once more, and in order, when the run ends.
            if event.severity == "warning":
                say(f"  warning: {event}")
            return
        if isinstance(event, Violation):
            return  # told together, in a table, when the run ends
        self._take(event)
        if self._status is not None:
            self._status.update(self._progress())
        elif not self._each_change and time.monotonic() - self._said_at >= SAY_EVERY_SECONDS:
            self._said_at = time.monotonic()
            say(f"  {self._progress()}")

    def _progress(self) -> str:
        under_way = ", ".join(urn.rsplit("::", 1)[-1] for urn in list(self._begun)[:3])
        of_total = f" of {self._total}" if self._total else ""
        return f"{self._title}: {self._done}{of_total} resources done; under way: {under_way or 'nothing'}"

    def _take(self, event: Progress) -> None:
        change = event.change
        if not change.type.startswith(AWS):
            return  # the stack, its providers, and components, which only group
        if event.phase == "started":
            self._begun.setdefault(change.urn, time.monotonic())
            return
        seconds = time.monotonic() - self._begun.pop(change.urn, time.monotonic())
        if event.phase == "failed":
            say(f"  ! {short_type(change.type)} {change.name} failed ({seconds:.1f} s)")
        elif change.operation in MARKS and not event.planned:
            self._done += 1
            if self._each_change:
                say(f"{change_line(change)} ({seconds:.1f} s)")


@contextmanager
def showing(title: str, total: int = 0, *, each_change: bool = True) -> Iterator[RunView]:
    """Show a run while the block works; `total` is how many changes are expected."""
    say(f"{title} ...")
    if not sys.stderr.isatty():
        yield RunView(title, total, None, each_change=each_change)
        return
    with _console.status(title) as status:
        yield RunView(title, total, status, each_change=each_change)
