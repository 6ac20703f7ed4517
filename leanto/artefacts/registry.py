"""Container images from a registry, by digest: the HTTP API v2 of the OCI distribution specification.

What an image is made of is named by SHA-256 from its digest down, so no registry or mirror has to be trusted.
"""

import hashlib
import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from catalog.engine_images import DIGEST, DOCKER_HUB, Reference
from leanto.artefacts.download import Patience, Wanted, fetch
from leanto.artefacts.errors import SourceError, WrongContentError
from leanto.artefacts.transport import Open, document, is_loopback
from leanto.artefacts.watch import Watch

DOCKER_HUB_API = "registry-1.docker.io"
INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
PLATFORM = ("linux", "amd64")
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Blob:
    """One part of an image in a registry: its digest, its size, and what it is."""

    digest: str
    bytes: int
    media_type: str


@dataclass(frozen=True)
class ImageParts:
    """What an image for one platform is made of, the lowest layer first."""

    config: Blob
    layers: tuple[Blob, ...]

    @property
    def bytes(self) -> int:
        """How much there is to fetch."""
        return self.config.bytes + sum(layer.bytes for layer in self.layers)


class Pass:
    """Lets us in where a registry wants a token that it gives to anybody; shown to the registry's own host only."""

    def __init__(self, host: str, silence_seconds: float) -> None:
        self._host, self._silence_seconds, self._token = host, silence_seconds, ""

    def headers(self, url: str) -> Mapping[str, str]:
        """Return the token, once there is one."""
        return {"Authorization": f"Bearer {self._token}"} if self._token and urlsplit(url).netloc == self._host else {}

    def refused(self, challenge: str) -> bool:
        """Get a new token from where the registry says."""
        kind, _, rest = challenge.partition(" ")
        told = dict(_PARAMETER.findall(rest))
        realm = told.get("realm", "")
        if kind.lower() != "bearer" or not realm:
            return False
        if urlsplit(realm).scheme != "https" and not is_loopback(realm):
            raise SourceError(f"{self._host} sends us for a token to {realm}, which is not https")
        asked = {name: told[name] for name in ("service", "scope") if name in told}
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(asked)}"
        try:
            answer = json.loads(document(url, {}, Open(), self._silence_seconds))
            self._token = str(answer.get("token") or answer["access_token"])
        except (OSError, http.client.HTTPException, ValueError, KeyError, AttributeError) as error:
            raise SourceError(f"{urlsplit(realm).netloc} gives no token for {self._host}: {error}") from error
        return True


class Registry:
    """The registry that holds one image."""

    def __init__(self, image: Reference, watch: Watch, patience: Patience | None = None) -> None:
        self.image, self._watch, self._patience = image, watch, patience or Patience()
        on_hub = image.host == DOCKER_HUB
        host, name = DOCKER_HUB_API if on_hub else image.host, image.name
        if on_hub and "/" not in name:
            name = f"library/{name}"
        scheme = "http" if is_loopback(f"http://{host}") else "https"
        self._base = f"{scheme}://{host}/v2/{name}"
        self._pass = Pass(host, self._patience.silence_seconds)

    def parts(self) -> ImageParts:
        """Return what the image for nodes is made of. Raises ArtefactError when the registry does not tell it."""
        found = self._manifest(self.image.digest)
        if "manifests" in found:
            found = self._manifest(_for_platform(found["manifests"], str(self.image)))
        try:
            return ImageParts(_blob(found["config"]), tuple(map(_blob, found["layers"])))
        except (KeyError, TypeError, ValueError) as error:
            raise WrongContentError(f"{self.image}: its manifest is not one of an image ({error})") from error

    def fetch(self, blob: Blob, folder: Path, name: str) -> Path:
        """Return one part, fetched into `folder` unless it is there. Raises ArtefactError."""
        sha256 = blob.digest.removeprefix("sha256:")
        wanted = Wanted(name, f"{self._base}/blobs/{blob.digest}", blob.bytes, sha256)
        return fetch(wanted, folder / sha256, self._pass, self._watch, self._patience)

    def _manifest(self, digest: str) -> dict[str, Any]:
        content = self._document(f"{self._base}/manifests/{digest}")
        found = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if found != digest:
            raise WrongContentError(f"{self.image}: the registry gave {found} for the manifest {digest}")
        try:
            manifest: dict[str, Any] = dict(json.loads(content))
        except (ValueError, TypeError) as error:
            raise WrongContentError(f"{self.image}: its manifest is no JSON object") from error
        return manifest

    def _document(self, url: str) -> bytes:
        """Return a small document; a registry that does not answer is asked again a few times."""
        failures = 0
        while True:
            try:
                return document(url, {"Accept": ", ".join((*INDEXES, *MANIFESTS))}, self._pass, self._silence)
            except (OSError, http.client.HTTPException) as error:
                failures += 1
                if failures >= self._patience.tries:
                    raise SourceError(f"{urlsplit(url).netloc} cannot be reached: {error}") from error
                wait = self._patience.wait_seconds(failures, "")
                self._watch.say(f"{urlsplit(url).netloc} does not answer ({error}); again in {wait:.0f} s")
                self._patience.sleep(wait)

    @property
    def _silence(self) -> float:
        return self._patience.silence_seconds


def _for_platform(manifests: Any, image: str) -> str:
    """Return the digest of the image for the platform of nodes."""
    try:
        for each in manifests:
            platform = each.get("platform", {})
            if (platform.get("os"), platform.get("architecture")) == PLATFORM and re.fullmatch(DIGEST, each["digest"]):
                return str(each["digest"])
        offered = ", ".join(sorted(f"{e['platform']['os']}/{e['platform']['architecture']}" for e in manifests))
    except (AttributeError, KeyError, TypeError) as error:
        raise WrongContentError(f"{image}: its index is not one of images ({error!r})") from error
    raise WrongContentError(f"{image} is not made for {'/'.join(PLATFORM)}, which nodes are; it is made for {offered}")


def _blob(raw: Any) -> Blob:
    digest, size = raw["digest"], raw["size"]
    if not re.fullmatch(DIGEST, digest) or type(size) is not int or size < 1:
        raise ValueError(f"{digest!r} of {size!r} bytes")
    return Blob(digest, size, str(raw.get("mediaType", "")))
