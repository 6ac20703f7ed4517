"""What goes into which bundle: its entry, its packages, its part of the runtime."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType

from infra.bundles import NODE


@dataclass(frozen=True)
class Contents:
    """What to bundle: the handler that a function starts with, and the locked packages that it imports directly."""

    handler: str
    packages: tuple[str, ...]


BUNDLES: Mapping[str, Contents] = MappingProxyType(
    {
        "gateway": Contents("runtime.gateway.app:app", ("aiohttp", "certifi", "starlette")),
        "authorizer": Contents("runtime.authorizer.handler:handle", ("aiohttp", "certifi")),
        "node": Contents("runtime.node.__main__:main", ("aiohttp", "certifi")),
        "relay": Contents("runtime.relay.app:app", ("aiohttp", "certifi")),
        "stop": Contents("runtime.stop.handler:handle", ("aiohttp", "certifi")),
    }
)
"""Keyed by name, which is also the name of the folder under runtime/ that belongs to this bundle alone."""

BOOTSTRAP = "bootstrap"
"""What Lambda starts; nodes have no use for it."""

_NOT_NEEDED = frozenset({".c", ".h", ".hash", ".md", ".pxd", ".pxi", ".pyi", ".pyx"})
"""Sources and stubs of compiled modules, which wheels carry and Python never reads."""
_INSTALLERS_OWN = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"})
"""Files that tell how, when and by whom a package was installed: they differ between builds of the same wheel."""


def belongs(bundle: str, path: PurePosixPath) -> bool:
    """Return whether a file of the runtime package (path relative to it) goes into a bundle."""
    own = path.parts[0]
    if bundle == NODE and path.name.startswith("lambda_"):
        return False
    return own == bundle or own not in BUNDLES


def keeps(path: PurePosixPath) -> bool:
    """Return whether a file of an installed wheel (path relative to the tree) goes into a bundle.

    Licences and package metadata stay; scripts, build inputs and traces of the installer do not.
    """
    if path.parts[0] in {"..", "bin"} or "__pycache__" in path.parts:
        return False
    if path.parts[0].endswith(".dist-info"):
        return path.name not in _INSTALLERS_OWN
    return path.suffix not in _NOT_NEEDED and not path.name.startswith("_testcapi.")
