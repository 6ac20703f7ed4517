"""What goes into which function's bundle: its handler, its packages, its part of the runtime."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType


@dataclass(frozen=True)
class Function:
    """A function to bundle: the handler it starts with and the locked packages that it imports directly."""

    handler: str
    packages: tuple[str, ...]


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "gateway": Function("runtime.gateway.app:app", ("aiohttp", "certifi", "starlette")),
        "authorizer": Function("runtime.authorizer.handler:handle", ("aiohttp", "certifi")),
        "stop": Function("runtime.stop.handler:handle", ("aiohttp", "certifi")),
    }
)
"""Keyed by name, which is also the name of the folder under runtime/ that belongs to this function alone."""

BOOTSTRAP = "bootstrap"

_NOT_NEEDED = frozenset({".c", ".h", ".hash", ".md", ".pxd", ".pxi", ".pyi", ".pyx"})
"""Sources and stubs of compiled modules, which wheels carry and Python never reads."""
_INSTALLERS_OWN = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"})
"""Files that tell how, when and by whom a package was installed: they differ between builds of the same wheel."""


def belongs(function: str, path: PurePosixPath) -> bool:
    """Return whether a file of the runtime package (path relative to it) goes into the bundle of `function`."""
    own = path.parts[0]
    return own == function or own not in FUNCTIONS


def keeps(path: PurePosixPath) -> bool:
    """Return whether a file of an installed wheel (path relative to the tree) goes into a bundle.

    Licences and package metadata stay; scripts, build inputs and traces of the installer do not.
    """
    if path.parts[0] in {"..", "bin"} or "__pycache__" in path.parts:
        return False
    if path.parts[0].endswith(".dist-info"):
        return path.name not in _INSTALLERS_OWN
    return path.suffix not in _NOT_NEEDED and not path.name.startswith("_testcapi.")
