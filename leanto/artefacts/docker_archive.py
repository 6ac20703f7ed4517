"""Archives that `docker load` reads, the same bytes for the same image on every machine.

`manifest.json`, the image's configuration, and its layers uncompressed: a node then unpacks nothing, and the digests
that the configuration names are those of what is in the archive.
"""

import hashlib
import json
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from leanto.artefacts.errors import WrongContentError

BLOCK = 512
CHUNK = 1 << 20
MANIFEST = "manifest.json"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class ArchivedImage:
    """An image in an archive: what it is called there, its configuration, and what it starts by itself."""

    name: str
    id: str
    entrypoint: tuple[str, ...]
    labels: dict[str, str]


def diff_ids(config: bytes) -> tuple[str, ...]:
    """Return the digests of an image's uncompressed layers, the lowest first.

    Raises:
        WrongContentError: the configuration names none.
    """
    try:
        found = tuple(json.loads(config)["rootfs"]["diff_ids"])
    except (ValueError, KeyError, TypeError) as error:
        raise WrongContentError("the image's configuration names no layers") from error
    if not found or not all(isinstance(each, str) and _DIGEST.fullmatch(each) for each in found):
        raise WrongContentError("the image's configuration names its layers by something else than SHA-256")
    return found


class ArchiveWriter:
    """Writes one image to a file that can be sought in; every file of the archive is of one fixed time and owner."""

    def __init__(self, file: BinaryIO, name: str, config: bytes) -> None:
        self._file = file
        self._written: set[str] = set()
        self.layers = diff_ids(config)
        config_name = f"{hashlib.sha256(config).hexdigest()}.json"
        manifest = [{"Config": config_name, "RepoTags": [name], "Layers": [layer_name(each) for each in self.layers]}]
        self._add(MANIFEST, [json.dumps(manifest, separators=(",", ":"), sort_keys=True).encode()])
        self._add(config_name, [config])

    def add_layer(self, diff_id: str, chunks: Iterable[bytes]) -> None:
        """Write one layer from its uncompressed bytes; one that an image has twice is written once.

        Raises:
            WrongContentError: the bytes are not those that the configuration names.
        """
        if diff_id in self._written:
            return
        found = self._add(layer_name(diff_id), chunks)
        if f"sha256:{found}" != diff_id:
            raise WrongContentError(f"a layer of the image is sha256:{found}, its configuration says {diff_id}")
        self._written.add(diff_id)

    def close(self) -> None:
        """End the archive. Raises WrongContentError when a layer is missing."""
        missing = [each for each in self.layers if each not in self._written]
        if missing:
            raise WrongContentError(f"the archive lacks the layer {missing[0]}")
        self._file.write(bytes(2 * BLOCK))

    def _add(self, name: str, chunks: Iterable[bytes]) -> str:
        """Write a file whose size is known once it is written, and return its SHA-256."""
        at, digest, size = self._file.tell(), hashlib.sha256(), 0
        self._file.write(bytes(BLOCK))
        for chunk in chunks:
            self._file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        self._file.write(bytes(-size % BLOCK))
        end = self._file.tell()
        self._file.seek(at)
        self._file.write(_header(name, size))
        self._file.seek(end)
        return digest.hexdigest()


def layer_name(diff_id: str) -> str:
    """Return what a layer is called in the archive."""
    return f"{diff_id.removeprefix('sha256:')}.tar"


def _header(name: str, size: int) -> bytes:
    """Return the one block before a file. GNU's form holds any size in one block."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, 0, 0o644
    info.uid = info.gid = 0
    return info.tobuf(tarfile.GNU_FORMAT)


def read_archive(path: Path) -> ArchivedImage:
    """Return what an archive holds, after checking every digest in it.

    Raises:
        WrongContentError: it is no archive of one image, or something in it is not what its name says.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            (entry,) = json.loads(_whole(archive, MANIFEST))
            config = _whole(archive, entry["Config"])
            (name,) = entry["RepoTags"]
            for diff_id, layer in zip(diff_ids(config), entry["Layers"], strict=True):
                _same(f"sha256:{_sha256(_chunks(archive, layer))}", diff_id, layer)
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError) as error:
        raise WrongContentError(f"{path} is no archive of one image: {error}") from error
    identity = hashlib.sha256(config).hexdigest()
    _same(f"{identity}.json", entry["Config"], entry["Config"])
    runs: dict[str, Any] = json.loads(config).get("config") or {}
    return ArchivedImage(
        str(name), f"sha256:{identity}", tuple(runs.get("Entrypoint") or ()), dict(runs.get("Labels") or {})
    )


def _same(found: str, named: str, where: str) -> None:
    if found != named:
        raise WrongContentError(f"{where} of the archive is {found}, named is {named}")


def _chunks(archive: tarfile.TarFile, name: str) -> Iterator[bytes]:
    file = archive.extractfile(name)
    if file is None:
        raise WrongContentError(f"{name} of the archive is no file")
    while chunk := file.read(CHUNK):
        yield chunk


def _whole(archive: tarfile.TarFile, name: str) -> bytes:
    return b"".join(_chunks(archive, name))


def _sha256(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
