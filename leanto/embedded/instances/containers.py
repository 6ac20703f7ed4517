"""Plays docker for one instance: images are loaded from archives, containers are the programs that their images name.

An archive is held to its own hashes, as docker does. A container is a process of this machine: its mounts are replaced
by what is mounted, its limits are read over. See `leanto.embedded.instances.image` for the label.
"""

import asyncio
import hashlib
import json
import os
import signal
import sys
import tarfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from leanto.embedded.instances.image import PROGRAM_LABEL
from leanto.embedded.instances.reply import Reply

WITHOUT_VALUE = frozenset(
    {"--rm", "--read-only", "--no-healthcheck", "--init", "--privileged", "-q", "--quiet", "-f", "--force"}
)
PLAYED = ("leanto.embedded.instances.",)
"""Where the programs of images may come from: an archive names what runs on this machine."""
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02


class ArchiveError(Exception):
    """An archive that docker would not load."""


@dataclass(frozen=True)
class Image:
    """A loaded image; `id` is the SHA-256 of its configuration."""

    id: str
    names: tuple[str, ...]
    program: str


@dataclass(frozen=True)
class _Options:
    """A command line taken apart: values of options by name, and the words that are none."""

    values: Mapping[str, list[str]] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    def one(self, *names: str, default: str = "") -> str:
        return next((self.values[name][-1] for name in names if name in self.values), default)


class Docker:
    """The images and containers of an instance."""

    def __init__(self) -> None:
        self._images: dict[str, Image] = {}
        self._containers: dict[str, int] = {}

    async def command(self, argv: Sequence[str], pid: int) -> Reply:
        """Carry out one command line of the process `pid`; what is not played is refused."""
        match tuple(argv):
            case ("load", *rest):
                return await asyncio.to_thread(self._load, _options(rest))
            case ("image", "inspect", *rest) | ("inspect", *rest):
                return self._inspect(_options(rest))
            case ("run", *rest):
                return self._run(rest, pid)
            case ("stop" | "kill", *rest):
                return await self._stop(_options(rest), seconds=STOP_SECONDS)
            case ("rm", *rest):
                return await self._stop(_options(rest), seconds=0)
        return Reply(stderr=f"docker: the box does not play {' '.join(argv[:2])!r}", status=125)

    def _load(self, options: _Options) -> Reply:
        path = options.one("-i", "--input")
        if not path:
            return Reply(stderr="docker: the box loads images with --input only", status=1)
        try:
            image = read_archive(Path(path))
        except ArchiveError as error:
            return Reply(stderr=str(error), status=1)
        for name in (image.id, *image.names):
            self._images[name] = image
        told = [f"Loaded image: {name}" for name in image.names]
        return Reply("\n".join(told or [f"Loaded image ID: {image.id}"]))

    def _inspect(self, options: _Options) -> Reply:
        found = [self._images.get(name) for name in options.words]
        if None in found or not found:
            return Reply(stderr=f"Error response from daemon: No such image: {' '.join(options.words)}", status=1)
        if options.one("--format", "-f") not in {"{{.Id}}", "{{ .Id }}"}:
            return Reply(json.dumps([{"Id": image.id, "RepoTags": image.names} for image in found if image]))
        return Reply("\n".join(image.id for image in found if image))

    def _run(self, argv: Sequence[str], pid: int) -> Reply:
        options = _options(argv, ends_at_word=True)
        name, *arguments = options.words or ("",)
        image = self._images.get(name)
        if image is None:
            return Reply(stderr=f"docker: No such image: {name}. The box pulls none.", status=125)
        container = options.one("--name", default=f"container-{pid}")
        if _exists(self._containers.get(container, 0)):
            return Reply(stderr=f"docker: the container name {container} is in use", status=125)
        spec = find_spec(image.program) if image.program.startswith(PLAYED) else None
        if spec is None or spec.origin is None:
            return Reply(stderr=f"docker: the image {name} names no program that the box plays", status=127)
        self._containers[container] = pid
        mounts = _mounts(options)
        variables = dict(value.split("=", 1) for value in options.values.get("--env", ()) if "=" in value)
        program = (sys.executable, "-I", spec.origin, *(_mounted(word, mounts) for word in arguments))
        return Reply(become=program, variables=variables)

    async def _stop(self, options: _Options, seconds: float) -> Reply:
        seconds = float(options.one("-t", "--time", default=str(seconds)))
        for name in options.words:
            pid = self._containers.pop(name, 0)
            if not _exists(pid):
                return Reply(stderr=f"Error response from daemon: No such container: {name}", status=1)
            await _end(pid, seconds)
        return Reply("\n".join(options.words))


def read_archive(path: Path) -> Image:
    """Return the one image of an archive as `docker save` writes it; raises ArchiveError for a damaged one."""
    try:
        with tarfile.open(path) as archive:
            (entry,) = json.loads(_member(archive, "manifest.json"))
            config = _member(archive, entry["Config"])
            document = json.loads(config)
            layers = [hashlib.sha256(_member(archive, layer)).hexdigest() for layer in entry["Layers"]]
    except FileNotFoundError:
        raise ArchiveError(f"open {path}: no such file or directory") from None
    except (tarfile.TarError, EOFError, OSError, ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"Error processing tar file: {type(error).__name__}") from None
    digest = hashlib.sha256(config).hexdigest()
    if digest not in entry["Config"]:
        raise ArchiveError("invalid image: the configuration has not the hash of its name")
    if [f"sha256:{layer}" for layer in layers] != document.get("rootfs", {}).get("diff_ids"):
        raise ArchiveError("invalid image: a layer has not the hash that the configuration names")
    labels = (document.get("config") or {}).get("Labels") or {}
    return Image(f"sha256:{digest}", tuple(entry.get("RepoTags") or ()), str(labels.get(PROGRAM_LABEL, "")))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()


def _options(argv: Sequence[str], *, ends_at_word: bool = False) -> _Options:
    values: dict[str, list[str]] = {}
    words: list[str] = []
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            words.append(word)
            if ends_at_word:
                return _Options(values, (*words, *rest))
            continue
        name, has_value, value = word.partition("=")
        if name in WITHOUT_VALUE and not (name == "-f" and rest and rest[0].startswith("{{")):
            values.setdefault(name, []).append("true")
        else:
            values.setdefault(name, []).append(value if has_value else rest.pop(0) if rest else "")
    return _Options(values, tuple(words))


def _mounts(options: _Options) -> dict[str, str]:
    """Return what is mounted, by where the container sees it."""
    mounts: dict[str, str] = {}
    for value in options.values.get("--mount", ()):
        parts = dict(part.partition("=")[::2] for part in value.split(","))
        source, target = (parts.get(long, parts.get(short, "")) for long, short in _MOUNT_KEYS)
        mounts[target] = source
    for value in (*options.values.get("--volume", ()), *options.values.get("-v", ())):
        source, target = value.split(":")[:2]
        mounts[target] = source
    return mounts


_MOUNT_KEYS = (("source", "src"), ("target", "dst"))


def _mounted(word: str, mounts: Mapping[str, str]) -> str:
    """Return an argument with a path inside a mount replaced by where that lies on this machine."""
    for target, source in mounts.items():
        if word == target or word.startswith(f"{target}/"):
            return source + word.removeprefix(target)
    return word


async def _end(pid: int, seconds: float) -> None:
    """End a process, at once or after so many seconds from being asked to."""
    deadline = time.monotonic() + seconds
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM if seconds else signal.SIGKILL)
        while _exists(pid) and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
        if seconds and _exists(pid):
            os.kill(pid, signal.SIGKILL)


def _exists(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
