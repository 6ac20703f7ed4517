"""Builds the bundles of a target from the locked wheels and our runtime, precompiled, the same bytes each time."""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra import bundles as deployed
from infra.bundles import BundlesMissing, Target
from infra.lockfile import closure, locked_packages
from leanto.bundles import archive, interpreter, wheels
from leanto.bundles.bytecode import compile_tree
from leanto.bundles.contents import BUNDLES
from leanto.bundles.errors import BundleError
from leanto.bundles.pack import entries

Report = Callable[[str], None]


def build(root: Path, target: Target, report: Report) -> Path:
    """Build the bundles of the checkout `root` for `target` unless they are there already; return the manifest's path.

    `report` receives a line at each step. Raises BundleError with the remedy when they cannot be built.
    """
    started = time.monotonic()
    destination = deployed.folder(root, target)
    manifest = destination / deployed.MANIFEST
    if _up_to_date(root, target):
        report(f"bundles for {target.label} are up to date")
        return manifest
    digest = deployed.sources_digest(root, target)
    python = interpreter.find(target.python, report)
    tree = _wheels(root, target, python, report)
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination, prefix="building-") as scratch:
        code = Path(scratch) / "code"
        _copy_runtime(root, code)
        compile_tree(python, code)
        with ThreadPoolExecutor() as pool:  # deflating takes most of a build, and leaves the interpreter's lock alone
            packed = pool.map(lambda name: _pack(name, root, tree, code, Path(scratch), report), target.bundles)
            built = dict(zip(target.bundles, packed, strict=True))
        for name in target.bundles:
            (Path(scratch) / f"{name}.zip").replace(destination / f"{name}.zip")
        written = Path(scratch) / deployed.MANIFEST
        written.write_text(_manifest(target, digest, built), encoding="utf-8")
        written.replace(manifest)
    report(f"bundles for {target.label} are built, in {time.monotonic() - started:.1f} s")
    return manifest


def _up_to_date(root: Path, target: Target) -> bool:
    try:
        return deployed.load(root, target).keys() == set(target.bundles)
    except BundlesMissing:
        return False


def _wheels(root: Path, target: Target, python: Path, report: Report) -> Path:
    """Return the tree of compiled packages; one already made from the same lock for the same target is used again."""
    locked = json.dumps([deployed.FORMAT, locked_packages(root / "uv.lock")], sort_keys=True, default=str)
    key = hashlib.sha256(locked.encode()).hexdigest()[:16]
    destination = deployed.folder(root, target).parent / f"wheels-{target.architecture}-python{target.python}-{key}"
    if destination.is_dir():
        return destination
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix="wheels-") as scratch:
        fresh = Path(scratch) / "tree"
        wheels.install(root, target, fresh, report)
        report("compiling the packages")
        compile_tree(python, fresh)
        try:
            fresh.rename(destination)
        except OSError:
            if not destination.is_dir():  # else a build beside this one came first, and made the same
                raise
    return destination


def _copy_runtime(root: Path, code: Path) -> None:
    found = list(deployed.source_files(root))
    if not found:
        raise BundleError(f"there is no {deployed.SOURCES}/ in {root}: run this in a checkout of leanto")
    for path in found:
        copy = code / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _pack(name: str, root: Path, tree: Path, code: Path, scratch: Path, report: Report) -> dict[str, str | int]:
    packages = closure(locked_packages(root / "uv.lock"), BUNDLES[name].packages)
    files = entries(name, packages, tree, code)
    path = scratch / f"{name}.zip"
    archive.write(path, files)
    size = path.stat().st_size
    report(f"{path.name}: {size / 1e6:.1f} MB, {len(files)} files")
    return {
        "file": path.name,
        "sha256_base64": deployed.file_sha256_base64(path),
        "bytes": size,
        "handler": BUNDLES[name].handler,
    }


def _manifest(target: Target, digest: str, built: dict[str, dict[str, str | int]]) -> str:
    document = {
        "target": {"architecture": target.architecture, "python": target.python},
        "sources_sha256": digest,
        "bundles": built,
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"
