"""Finds and ends the processes that a box started: they belong to its session, whoever their parent is by now."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
KILL_SECONDS = 2.0


def session_members(session_id: int) -> tuple[int, ...]:
    """Return the processes of a session, its leader left out."""
    members = []
    for pid in _all_pids():
        with suppress(OSError):
            if pid != session_id and os.getsid(pid) == session_id and not _is_zombie(pid):
                members.append(pid)
    return tuple(members)


def end_members(members: tuple[int, ...]) -> None:
    """End processes at once and wait until they are gone."""
    deadline = time.monotonic() + KILL_SECONDS
    for pid in members:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    while time.monotonic() < deadline and any(_exists(pid) and not _is_zombie(pid) for pid in members):
        time.sleep(0.01)


def end_orphans(session_id: int, mark: str) -> None:
    """End what a dead session leader left behind.

    The number may be somebody else's session by now, so only processes are ended whose environment holds `mark`, the
    URL of the box's AWS. Without a `/proc` to read it from nothing is ended.
    """
    if not _exists(session_id):
        end_members(tuple(pid for pid in session_members(session_id) if _has_mark(pid, mark)))


def end_marked(mark: str) -> None:
    """End every process whose environment holds `mark`, which must be a text that nobody else's has."""
    end_members(tuple(pid for pid in _all_pids() if pid != os.getpid() and _has_mark(pid, mark)))


def _has_mark(pid: int, mark: str) -> bool:
    try:
        return mark.encode() in (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _all_pids() -> tuple[int, ...]:
    if (PROC / "self").exists():
        return tuple(int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    listing = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=True).stdout
    return tuple(int(pid) for pid in listing.split())
