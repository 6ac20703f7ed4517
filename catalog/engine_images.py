"""The container images of the inference servers: how one is named, and what is known of each."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

DOCKER_HUB = "docker.io"
NODE_NAME = "leanto-engine"
"""What an archive calls its image, whatever registry it came from: a node knows no registry."""
DIGEST = r"sha256:[0-9a-f]{64}"
_PART = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_HOST = r"(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]{1,5})?|localhost(?::[0-9]{1,5})?)"
PATTERN = (
    rf"(?P<host>{_HOST})/(?P<name>{_PART}(?:/{_PART})*)(?::(?P<tag>[A-Za-z0-9_][\w.-]{{0,127}}))?@(?P<digest>{DIGEST})"
)
"""An image by its digest; the tag is for people, the digest says what it is."""


@dataclass(frozen=True)
class Reference:
    """An image in a registry: its digest says exactly what it is, the tag only what it was called."""

    host: str
    name: str
    digest: str
    tag: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.host}/{self.name}{tag}@{self.digest}"

    @property
    def node_name(self) -> str:
        """The name that the archive gives the image, and nodes run it by: one for each digest."""
        return f"{NODE_NAME}:{self.digest.removeprefix('sha256:')}"


def reference(text: str) -> Reference:
    """Read `HOST/NAME[:TAG]@sha256:...`; a name without a host is one of Docker Hub.

    Raises:
        ValueError: the text names no image by its digest.
    """
    for each in (text, f"{DOCKER_HUB}/{text}"):
        match = re.fullmatch(PATTERN, each)
        if match is not None:
            return Reference(match["host"], match["name"], match["digest"], match["tag"] or "")
    raise ValueError(f"{text!r} names no image by its digest; such a name ends in @sha256: and 64 hexadecimal digits")


@dataclass(frozen=True)
class EngineImage:
    """An image that serves an engine. `cuda` is the major version that it brings, `driver` the oldest one for that.

    `archive_sha256` is that of the archive which leanto makes of it, the same on every machine; empty where nobody has
    made one yet.
    """

    engine: str
    image: str
    version: str
    cuda: int
    driver: int
    source: str
    date: dt.date
    mark: str = "verified"
    archive_sha256: str = ""
    note: str = ""


def image_for(engine: str, images: Iterable[EngineImage]) -> EngineImage | None:
    """Return the first image of an engine: the one that is taken where none is named."""
    return next((row for row in images if row.engine == engine), None)


def same_image(image: str, images: Iterable[EngineImage]) -> EngineImage | None:
    """Return the row of an image, by its digest alone."""
    return next((row for row in images if reference(row.image).digest == reference(image).digest), None)
