"""Downloads one file known to the byte: goes on where it was cut off, and keeps nothing that is not what is pinned."""

import fcntl
import hashlib
import http.client
import os
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from leanto.artefacts.errors import NoRoomError, SourceError, WrongContentError
from leanto.artefacts.transport import Access, request
from leanto.artefacts.watch import Watch

CHUNK = 1 << 20
SPARE_BYTES = 256 << 20
"""What is left free on the disk."""
LONGEST_WAIT_SECONDS = 60.0
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


@dataclass(frozen=True)
class Wanted:
    """A file: what it is called, where it is, its size and its SHA-256 in hexadecimal digits."""

    name: str
    url: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Patience:
    """How often in a row a try may bring nothing, and how long silence lasts before it counts as one."""

    tries: int = 6
    first_wait_seconds: float = 1.0
    silence_seconds: float = 30.0
    sleep: Callable[[float], None] = time.sleep

    def wait_seconds(self, failures: int, asked: str) -> float:
        """Return the wait after some failures in a row: twice as long each time, or as long as the server asked for."""
        wait = self.first_wait_seconds * 2.0 ** (failures - 1)
        if re.fullmatch(r"\d{1,6}", asked):
            wait = max(wait, float(asked))
        return min(wait, LONGEST_WAIT_SECONDS) * random.uniform(1, 1.1)  # noqa: S311 - spreads callers, hides nothing


class _CutOffError(Exception):
    """The transfer ended early for a reason that may pass; `asked` is the server's `Retry-After`."""

    def __init__(self, reason: str, asked: str = "") -> None:
        super().__init__(reason)
        self.asked = asked


def fetch(wanted: Wanted, target: Path, access: Access, watch: Watch, patience: Patience | None = None) -> Path:
    """Make `target` the file that is wanted and return it; what is there already is not fetched again.

    Raises:
        SourceError: the file is not given, or cannot be reached.
        WrongContentError: what is given is another file.
        NoRoomError: the disk is too small.
    """
    with _locked(target, watch):
        if target.exists() and sha256_of(target, wanted.name, watch) == wanted.sha256:
            return target
        part = target.with_name(f"{target.name}.part")
        resumed = part.exists() and part.stat().st_size > 0
        _whole(wanted, part, access, watch, patience or Patience())
        found = sha256_of(part, wanted.name, watch)
        if found != wanted.sha256 and resumed:
            watch.say(f"{wanted.name}: what an earlier download left is damaged; once more from the beginning")
            part.unlink()
            _whole(wanted, part, access, watch, patience or Patience())
            found = sha256_of(part, wanted.name, watch)
        if found != wanted.sha256:
            part.unlink()
            raise WrongContentError(
                f"{wanted.name} from {_host(wanted)} has the SHA-256 {found}, pinned is {wanted.sha256}; it was "
                "deleted, and nothing was uploaded"
            )
        part.replace(target)
        return target


def _whole(wanted: Wanted, part: Path, access: Access, watch: Watch, patience: Patience) -> None:
    """Fetch until all bytes are there; a try that brought some counts as none that failed."""
    _make_room(wanted, part)
    failures = 0
    while (have := _size(part)) < wanted.bytes:
        try:
            _some(wanted, part, have, access, watch, patience.silence_seconds)
            continue
        except _CutOffError as cut:
            failures = 1 if _size(part) > have else failures + 1
            if failures >= patience.tries:
                raise SourceError(
                    f"{wanted.name} cannot be fetched from {_host(wanted)}: {cut}. {_size(part)} of {wanted.bytes} "
                    "bytes are kept; the same command goes on from there"
                ) from None
            wait = patience.wait_seconds(failures, cut.asked)
            watch.say(f"{wanted.name}: {cut}; going on in {wait:.0f} s")
            patience.sleep(wait)


def _some(wanted: Wanted, part: Path, have: int, access: Access, watch: Watch, silence_seconds: float) -> None:
    """Send one request and append what comes."""
    for fresh in (False, True):
        headers = {**access.headers(wanted.url), **({"Range": f"bytes={have}-"} if have else {})}
        try:
            answer = request(wanted.url, headers, silence_seconds)
        except (OSError, http.client.HTTPException) as error:
            raise _CutOffError(f"no answer ({getattr(error, 'reason', None) or error})") from error
        with closing(answer):
            if answer.status == 401 and not fresh and access.refused(answer.headers.get("WWW-Authenticate", "")):
                continue
            begin = _beginning(wanted, answer, have)
            _append(wanted, part, begin, answer, watch)
            return


def _beginning(wanted: Wanted, answer: http.client.HTTPResponse, have: int) -> int:
    """Return from which byte on the answer holds the file; raises for answers that hold none of it."""
    status, length = answer.status, answer.headers.get("Content-Length", "")
    if status == 200:
        total, begin = length, 0
    elif status == 206 and (match := _RANGE.fullmatch(answer.headers.get("Content-Range", ""))):
        begin, total = int(match[1]), match[2]
        if begin != have:
            raise _CutOffError(f"the server sent bytes from {begin} on, asked for was {have}")
    elif status in {408, 425, 429} or status >= 500:
        raise _CutOffError(f"{status} {answer.reason}", answer.headers.get("Retry-After", ""))
    else:
        raise SourceError(_refusal(wanted, status, answer.reason))
    if total and int(total) != wanted.bytes:
        raise WrongContentError(
            f"{wanted.name} at {_host(wanted)} is {total} bytes, pinned are {wanted.bytes}; nothing was fetched"
        )
    return begin


def _append(wanted: Wanted, part: Path, begin: int, answer: http.client.HTTPResponse, watch: Watch) -> None:
    done = begin
    with part.open("r+b" if part.exists() else "wb") as file:
        file.truncate(begin)
        file.seek(begin)
        try:
            while chunk := answer.read1(CHUNK):
                done += len(chunk)
                if done > wanted.bytes:
                    raise WrongContentError(
                        f"{wanted.name} at {_host(wanted)} is longer than the {wanted.bytes} bytes pinned"
                    )
                file.write(chunk)
                watch.moved(wanted.name, done, wanted.bytes)
        except (OSError, http.client.HTTPException) as error:
            raise _CutOffError(f"cut off after {done} bytes ({error or type(error).__name__})") from error
        file.flush()
        os.fsync(file.fileno())
    if done < wanted.bytes:
        raise _CutOffError(f"cut off after {done} bytes")


def _refusal(wanted: Wanted, status: int, reason: str) -> str:
    told = f"{_host(wanted)} does not give {wanted.name}: {status} {reason} for {wanted.url}"
    if status in {401, 403}:
        return f"{told}\nIt may need a login: for Hugging Face, accept the terms on the model's page and set HF_TOKEN."
    if status in {404, 410}:
        return f"{told}\nThe pinned revision is not there any more; --from names another place that has the same file."
    return told


def _make_room(wanted: Wanted, part: Path) -> None:
    have = _size(part)
    if have > wanted.bytes:
        part.unlink()
        have = 0
    needed, free = wanted.bytes - have + SPARE_BYTES, shutil.disk_usage(part.parent).free
    if needed > free:
        raise NoRoomError(
            f"{wanted.name} needs {needed >> 20} MiB in {part.parent}, {free >> 20} MiB are free; make room, or set "
            "LEANTO_CACHE to a folder on another disk"
        )


def sha256_of(path: Path, name: str, watch: Watch) -> str:
    """Return a file's SHA-256 in hexadecimal digits."""
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            watch.moved(f"{name}: checking", done, total)
    return digest.hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _host(wanted: Wanted) -> str:
    return urlsplit(wanted.url).netloc


@contextmanager
def _locked(target: Path, watch: Watch) -> Iterator[None]:
    """Hold the only right to write this file; the system drops it when the holder dies."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{target.name}.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            watch.say(f"{target.name}: another process is fetching it; waiting")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
