"""Claim: the bundles of our own runtime are small, hold all that their functions import, and nothing of this host."""

import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from infra.bundles import FUNCTIONS, NODE, Bundle, load
from leanto.bundles import build
from tests.bundles.conftest import ROOT, host

MAXIMUM_BYTES = 6_000_000
NODES = replace(host(), of_nodes=True)


@pytest.fixture(scope="module")
def bundles() -> dict[str, Bundle]:
    """Return the bundles of this checkout for this machine."""
    for target in (host(), NODES):
        build(ROOT, target, lambda line: None)
    return {**load(ROOT, host()), **load(ROOT, NODES)}


@pytest.fixture(params=[*FUNCTIONS, NODE])
def bundle(request: pytest.FixtureRequest, bundles: dict[str, Bundle]) -> Bundle:
    """Return each bundle in turn."""
    return bundles[request.param]


def test_there_is_a_bundle_for_each_function_and_the_agent_and_no_other(bundles: dict[str, Bundle]) -> None:
    assert sorted(bundles) == sorted([*FUNCTIONS, NODE])


def test_a_bundle_is_small(bundle: Bundle) -> None:
    assert bundle.path.stat().st_size <= MAXIMUM_BYTES


def test_the_handler_loads_from_the_bundle_alone(bundle: Bundle, tmp_path: Path) -> None:
    """No site-packages, no environment, another folder: as on Lambda."""
    with zipfile.ZipFile(bundle.path) as archive:
        archive.extractall(tmp_path)
    module, attribute = bundle.handler.split(":")
    shim = "" if module.startswith("runtime.node") else ", runtime.lambda_shim"
    code = f"import sys; sys.path.insert(0, sys.argv[1]); import {module} as m{shim}; m.{attribute}"
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, tmp_path], cwd="/", env={}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_no_file_of_a_bundle_names_this_checkout(bundle: Bundle) -> None:
    with zipfile.ZipFile(bundle.path) as archive:
        strays = [name for name in archive.namelist() if str(ROOT).encode() in archive.read(name)]
    assert strays == []


def test_licences_of_all_packages_are_in_the_bundle(bundle: Bundle) -> None:
    with zipfile.ZipFile(bundle.path) as archive:
        names = archive.namelist()
    packages = {name.split("/")[0] for name in names if ".dist-info/" in name}
    licensed = {name.split("/")[0] for name in names if ".dist-info/" in name and "LICENSE" in name.upper()}
    assert packages - licensed == set()
