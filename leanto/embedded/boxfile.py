"""What a box leaves in its home: where it listens, and a lock that is held for as long as it lives.

The kernel releases the lock whatever way the process ends, so a box is never taken for alive because of a stale file or
a process id that somebody else has got since.
"""

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

FILE_NAME = "box.json"
LOCK_NAME = "box.lock"
LOG_NAME = "box.log"
SDK_CONFIG_NAME = "aws.config"
LOCK_SECONDS = 2.0
"""How long a starting box waits for somebody who is only looking whether one is alive."""


class BoxFileError(Exception):
    """The home of a box cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class BoxFile:
    """The content of `box.json`. URLs are `http://127.0.0.1:<port>`; `started_at` is ISO 8601 in UTC."""

    pid: int
    aws_url: str
    front_url: str
    provider_url: str
    account_id: str
    region: str
    started_at: str


def write(home: Path, content: BoxFile) -> None:
    """Write `box.json` in one step: a reader sees all of it or none."""
    target = home / FILE_NAME
    draft = target.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(asdict(content), indent=1) + "\n")
    draft.replace(target)


def write_sdk_config(home: Path, region: str) -> None:
    """Write the AWS config file that SDKs get instead of the user's.

    It exists because `AWS_PROFILE` can be overridden but not unset for a child process, and must name a profile.
    """
    (home / SDK_CONFIG_NAME).write_text(f"[default]\nregion = {region}\n")


def read(home: Path) -> BoxFile | None:
    """Return what `box.json` says, None when there is none; raises BoxFileError when it is damaged."""
    path = home / FILE_NAME
    try:
        return BoxFile(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise BoxFileError(f"{path} is not what a box writes ({type(error).__name__}): delete it") from error


def remove(home: Path) -> None:
    """Remove `box.json`; no error when there is none."""
    (home / FILE_NAME).unlink(missing_ok=True)


def is_alive(home: Path) -> bool:
    """Say whether a box holds the lock of this home."""
    try:
        with (home / LOCK_NAME).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def hold(home: Path) -> TextIO:
    """Take the lock of a home until this process ends; raises BoxFileError when another box holds it.

    The caller keeps the returned file open: closing it gives the lock up.
    """
    file = (home / LOCK_NAME).open("a")
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                file.close()
                raise BoxFileError(f"another box runs in {home}: stop it, or use another home") from error
            time.sleep(0.02)
        else:
            return file
