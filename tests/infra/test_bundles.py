"""Claim: the program deploys only bundles that were made from what it sees, and says what to do when there are none."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from infra.bundles import BundlesMissing, Target, file_sha256_base64, folder, load, sources_digest
from infra.lockfile import closure, locked_packages

ROOT = Path(__file__).resolve().parents[2]
TARGET = Target("arm64", "3.13")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout with one module and one bundle that was made from it."""
    shutil.copyfile(ROOT / "uv.lock", tmp_path / "uv.lock")
    (tmp_path / "runtime").mkdir()
    (tmp_path / "runtime" / "app.py").write_text("x = 1\n")
    (tmp_path / "runtime" / "bootstrap").write_text("#!/bin/sh\n")
    place = folder(tmp_path, TARGET)
    place.mkdir(parents=True)
    (place / "stop.zip").write_bytes(b"zip")
    entry = {"file": "stop.zip", "sha256_base64": file_sha256_base64(place / "stop.zip"), "bytes": 3, "handler": "a:b"}
    document = {"sources_sha256": sources_digest(tmp_path, TARGET), "bundles": {"stop": entry}}
    (place / "manifest.json").write_text(json.dumps(document))
    return tmp_path


def test_a_bundle_is_loaded_with_its_hash_and_handler(checkout: Path) -> None:
    bundle = load(checkout, TARGET)["stop"]
    assert bundle.path == folder(checkout, TARGET) / "stop.zip"
    assert bundle.sha256 == hashlib.sha256(b"zip").hexdigest()
    assert (bundle.sha256_base64, bundle.handler) == ("SnD+mqZDbgLC3qNA+9HjUuTvLYzmylKtJdS5VHH8i/I=", "a:b")


def test_no_bundles_names_the_command_that_builds_them(checkout: Path) -> None:
    with pytest.raises(
        BundlesMissing,
        match=r"Python 3\.13 on x86_64 have not been built.*`leanto bundle --architecture x86_64 --python 3.13`",
    ):
        load(checkout, Target("x86_64", "3.13"))


def test_the_bundle_of_the_nodes_lies_apart_and_has_a_command_of_its_own(checkout: Path) -> None:
    """Functions may run on the same architecture and Python: neither build may take the other's place."""
    of_nodes = Target(TARGET.architecture, TARGET.python, of_nodes=True)
    assert folder(checkout, of_nodes) != folder(checkout, TARGET)
    with pytest.raises(BundlesMissing, match=r"`leanto bundle --nodes --architecture arm64 --python 3\.13`"):
        load(checkout, of_nodes)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("runtime/app.py", "x = 2\n"),
        ("runtime/bootstrap", "#!/bin/bash\n"),
        ("runtime/new.py", ""),
        ("runtime/data.json", "{}"),
    ],
)
def test_a_bundle_older_than_its_sources_is_refused(checkout: Path, name: str, text: str) -> None:
    (checkout / name).write_text(text)
    with pytest.raises(BundlesMissing, match="older sources"):
        load(checkout, TARGET)


def test_bytecode_beside_the_sources_does_not_make_a_bundle_stale(checkout: Path) -> None:
    (checkout / "runtime" / "__pycache__").mkdir()
    (checkout / "runtime" / "__pycache__" / "app.cpython-311.pyc").write_bytes(b"\0")
    assert set(load(checkout, TARGET)) == {"stop"}


def test_another_version_of_a_function_package_makes_a_bundle_stale_and_of_another_package_does_not(
    checkout: Path,
) -> None:
    lock = (checkout / "uv.lock").read_text()
    (checkout / "uv.lock").write_text(lock.replace('name = "moto"\nversion = "5', 'name = "moto"\nversion = "6'))
    assert set(load(checkout, TARGET)) == {"stop"}
    (checkout / "uv.lock").write_text(lock.replace('name = "yarl"\nversion = "1', 'name = "yarl"\nversion = "2'))
    with pytest.raises(BundlesMissing, match="older sources"):
        load(checkout, TARGET)


def test_a_damaged_bundle_or_manifest_is_refused(checkout: Path) -> None:
    zipped = folder(checkout, TARGET) / "stop.zip"
    zipped.write_bytes(b"ZIP")
    with pytest.raises(BundlesMissing, match=r"damaged: .*stop\.zip"):
        load(checkout, TARGET)
    zipped.unlink()
    with pytest.raises(BundlesMissing, match=r"damaged: .*stop\.zip"):
        load(checkout, TARGET)
    (folder(checkout, TARGET) / "manifest.json").write_text("{")
    with pytest.raises(BundlesMissing, match="not JSON"):
        load(checkout, TARGET)


def test_the_locked_packages_are_those_of_the_functions_with_all_they_need_and_no_other() -> None:
    names = [row["name"] for row in locked_packages(ROOT / "uv.lock")]
    assert {"aiohttp", "yarl", "multidict", "starlette", "anyio", "certifi"} <= set(names)
    assert not {"boto3", "moto", "pulumi", "leanto"} & set(names)


def test_a_closure_survives_packages_that_need_each_other() -> None:
    rows = [
        {"name": "a", "dependencies": [{"name": "b"}]},
        {"name": "b", "dependencies": [{"name": "a"}, {"name": "c"}]},
        {"name": "c"},
        {"name": "d"},
    ]
    assert closure(rows, ["a"]) == {"a", "b", "c"}
