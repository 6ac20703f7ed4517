"""Writes zips whose bytes depend on names, contents and modes alone."""

import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold."""
UNIX = 3


@dataclass(frozen=True)
class Entry:
    """A file to pack and whether it is a program."""

    source: Path
    executable: bool = False


def write(path: Path, entries: Mapping[str, Entry]) -> None:
    """Write `entries`, keyed by their names in the zip, to `path`: sorted, one timestamp, two modes, deflated hard."""
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, date_time=EPOCH)
            info.create_system = UNIX
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | (0o755 if entries[name].executable else 0o644)) << 16
            archive.writestr(info, entries[name].source.read_bytes(), compresslevel=9)
