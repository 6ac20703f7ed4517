"""Claim: the bundles are the same bytes wherever and whenever they are built, and hold what each function needs."""

import os
import stat
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from infra.bundles import FUNCTIONS, Target, file_sha256_base64, folder, load, sources_digest
from leanto.bundles import BundleError, build
from tests.bundles.conftest import Checkout, host

TEN_YEARS_AGO = 1_480_000_000


def digests(root: Path) -> dict[str, str]:
    return {path.name: file_sha256_base64(path) for path in folder(root, host()).iterdir()}


def quiet(line: str) -> None:
    del line


def names(root: Path, function: str) -> list[str]:
    with zipfile.ZipFile(folder(root, host()) / f"{function}.zip") as archive:
        return archive.namelist()


def test_a_build_elsewhere_from_files_of_another_age_gives_the_same_bytes(checkout: Checkout, built: Path) -> None:
    other = checkout("elsewhere-with-a-longer-name")
    for path in (other / "runtime").rglob("*"):
        os.utime(path, (TEN_YEARS_AGO, TEN_YEARS_AGO))
    (other / "runtime" / "__pycache__").mkdir()
    (other / "runtime" / "__pycache__" / "stray.cpython-39.pyc").write_bytes(b"stray")
    build(other, host(), quiet)
    assert digests(other) == digests(built)
    assert set(digests(built)) == {"authorizer.zip", "gateway.zip", "relay.zip", "stop.zip", "manifest.json"}


def test_a_changed_source_changes_the_digest_and_only_the_bundles_that_hold_it(checkout: Checkout, built: Path) -> None:
    root = checkout("changed")
    build(root, host(), quiet)
    before = sources_digest(root, host())
    (root / "runtime" / "stop" / "handler.py").write_text("async def handle(event, context):\n    return 1\n")
    assert sources_digest(root, host()) != before
    build(root, host(), quiet)
    changed = {name for name, digest in digests(root).items() if digest != digests(built)[name]}
    assert changed == {"stop.zip", "manifest.json"}


def test_every_entry_has_one_time_one_owner_and_a_fixed_mode(built: Path) -> None:
    with zipfile.ZipFile(folder(built, host()) / "gateway.zip") as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.create_system for entry in entries} == {3}
    modes = {entry.filename: entry.external_attr >> 16 for entry in entries}
    assert modes.pop("bootstrap") == stat.S_IFREG | 0o755
    assert set(modes.values()) == {stat.S_IFREG | 0o644}


def test_a_bundle_holds_its_own_part_of_the_runtime_only(built: Path) -> None:
    own = {f: {n.split("/")[1] for n in names(built, f) if n.startswith("runtime/")} for f in FUNCTIONS}
    shared = {"__init__.py", "__pycache__", "lambda_shim.py"}
    assert own == {name: {*shared, name} for name in FUNCTIONS}


def test_the_bundle_of_the_nodes_holds_the_agent_and_nothing_of_lambda(checkout: Checkout) -> None:
    root, target = checkout("nodes"), replace(host(), of_nodes=True)
    build(root, target, quiet)
    assert {path.name for path in folder(root, target).iterdir()} == {"manifest.json", "node.zip"}
    with zipfile.ZipFile(load(root, target)["node"].path) as archive:
        held = archive.namelist()
    ours = {name.split("/")[1] for name in held if name.startswith("runtime/")}
    assert ours == {"__init__.py", "__pycache__", "node"}
    assert "certifi/cacert.pem" in held
    assert not [name for name in held if "lambda" in name or name == "bootstrap"]


def test_a_bundle_holds_the_packages_that_its_function_needs_only(built: Path) -> None:
    """certifi is named by each function; frozenlist comes with aiohttp, which the small lock does not have."""
    assert "certifi/cacert.pem" in names(built, "stop")
    assert not [name for name in names(built, "stop") if name.startswith("frozenlist")]


def test_traces_of_the_installer_and_build_inputs_stay_out_and_licences_stay_in(built: Path) -> None:
    held = names(built, "gateway")
    unwanted = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", ".lock", ".pyx", ".pyi", ".c")
    assert [name for name in held if name.endswith(unwanted)] == []
    assert [name for name in held if name.startswith("certifi-") and "LICENSE" in name]


def test_each_module_has_bytecode_that_is_used_unchecked_and_names_the_path_on_lambda(
    built: Path, tmp_path: Path
) -> None:
    held = set(names(built, "gateway"))
    tag = sys.implementation.cache_tag
    for name in held:
        if name.endswith(".py"):
            parent, _, stem = name.removesuffix(".py").rpartition("/")
            assert f"{parent}/__pycache__/{stem}.{tag}.pyc".lstrip("/") in held
    with zipfile.ZipFile(folder(built, host()) / "gateway.zip") as archive:
        compiled = archive.read(f"runtime/__pycache__/lambda_shim.{tag}.pyc")
    assert int.from_bytes(compiled[4:8], "little") == 0b01, "hash-based, not checked"
    assert b"/var/task/runtime/lambda_shim.py" in compiled
    assert str(built).encode() not in compiled


def test_the_unpacked_bundle_runs_by_itself(built: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(folder(built, host()) / "authorizer.zip") as archive:
        archive.extractall(tmp_path)
    code = "import certifi, runtime.authorizer.handler as h; print(h.handle.__name__, h.__cached__)"
    environment = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code], env=environment, cwd="/", capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("handle ")


def test_a_second_build_does_nothing_but_say_so(built: Path) -> None:
    stamp = {path: path.stat().st_mtime_ns for path in folder(built, host()).iterdir()}
    lines: list[str] = []
    build(built, host(), lines.append)
    assert lines == [f"bundles for {host().label} are up to date"]
    assert {path: path.stat().st_mtime_ns for path in folder(built, host()).iterdir()} == stamp


def test_a_damaged_bundle_is_built_again(checkout: Checkout, built: Path) -> None:
    root = checkout("damaged")
    build(root, host(), quiet)
    (folder(root, host()) / "stop.zip").write_bytes(b"PK")
    lines: list[str] = []
    build(root, host(), lines.append)
    assert digests(root) == digests(built)
    assert {line.split(":")[0] for line in lines[:-1]} == {"authorizer.zip", "gateway.zip", "relay.zip", "stop.zip"}
    assert not any("installing" in line for line in lines), "the packages were there"


def test_wheels_are_those_of_the_target_not_of_this_machine(checkout: Checkout) -> None:
    root = checkout("foreign")
    foreign = Target("x86_64" if host().architecture == "arm64" else "arm64", host().python)
    from leanto.bundles import wheels

    tree = root / "tree"
    wheels.install(root, foreign, tree, quiet)
    machines = {path.read_bytes()[18] for path in tree.rglob("*.so")}
    assert machines == {{"arm64": 0xB7, "x86_64": 0x3E}[foreign.architecture]}, "e_machine of the ELF header"


def test_the_manifest_is_what_the_program_loads(built: Path) -> None:
    loaded = load(built, host())
    assert {name: bundle.handler for name, bundle in loaded.items()} == {
        "gateway": "runtime.gateway.app:app",
        "authorizer": "runtime.authorizer.handler:handle",
        "relay": "runtime.relay.app:app",
        "stop": "runtime.stop.handler:handle",
    }


def test_a_module_that_does_not_compile_is_named(checkout: Checkout) -> None:
    root = checkout("broken")
    (root / "runtime" / "broken.py").write_text("def f(:\n")
    with pytest.raises(BundleError, match=r"broken\.py"):
        build(root, host(), quiet)
    assert not (folder(root, host()) / "manifest.json").exists()
    assert [path.name for path in folder(root, host()).iterdir()] == []
