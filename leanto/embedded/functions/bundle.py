"""Unpacks deployed code and layers, each content once, and checks it against the hash that Lambda reports."""

import base64
import hashlib
import io
import shutil
import stat
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path

from leanto.embedded.functions.configuration import DeployedCode, FunctionConfiguration

DEFAULT_MODE = 0o644


class BundleError(Exception):
    """Deployed code that cannot be run; the text says what is wrong with it."""


@dataclass(frozen=True)
class Unpacked:
    """Where a function's `/var/task` and `/opt` lie on this machine."""

    task_root: Path
    opt: Path


class Bundles:
    """The unpacked code under one folder. Called in threads; a content is unpacked aside, then moved into place."""

    def __init__(self, aws: DeployedCode, folder: Path) -> None:
        self._aws = aws
        self._folder = folder
        self._lock = threading.Lock()

    def unpack(self, function: FunctionConfiguration) -> Unpacked:
        """Return the folders of a function; raises BundleError."""
        code = self._aws.lambda_code(function.name, function.region)
        digest = hashlib.sha256(code)
        if base64.b64encode(digest.digest()).decode() != function.code_sha256:
            raise BundleError(f"the code of {function.name} has not the CodeSha256 that Lambda reports for it")
        layers = [self._aws.layer_code(arn) for arn in function.layer_arns]
        opt = hashlib.sha256(b"".join(hashlib.sha256(layer).digest() for layer in layers)).hexdigest()
        with self._lock:
            return Unpacked(
                task_root=_place(self._folder / "task" / digest.hexdigest()[:32], [code]),
                opt=_place(self._folder / "opt" / opt[:32], layers),
            )


def _place(folder: Path, zips: list[bytes]) -> Path:
    if folder.exists():
        return folder
    aside = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    for content in zips:
        extract(content, aside)
    aside.rename(folder)
    return folder


def extract(content: bytes, folder: Path) -> None:
    """Unpack a zip with the permissions that it carries; raises BundleError for a member that leads outside."""
    try:
        packed = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise BundleError(f"the deployed code is no zip: {error}") from error
    root = folder.resolve()
    for member in packed.infolist():
        target = (root / member.filename).resolve()
        if not target.is_relative_to(root):
            raise BundleError(f"the zip holds {member.filename!r}, which leads out of the bundle")
        mode = member.external_attr >> 16
        if member.is_dir() or stat.S_ISLNK(mode):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(packed.read(member))
        target.chmod(stat.S_IMODE(mode) or DEFAULT_MODE)
