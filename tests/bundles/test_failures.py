"""Claim: whatever keeps bundles from being built is told in the user's words, with what to do."""

import re
from pathlib import Path

import pytest

from infra.bundles import Target
from leanto.bundles import BundleError, build, interpreter, wheels
from tests.bundles.conftest import Checkout, host


def quiet(line: str) -> None:
    del line


def test_no_network_is_told_as_such(checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(BundleError, match="index could not be reached"):
        build(checkout("offline"), host(), quiet)


def test_an_index_that_refuses_connections_is_told_as_such(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = checkout("refused")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://user:secret@127.0.0.1:9/simple")
    with pytest.raises(BundleError, match="index could not be reached") as caught:
        build(root, host(), quiet)
    assert "secret" not in str(caught.value)


def test_a_package_that_differs_from_the_lock_is_refused(checkout: Checkout) -> None:
    root = checkout("mismatch")
    lock = (root / "uv.lock").read_text()
    head, rows = lock.split('name = "certifi"', 1)
    forged = re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, rows.split("[[package]]", 1)[0])
    (root / "uv.lock").write_text(f'{head}name = "certifi"{forged}[[package]]{rows.split("[[package]]", 1)[1]}')
    with pytest.raises(BundleError, match=r"does not match its hash in uv\.lock"):
        build(root, host(), quiet)


def test_a_package_without_a_hash_in_the_lock_is_refused(checkout: Checkout) -> None:
    root = checkout("unhashed")
    lock = (root / "uv.lock").read_text()
    (root / "uv.lock").write_text(re.sub(r', hash = "sha256:[0-9a-f]{64}"', "", lock))
    with pytest.raises(BundleError, match="hash"):
        build(root, host(), quiet)


def test_credentials_of_an_index_are_not_repeated() -> None:
    told = wheels._explained("error: Failed to fetch: `https://user:secret@index.example/simple/certifi/`")
    assert "secret" not in told
    assert "https://index.example/simple/certifi/" in told


def test_a_target_without_wheels_is_told_as_such(checkout: Checkout, tmp_path: Path) -> None:
    """No certifi was ever built for Python 3.5."""
    with pytest.raises(BundleError, match="no wheel for this target"):
        wheels.install(checkout("old"), Target("arm64", "3.5"), tmp_path / "tree", quiet)


@pytest.mark.parametrize(
    "said",
    [
        "cause: Because certifi==1 has no wheels with a matching Python version tag",
        "cause: Because the requested Python version (>=3.5) does not satisfy\n         Python>=3.7 and certifi==1",
    ],
)
def test_both_ways_in_which_uv_says_so_are_understood(said: str) -> None:
    assert wheels._explained(said).startswith("a locked package has no wheel for this target")


def test_an_unknown_architecture_is_refused_with_the_known_ones(checkout: Checkout) -> None:
    with pytest.raises(BundleError, match=r"one of arm64, x86_64, is 'riscv'"):
        build(checkout("riscv"), Target("riscv", host().python), quiet)


def test_a_python_that_cannot_be_had_is_told_with_three_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    lines: list[str] = []
    with pytest.raises(BundleError) as caught:
        interpreter.find("3.99", lines.append)
    told = str(caught.value)
    for way in ("`python3.99`", "`uv python install 3.99`", "leanto:functionPython"):
        assert way in told
    assert lines == ["no Python 3.99 on this machine: asking uv to fetch one"]


def test_a_program_that_is_not_the_python_asked_for_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shim may answer to `python3.99` and run something else."""
    impostor = tmp_path / "versions" / "3.99.1" / "bin" / "python"
    impostor.parent.mkdir(parents=True)
    impostor.write_text("#!/bin/sh\necho cpython-311\n")
    impostor.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(BundleError):
        interpreter.find("3.99", quiet)


def test_a_pyenv_python_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "versions" / "3.99.1" / "bin" / "python"
    installed.parent.mkdir(parents=True)
    installed.write_text("#!/bin/sh\necho cpython-399\n")
    installed.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert interpreter.find("3.99", quiet) == installed


def test_a_folder_without_a_runtime_is_refused(checkout: Checkout) -> None:
    root = checkout("bare")
    for path in sorted((root / "runtime").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with pytest.raises(BundleError, match="run this in a checkout"):
        build(root, host(), quiet)
