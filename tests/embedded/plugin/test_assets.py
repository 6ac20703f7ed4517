"""Claim: an asset or archive becomes the same bytes for the same content, wherever it comes from."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from leanto.embedded.plugin.assets import AssetError, archive_bytes, asset_bytes, is_archive, is_asset
from leanto.embedded.plugin.marshal import ARCHIVE, ASSET, SIGNATURE
from leanto.embedded.plugin.resource import Props


def asset(**fields: object) -> Props:
    return {SIGNATURE: ASSET, **fields}


def archive(**fields: object) -> Props:
    return {SIGNATURE: ARCHIVE, **fields}


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_text_files_and_file_urls_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a b.txt"
    path.write_bytes(b"\x00text")
    assert asset_bytes(asset(text="grün")) == "grün".encode()
    assert asset_bytes(asset(path=str(path))) == b"\x00text"
    assert asset_bytes(asset(uri=path.as_uri())) == b"\x00text"


def test_an_archive_of_assets_folders_and_zips_is_one_tree(tmp_path: Path) -> None:
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "file").write_text("x")
    with zipfile.ZipFile(tmp_path / "old.zip", "w") as packed:
        packed.writestr("inside", "y")
    value = archive(
        assets={
            "leanto/deployment.json": asset(text="{}"),
            "folder": archive(path=str(tmp_path / "folder")),
            "zip": archive(path=str(tmp_path / "old.zip")),
        }
    )
    assert unpacked(archive_bytes(value)) == {
        "folder/deep/file": b"x",
        "leanto/deployment.json": b"{}",
        "zip/inside": b"y",
    }


def test_the_same_content_makes_the_same_zip_whatever_order_and_time(tmp_path: Path) -> None:
    one, two = asset(text="1"), asset(text="2")
    forward, backward = archive(assets={"a": one, "b": two}), archive(assets={"b": two, "a": one})
    assert archive_bytes(forward) == archive_bytes(backward)
    (tmp_path / "file").write_text("x")
    before = archive_bytes(archive(path=str(tmp_path)))
    os.utime(tmp_path / "file", (1, 1))
    assert archive_bytes(archive(path=str(tmp_path))) == before


def test_a_zip_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("z", "1")
        packed.writestr("a", "2")
    assert archive_bytes(archive(path=str(path))) == path.read_bytes()


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_text("text")
    with pytest.raises(AssetError, match="absent"):
        asset_bytes(asset(path=str(tmp_path / "absent")))
    with pytest.raises(AssetError, match="absent"):
        archive_bytes(archive(path=str(tmp_path / "absent")))
    with pytest.raises(AssetError, match="neither a folder nor a zip"):
        archive_bytes(archive(path=str(tmp_path / "no.zip")))
    with pytest.raises(AssetError, match="not on this machine"):
        asset_bytes(asset(uri="https://example.org/a"))


def test_assets_and_archives_are_told_apart() -> None:
    assert (is_asset(asset(text="")), is_archive(asset(text="")), is_asset("text")) == (True, False, False)
    assert (is_archive(archive(assets={})), is_asset({})) == (True, False)
