"""The archive of an engine's image: made once, kept in the user's cache, the same on every machine."""

import gzip
import json
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from catalog.engine_images import Reference
from leanto.artefacts.docker_archive import ArchiveWriter, diff_ids
from leanto.artefacts.download import CHUNK, SPARE_BYTES, Patience, sha256_of
from leanto.artefacts.errors import ArtefactError, NoRoomError, WrongContentError
from leanto.artefacts.registry import ImageParts, Registry
from leanto.artefacts.watch import Watch

UNPACKED = 3
"""How much larger an archive is taken to be than what is fetched for it, until it is there."""
GZIP = b"\x1f\x8b"
ZSTANDARD = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class EngineArchive:
    """An archive in the cache, known to the byte."""

    path: Path
    sha256: str
    bytes: int


def kept_archive(image: Reference, cache: Path) -> EngineArchive | None:
    """Return the archive that was made of an image before, as it was noted then; None where there is none."""
    path = _place(image, cache)
    try:
        noted = json.loads(path.with_suffix(".json").read_text())
        found = EngineArchive(path, str(noted["sha256"]), int(noted["bytes"]))
        return found if path.stat().st_size == found.bytes else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def make_archive(image: Reference, cache: Path, watch: Watch, patience: Patience | None = None) -> EngineArchive:
    """Return the archive of an image, made unless it is kept; raises ArtefactError."""
    kept = kept_archive(image, cache)
    if kept is not None and sha256_of(kept.path, kept.path.name, watch) == kept.sha256:
        watch.say(f"{image.node_name}: the archive is here already, {kept.path}")
        return kept
    registry = Registry(image, watch, patience)
    parts = registry.parts()
    watch.say(f"{image}: {len(parts.layers)} layers, {parts.bytes >> 20} MiB to fetch")
    path = _place(image, cache)
    path.parent.mkdir(parents=True, exist_ok=True)
    _make_room(path.parent, parts)
    blobs = cache / "images" / "parts"
    files = [registry.fetch(blob, blobs, f"layer {number}") for number, blob in enumerate(parts.layers, start=1)]
    config = registry.fetch(parts.config, blobs, "configuration").read_bytes()
    made = _write(path, image, config, dict(zip(_layers(config, parts), files, strict=False)), watch)
    # Noted last: without its note an archive is made anew.
    path.with_suffix(".json").write_text(json.dumps({**asdict(made), "path": path.name, "image": str(image)}))
    for each in (*files, blobs / parts.config.digest.removeprefix("sha256:")):
        each.unlink(missing_ok=True)
        each.with_name(f"{each.name}.lock").unlink(missing_ok=True)
    return made


def _place(image: Reference, cache: Path) -> Path:
    return cache / "images" / f"{image.digest.removeprefix('sha256:')}.tar"


def _layers(config: bytes, parts: ImageParts) -> list[str]:
    found = list(diff_ids(config))
    if len(found) != len(parts.layers):
        raise WrongContentError(f"the image has {len(parts.layers)} layers, its configuration names {len(found)}")
    return found


def _write(path: Path, image: Reference, config: bytes, layers: dict[str, Path], watch: Watch) -> EngineArchive:
    part = path.with_suffix(".part")
    try:
        with part.open("w+b") as file:
            writer = ArchiveWriter(file, image.node_name, config)
            for number, (diff_id, layer) in enumerate(layers.items(), start=1):
                writer.add_layer(diff_id, _unpacked(layer, f"layer {number}: unpacking", watch))
            writer.close()
        made = EngineArchive(path, sha256_of(part, path.name, watch), part.stat().st_size)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return made


def _unpacked(path: Path, name: str, watch: Watch) -> Iterator[bytes]:
    """Yield a layer's bytes, uncompressed."""
    total, done = path.stat().st_size, 0
    with path.open("rb") as file:
        begin = file.read(4)
        file.seek(0)
        if begin == ZSTANDARD:
            raise ArtefactError(
                "a layer of the image is compressed with zstd, which is not read here; take another image"
            )
        source = gzip.GzipFile(fileobj=file) if begin.startswith(GZIP) else file
        try:
            while chunk := source.read(CHUNK):
                done = file.tell()
                watch.moved(name, done, total)
                yield chunk
        except (OSError, EOFError, zlib.error) as error:
            raise WrongContentError(f"a layer of the image cannot be unpacked: {error}") from error


def _make_room(folder: Path, parts: ImageParts) -> None:
    needed, free = parts.bytes * (1 + UNPACKED) + SPARE_BYTES, shutil.disk_usage(folder).free
    if needed > free:
        raise NoRoomError(
            f"the image and its archive may need {needed >> 20} MiB in {folder}, {free >> 20} MiB are free; make room, "
            "or set LEANTO_CACHE to a folder on another disk"
        )
