"""The engine's failures in the user's words: what is locked, what is damaged, what AWS refused for which resource."""

import os
import re
import socket
from dataclasses import dataclass

from pulumi.automation import CommandResult

from leanto.engine.changes import Collector
from leanto.engine.errors import (
    DeploymentFailedError,
    Diagnostic,
    EngineError,
    StackUnknownError,
    StateLockedError,
    StateUnreadableError,
)
from leanto.engine.program import STOPPED

_LOCK = re.compile(
    r"(?P<file>\S+?)(?:\?\S*)?: created by (?P<user>\S+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<at>\S+)"
)
_UNREADABLE = re.compile(
    r"could not deserialize deployment|failed to load checkpoint|unmarshal|invalid character|unexpected end of JSON"
    r"|snapshot integrity|unable to open bucket|could not list bucket|read \".*meta|permission denied"
    r"|incorrect passphrase|passphrase must be set|unable to check if bucket",
    re.IGNORECASE,
)
_NOISE = re.compile(r"^(update|preview|refresh|destroy|destruction) (failed|canceled)$|^resource monitor shut down")
_INVOKE = re.compile(r"^invoke of (\S+) failed: invocation of \S+ returned an error: ")
_COUNTED = re.compile(r"^\d+ errors? occurred:\s*\*\s*")
_UNHANDLED = "an unhandled error occurred: "
_INLINE = "python inline source runtime error: "


@dataclass(frozen=True)
class Names:
    """How the user calls what a message is about: the stack, where its state is, the options that name it."""

    stack: str
    state: str
    options: str


def explain(operation: str, result: CommandResult, collector: Collector, names: Names) -> EngineError:
    """Return the error that a failed command of the engine stands for."""
    said = result.stderr
    if "currently locked by" in said:
        return StateLockedError(_locked(said, names))
    if re.search(r"no stack named .* found", said):
        return StackUnknownError(
            f"the state in {names.state} has no stack {names.stack!r}: nothing is deployed under that name\n"
            f"Deploy it with `leanto up {names.options}`, or name the state that has it."
        )
    failures = collector.diagnostics("error")
    if not failures and _UNREADABLE.search(said):
        return StateUnreadableError(
            f"the state of stack {names.stack!r} in {names.state} cannot be used: {_first_line(said)}\n"
            "An engine keeps earlier states under `.pulumi/backups` of the same place: put the newest good one back as "
            "`.pulumi/stacks/<project>/<stack>.json`, or name another state with --state."
        )
    telling = tuple(_readable(seen) for seen in failures if not _NOISE.match(seen.message))
    if not telling:
        telling = (Diagnostic("error", _first_line(said) or f"the engine ended with status {result.code}"),)
    return DeploymentFailedError(operation, tuple(dict.fromkeys(telling)))


def _locked(said: str, names: Names) -> str:
    remedy = f"leanto unlock {names.options}"
    locks = [_holder(match) for match in _LOCK.finditer(said)] or [_first_line(said)]
    listed = "\n".join(f"  - {lock}" for lock in locks)
    return (
        f"the state of stack {names.stack!r} is locked:\n{listed}\n"
        f"If that run still works, wait for it. If it is gone, let go of its lock with `{remedy}` and run again."
    )


def _holder(match: re.Match[str]) -> str:
    pid, host = int(match["pid"]), match["host"]
    text = f"{match['file']}, taken by {match['user']}@{host}, process {pid}, at {match['at']}"
    if host != socket.gethostname():
        return text
    return f"{text} ({'still running' if _is_alive(pid) else 'no longer running'})"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _readable(diagnostic: Diagnostic) -> Diagnostic:
    """Drop the traceback that comes with an exception of the program; it is in the log, not in the message."""
    message = _INVOKE.sub(r"\1: ", diagnostic.message.removeprefix(_UNHANDLED).removeprefix(STOPPED))
    message = _COUNTED.sub("", message)
    if _INLINE in message:
        message = message.split(_INLINE, 1)[1].split("\nTraceback", 1)[0].strip()
    return Diagnostic(diagnostic.severity, message, diagnostic.urn)


def _first_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[0].removeprefix("error: ") if lines else ""
