"""Claims about archives for `docker load`: same bytes for the same image, and every digest checked."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from catalog.engine_images import reference
from leanto.artefacts.docker_archive import ArchiveWriter, _header, read_archive
from leanto.artefacts.errors import WrongContentError
from leanto.embedded.instances.image import ENTRYPOINT, PROGRAM, PROGRAM_LABEL, stand_in_image

LAYERS = (b"lower" * 300, b"upper" * 7)


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def config_of(*layers: bytes) -> bytes:
    return json.dumps(
        {"config": {}, "rootfs": {"type": "layers", "diff_ids": [digest(each) for each in layers]}}
    ).encode()


def archive_of(*layers: bytes, chunk: int = 1 << 20) -> bytes:
    file = io.BytesIO()
    writer = ArchiveWriter(file, "leanto-engine:1", config_of(*layers))
    for each in layers:
        writer.add_layer(digest(each), [each[at : at + chunk] for at in range(0, len(each), chunk)])
    writer.close()
    return file.getvalue()


def test_the_same_image_is_the_same_archive_whatever_pieces_it_came_in() -> None:
    assert archive_of(*LAYERS) == archive_of(*LAYERS, chunk=100)


def test_an_archive_holds_what_docker_load_reads_and_nothing_of_the_machine() -> None:
    """The form of `docker save`: https://github.com/moby/moby/blob/master/image/tarexport/load.go."""
    with tarfile.open(fileobj=io.BytesIO(archive_of(*LAYERS))) as archive:
        names = archive.getnames()
        (entry,) = json.loads(archive.extractfile("manifest.json").read())
        assert entry["RepoTags"] == ["leanto-engine:1"]
        assert names == ["manifest.json", entry["Config"], *entry["Layers"]]
        assert [archive.extractfile(name).read() for name in entry["Layers"]] == list(LAYERS)
        assert archive.extractfile(entry["Config"]).read() == config_of(*LAYERS)
        assert {(each.mtime, each.uid, each.gid, each.uname, each.mode) for each in archive} == {(0, 0, 0, "", 0o644)}


def test_a_layer_that_an_image_has_twice_is_in_the_archive_once() -> None:
    with tarfile.open(fileobj=io.BytesIO(archive_of(LAYERS[0], LAYERS[1], LAYERS[0]))) as archive:
        (entry,) = json.loads(archive.extractfile("manifest.json").read())
        assert entry["Layers"][0] == entry["Layers"][2]
        assert len(archive.getnames()) == 4


def test_a_layer_above_eight_gibibytes_still_has_one_block_before_it() -> None:
    assert len(_header("a" * 68, 9 << 30)) == 512
    assert tarfile.TarInfo.frombuf(_header("a", 9 << 30), "utf-8", "strict").size == 9 << 30


def test_a_layer_that_is_not_the_one_named_is_refused() -> None:
    writer = ArchiveWriter(io.BytesIO(), "a:1", config_of(*LAYERS))
    with pytest.raises(WrongContentError, match="its configuration says"):
        writer.add_layer(digest(LAYERS[0]), [b"other"])


def test_an_archive_without_all_its_layers_is_never_ended() -> None:
    writer = ArchiveWriter(io.BytesIO(), "a:1", config_of(*LAYERS))
    writer.add_layer(digest(LAYERS[0]), [LAYERS[0]])
    with pytest.raises(WrongContentError, match=f"lacks the layer {digest(LAYERS[1])}"):
        writer.close()


@pytest.mark.parametrize(
    "config", [b"", b"{}", b'{"rootfs": {"diff_ids": []}}', b'{"rootfs": {"diff_ids": ["md5:1"]}}']
)
def test_a_configuration_without_layers_is_refused(config: bytes) -> None:
    with pytest.raises(WrongContentError, match="configuration"):
        ArchiveWriter(io.BytesIO(), "a:1", config)


@pytest.mark.parametrize("spoil", ["layer", "cut", "text"])
def test_a_spoilt_archive_is_refused(tmp_path: Path, spoil: str) -> None:
    whole = archive_of(*LAYERS)
    path = tmp_path / "a.tar"
    path.write_bytes({"layer": whole.replace(b"upper", b"UPPER"), "cut": whole[:2000], "text": b"no archive"}[spoil])
    with pytest.raises(WrongContentError):
        read_archive(path)


def test_the_stand_in_says_which_program_it_starts_and_is_pinned_by_what_it_is(tmp_path: Path) -> None:
    image = stand_in_image()
    path = tmp_path / "a.tar"
    path.write_bytes(image.archive)
    read = read_archive(path)
    assert (read.name, read.id) == (image.reference.node_name, image.reference.digest)
    assert (read.entrypoint, read.labels) == ((ENTRYPOINT,), {PROGRAM_LABEL: PROGRAM})
    assert image.sha256 == hashlib.sha256(image.archive).hexdigest()
    assert reference(str(image.reference)) == image.reference
