"""Log lines: one JSON object a line, written by us alone; libraries and interpreters may not print what they hold.

Lambda sends stdout and stderr to the function's log group, so whatever prints an exception message or a repr there may
print a prompt. `install_guards` replaces every place from which Python or a library would do so.
"""

import asyncio
import json
import logging
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from runtime.errors import report_error

_encode = json.JSONEncoder(separators=(",", ":")).encode


def now_iso() -> str:
    """Return the present time in UTC, to the millisecond, as ISO 8601 with a final Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write_line(record: Mapping[str, Any]) -> None:
    """Write one record to stdout as one line of JSON; the caller vouches that it holds no content and no secret."""
    sys.stdout.write(_encode(record) + "\n")
    sys.stdout.flush()


def write_error(event: str, error: BaseException, **fields: Any) -> None:
    """Write one error line to stdout: the event's name, what may be told of the error, and the given fields."""
    write_line({"time": now_iso(), "level": "error", "event": event, **fields, **report_error(error)})


class LibraryHandler(logging.Handler):
    """Tells that a library logged a warning and from where, never its text."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line that names the library's logger and the line of its code."""
        line: dict[str, Any] = {"time": now_iso(), "level": record.levelname.lower(), "event": "library_warning"}
        line |= {"logger": record.name, "place": f"{record.filename}:{record.lineno}"}
        if record.exc_info and record.exc_info[1] is not None:
            line |= report_error(record.exc_info[1])
        write_line(line)


def _uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    write_error("uncaught", error)


def _unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    if unraisable.exc_value is not None:
        write_error("unraisable", unraisable.exc_value)


def _in_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        write_error("uncaught", arguments.exc_value)


def _in_loop(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    write_error("event_loop", error if isinstance(error, BaseException) else RuntimeError())


def install_guards(loop: asyncio.AbstractEventLoop) -> None:
    """Route the interpreter's, the event loop's and the libraries' own messages through lines that tell no content."""
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _in_thread
    loop.set_exception_handler(_in_loop)
    logging.basicConfig(handlers=[LibraryHandler()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
