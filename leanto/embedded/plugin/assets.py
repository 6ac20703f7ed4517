"""Assets and archives of Pulumi as bytes: text or files, and zips that are the same for the same content."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from leanto.embedded.plugin.marshal import ARCHIVE, ASSET, SIGNATURE

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can carry; the time of packing must not change the archive."""
FILE_MODE = 0o644 << 16


class AssetError(ValueError):
    """An asset that cannot be read here; the message says which and why."""


def is_asset(value: object) -> bool:
    """Tell whether a property value is an asset: one file or text."""
    return isinstance(value, Mapping) and value.get(SIGNATURE) == ASSET


def is_archive(value: object) -> bool:
    """Tell whether a property value is an archive: a tree of files."""
    return isinstance(value, Mapping) and value.get(SIGNATURE) == ARCHIVE


def asset_bytes(value: Mapping[str, Any]) -> bytes:
    """Return the content of an asset. Relative paths are those of the program, whose directory the plugin runs in."""
    if "text" in value:
        return str(value["text"]).encode()
    path = _path(value)
    try:
        return path.read_bytes()
    except OSError as error:
        raise AssetError(f"the asset {str(path)!r} cannot be read: {error.strerror}") from error


def archive_bytes(value: Mapping[str, Any]) -> bytes:
    """Return an archive as a zip. A path to a zip is taken as it is; anything else is packed, sorted and undated."""
    if "path" in value or "uri" in value:
        path = _path(value)
        if path.is_file():
            return _zip_as_it_is(path)
    return _packed(_members(value, ""))


def _zip_as_it_is(path: Path) -> bytes:
    content = path.read_bytes()
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise AssetError(f"the archive {str(path)!r} is neither a folder nor a zip: AWS takes zips only")
    return content


def _members(value: Mapping[str, Any], prefix: str) -> dict[str, bytes]:
    """Return path -> content of everything in an archive, nested assets, archives, folders and zips included."""
    if is_asset(value):
        return {prefix: asset_bytes(value)}
    if "assets" in value:
        found: dict[str, bytes] = {}
        for name, member in value["assets"].items():
            found |= _members(member, f"{prefix}/{name}" if prefix else name)
        return found
    path = _path(value)
    if path.is_dir():
        return {_join(prefix, str(p.relative_to(path))): p.read_bytes() for p in path.rglob("*") if p.is_file()}
    if not path.exists():
        raise AssetError(f"the archive {str(path)!r} does not exist")
    with zipfile.ZipFile(io.BytesIO(_zip_as_it_is(path))) as packed:
        return {_join(prefix, name): packed.read(name) for name in packed.namelist() if not name.endswith("/")}


def _join(prefix: str, name: str) -> str:
    return f"{prefix}/{name}" if prefix else name


def _path(value: Mapping[str, Any]) -> Path:
    if "path" in value:
        return Path(str(value["path"]))
    uri = urlsplit(str(value.get("uri", "")))
    if uri.scheme == "file":
        return Path(unquote(uri.path))
    raise AssetError(f"the asset at {value.get('uri')!r} is not on this machine: the box takes files and text only")


def _packed(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in sorted(members.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = FILE_MODE
            packed.writestr(entry, content)
    return buffer.getvalue()
