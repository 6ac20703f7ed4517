"""The user's cache of engines: one folder a version, made under a lock and put in place by one rename.

`$LEANTO_CACHE`, else `$XDG_CACHE_HOME/leanto`, else `~/.cache/leanto`; below it `engine/<version>/pulumi`.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from leanto.engine.errors import StepFailedError

Report = Callable[[str], None]
"""Takes one line for the user."""


def root(environ: Mapping[str, str]) -> Path:
    """Return the folder that holds everything we keep for the user between runs."""
    if environ.get("LEANTO_CACHE"):
        return Path(environ["LEANTO_CACHE"]).expanduser().absolute()
    base = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or Path.home()) / ".cache")
    return Path(base) / "leanto"


@dataclass(frozen=True)
class EngineCache:
    """The place of one version of the engine."""

    folder: Path
    version: str

    @property
    def binary(self) -> Path:
        """Return where the engine is, or will be."""
        return self.folder / self.version / "pulumi"

    @property
    def workshop(self) -> Path:
        """Return the folder for what a build needs; kept after a failed one so that the next goes on from there."""
        return self.folder / f"{self.version}.build"

    @contextmanager
    def locked(self, report: Report, *, poll_seconds: float = 0.5, say_every_seconds: float = 15) -> Iterator[None]:
        """Hold the only right to make this version; the system drops it when the holder dies.

        Raises:
            StepFailedError: the cache folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = (self.folder / f"{self.version}.lock").open("a+")
        except OSError as error:
            raise StepFailedError(
                f"the cache folder {self.folder} cannot be written ({error.strerror}); set LEANTO_CACHE to one that can"
            ) from error
        with handle:
            said = -say_every_seconds
            while not _try_lock(handle.fileno()):
                if time.monotonic() - said >= say_every_seconds:
                    handle.seek(0)
                    holder = handle.read().strip() or "just started"
                    report(f"engine: another process ({holder}) is getting it; waiting")
                    said = time.monotonic()
                time.sleep(poll_seconds)
            handle.truncate(0)
            handle.write(f"pid {os.getpid()}")
            handle.flush()
            yield

    def put(self, staged: Path) -> Path:
        """Move a complete folder with `pulumi` inside into place, replacing a damaged one; return the binary."""
        target = self.folder / self.version
        if target.exists():
            broken = self.folder / f"{self.version}.broken-{os.getpid()}"
            target.rename(broken)
            shutil.rmtree(broken, ignore_errors=True)
        staged.rename(target)
        return self.binary


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
