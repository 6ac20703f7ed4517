"""Finds the bundles that `leanto bundle` built, and refuses ones that the sources have left behind.

The program never builds: a preview must work offline and say the same twice. A bundle is taken only when its manifest
was made from the very sources, locked packages and target that the program sees now, and its file is whole.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from infra.lockfile import locked_packages

FORMAT = 2
"""Raised when the builder makes other bundles from the same sources: older ones are then stale."""
MANIFEST = "manifest.json"
SOURCES = "runtime"
FUNCTIONS = ("authorizer", "gateway", "relay", "stop")
"""The functions that have a bundle each."""
NODE = "node"
"""The bundle of the node agent: it runs on the pool's nodes, which have a Python of their own."""
SYNTHESIS = "LEANTO_SYNTHESIS"
"""Variable that is 1 while the program is only read, as `leanto check` does: see `placeholders_allowed`."""


@dataclass(frozen=True)
class Target:
    """What bundles run on: the architecture ("arm64" or "x86_64") and minor Python version ("3.13") of Lambda.

    With `of_nodes` it is those of the pool's nodes: the node agent is bundled, and no function.
    """

    architecture: str
    python: str
    of_nodes: bool = False

    @property
    def label(self) -> str:
        """The target in words, for messages."""
        return f"Python {self.python} on {self.architecture}{' nodes' if self.of_nodes else ''}"

    @property
    def bundles(self) -> tuple[str, ...]:
        """The names of the bundles that are built for it."""
        return (NODE,) if self.of_nodes else FUNCTIONS


@dataclass(frozen=True)
class Bundle:
    """One function's zip, the hash that Lambda reports for it, and the handler inside it."""

    path: Path
    sha256_base64: str
    handler: str

    @property
    def sha256(self) -> str:
        """The hash in hexadecimal."""
        return base64.b64decode(self.sha256_base64).hex()


class BundlesMissing(Exception):  # noqa: N818  (it says what is the case)
    """There are no bundles to deploy, or the sources have left them behind. The message names the remedy."""


def folder(root: Path, target: Target) -> Path:
    """Return where the bundles of `target` lie in the checkout `root`."""
    kind = "node-" if target.of_nodes else ""
    return root / "build" / "bundles" / f"{kind}{target.architecture}-python{target.python}"


def source_files(root: Path) -> Iterator[Path]:
    """Yield every file of the runtime package in a fixed order, without bytecode."""
    for path in sorted((root / SOURCES).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
            yield path


def sources_digest(root: Path, target: Target) -> str:
    """Return the SHA-256 of everything that decides the bytes of the bundles, in hexadecimal."""
    digest = hashlib.sha256(f"format {FORMAT}\n{target.architecture}\n{target.python}\n".encode())
    for path in source_files(root):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    digest.update(json.dumps(locked_packages(root / "uv.lock"), sort_keys=True, default=str).encode())
    return digest.hexdigest()


def file_sha256_base64(path: Path) -> str:
    """Return a file's SHA-256 as Lambda writes it: base64."""
    return base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()


def load(project_root: Path, target: Target) -> Mapping[str, Bundle]:
    """Return the bundles for a target by name. Raises BundlesMissing when absent, stale or damaged."""
    manifest = _manifest(folder(project_root, target) / MANIFEST, target)
    if manifest["sources_sha256"] != sources_digest(project_root, target):
        raise BundlesMissing(_message(target, "were built from older sources than those in runtime/ and uv.lock"))
    bundles = {}
    for name, entry in manifest["bundles"].items():
        path = folder(project_root, target) / entry["file"]
        if not path.is_file() or file_sha256_base64(path) != entry["sha256_base64"]:
            raise BundlesMissing(_message(target, f"are damaged: {path} is missing or not what its manifest says"))
        bundles[name] = Bundle(path, entry["sha256_base64"], entry["handler"])
    return MappingProxyType(bundles)


def placeholders_allowed(*, preview: bool) -> bool:
    """Return whether the program may go without bundles: only where it is read to be checked, and only in a preview.

    A deployment never is: the engine runs the program anew for it, and not as a preview, whatever the variable says.
    """
    return preview and os.environ.get(SYNTHESIS) == "1"


def placeholders(project_root: Path, target: Target) -> Mapping[str, Bundle]:
    """Return every bundle for a target: where it would lie, with a hash of no code."""
    where, no_code = folder(project_root, target), hashlib.sha256(b"").digest()
    sha256_base64 = base64.b64encode(no_code).decode()
    return MappingProxyType(
        {name: Bundle(where / f"{name}.zip", sha256_base64, f"placeholder.{name}:handle") for name in target.bundles}
    )


def _manifest(path: Path, target: Target) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundlesMissing(_message(target, f"have not been built: there is no {path}")) from None
    except ValueError:
        raise BundlesMissing(_message(target, f"are damaged: {path} is not JSON")) from None
    return manifest


def _message(target: Target, what: str) -> str:
    of_nodes = " --nodes" if target.of_nodes else ""
    command = f"leanto bundle{of_nodes} --architecture {target.architecture} --python {target.python}"
    return f"the bundles for {target.label} {what}. Build them with `{command}` and run again."
