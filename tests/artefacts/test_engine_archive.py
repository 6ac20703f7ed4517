"""Claims about images from a registry: each part is the one that is named, and the archive is always the same bytes."""

import gzip
import hashlib
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from catalog.engine_images import Reference
from leanto.artefacts.docker_archive import read_archive
from leanto.artefacts.engine_archive import kept_archive, make_archive
from leanto.artefacts.errors import ArtefactError, NoRoomError, SourceError, WrongContentError
from leanto.artefacts.registry import Registry
from leanto.artefacts.watch import SILENT
from tests.artefacts.stand_ins import Fault, Files, Waits, digest, put_image, serving

LAYERS = (b"lower" * 3000, b"upper" * 700)


def fast(content: bytes) -> bytes:
    return gzip.compress(content, 1)


def test_the_archive_is_the_same_however_a_registry_packs_its_layers(files: Files, tmp_path: Path) -> None:
    one = make_archive(put_image(files, *LAYERS), tmp_path / "one", SILENT)
    with serving(Files()) as mirror:
        other = make_archive(put_image(mirror, *LAYERS, pack=fast), tmp_path / "two", SILENT)
    with serving(Files()) as plain:
        third = make_archive(put_image(plain, *LAYERS, pack=bytes), tmp_path / "three", SILENT)
    held = [read_archive(each.path) for each in (one, other, third)]
    assert len({each.id for each in held}) == 1
    # Each is named by the digest of its own index; all else is the same.
    bodies = [
        each.path.read_bytes().replace(name.name.encode(), b"")
        for each, name in zip((one, other, third), held, strict=True)
    ]
    assert [body[1024:] for body in bodies] == [bodies[0][1024:]] * 3
    again = make_archive(put_image(files, *LAYERS), tmp_path / "four", SILENT)
    assert (again.sha256, again.bytes) == (one.sha256, one.bytes)
    assert one.sha256 == hashlib.sha256(one.path.read_bytes()).hexdigest()


def test_an_archive_is_made_once_and_its_parts_are_not_kept(files: Files, tmp_path: Path) -> None:
    image = put_image(files, *LAYERS)
    assert kept_archive(image, tmp_path) is None
    made = make_archive(image, tmp_path, SILENT)
    asked = len(files.asked)
    assert make_archive(image, tmp_path, SILENT) == made == kept_archive(image, tmp_path)
    assert len(files.asked) == asked
    assert sorted(each.name for each in (tmp_path / "images").rglob("*") if each.is_file()) == [
        f"{image.digest.removeprefix('sha256:')}.json",
        made.path.name,
    ]
    assert read_archive(made.path).name == image.node_name


def test_a_damaged_archive_in_the_cache_is_made_again(files: Files, tmp_path: Path) -> None:
    image = put_image(files, *LAYERS)
    made = make_archive(image, tmp_path, SILENT)
    made.path.write_bytes(bytes(made.bytes))
    assert make_archive(image, tmp_path, SILENT) == made
    assert hashlib.sha256(made.path.read_bytes()).hexdigest() == made.sha256


def test_a_registry_that_wants_a_token_gives_one_and_takes_it(files: Files, tmp_path: Path) -> None:
    files.token = "anybody"
    make_archive(put_image(files, *LAYERS), tmp_path, SILENT)
    assert files.tokens_given == 1
    (token,) = [path for path, _ in files.asked if path.startswith("/token")]
    assert token == "/token?service=here&scope=repository%3Aa%2Fb%3Apull"


def test_a_token_that_ends_in_between_is_renewed(files: Files, tmp_path: Path) -> None:
    files.token = "first"
    registry = Registry(put_image(files, *LAYERS), SILENT)
    parts = registry.parts()
    files.token = "second"
    registry.fetch(parts.layers[0], tmp_path, "layer")
    assert files.tokens_given == 2


def test_a_registry_that_lets_nobody_in_is_told(files: Files, waits: Waits, tmp_path: Path) -> None:
    image = put_image(files, *LAYERS)
    files.faults = [Fault(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})]
    with pytest.raises(SourceError, match="is not given: 401"):
        make_archive(image, tmp_path, SILENT, waits.patience())


def test_a_token_is_asked_for_by_tls_only(files: Files, waits: Waits, tmp_path: Path) -> None:
    image = put_image(files, *LAYERS)
    files.faults = [Fault(status=401, headers={"WWW-Authenticate": 'Bearer realm="http://token.example/t"'})]
    with pytest.raises(SourceError, match="not https"):
        make_archive(image, tmp_path, SILENT, waits.patience())


def test_layers_go_on_where_they_were_cut_off(files: Files, waits: Waits, tmp_path: Path) -> None:
    image = put_image(files, *LAYERS, pack=bytes)
    files.faults = [Fault(), Fault(), Fault(cut_after=5000)]
    make_archive(image, tmp_path, SILENT, waits.patience())
    assert "bytes=5000-" in files.ranges()


def test_an_interrupted_fetch_keeps_the_layers_that_are_there(files: Files, waits: Waits, tmp_path: Path) -> None:
    image = put_image(files, *LAYERS)
    files.faults = [Fault(), Fault(), Fault(), Fault(status=404)]
    with pytest.raises(SourceError):
        make_archive(image, tmp_path, SILENT, waits.patience())
    before = len(files.asked)
    make_archive(image, tmp_path, SILENT, waits.patience())
    assert len(files.asked) - before == 4  # index, manifest, the second layer, the configuration


@pytest.mark.parametrize("which", ["manifests", "config", "layer"])
def test_a_registry_cannot_give_other_parts_than_those_named(files: Files, tmp_path: Path, which: str) -> None:
    image = put_image(files, *LAYERS)
    paths = list(files.content)
    path = {"manifests": paths[-1], "config": paths[0], "layer": paths[1]}[which]
    files.content[path] = bytes(len(files.content[path]))
    with pytest.raises(WrongContentError):
        make_archive(image, tmp_path, SILENT)
    assert kept_archive(image, tmp_path) is None
    assert not list((tmp_path).rglob("*.tar"))


def test_a_registry_cannot_give_another_image(files: Files, tmp_path: Path) -> None:
    image = put_image(files, *LAYERS)
    other = put_image(files, b"other")
    files.content[f"/v2/a/b/manifests/{image.digest}"] = files.content[f"/v2/a/b/manifests/{other.digest}"]
    with pytest.raises(WrongContentError, match=f"the registry gave {other.digest}"):
        make_archive(image, tmp_path, SILENT)


def test_a_layer_that_unpacks_to_another_than_the_configuration_names_is_refused(files: Files, tmp_path: Path) -> None:
    image = put_image(files, *LAYERS, pack=lambda layer: gzip.compress(layer + b"!"))
    with pytest.raises(WrongContentError, match="its configuration says"):
        make_archive(image, tmp_path, SILENT)


def test_a_layer_that_cannot_be_unpacked_is_refused(files: Files, tmp_path: Path) -> None:
    image = put_image(files, *LAYERS, pack=lambda layer: gzip.compress(layer)[:-20])
    with pytest.raises(WrongContentError, match="cannot be unpacked"):
        make_archive(image, tmp_path, SILENT)


def test_layers_in_zstandard_are_refused_with_their_name(files: Files, tmp_path: Path) -> None:
    image = put_image(files, *LAYERS, pack=lambda layer: b"\x28\xb5\x2f\xfd" + layer)
    with pytest.raises(ArtefactError, match="zstd"):
        make_archive(image, tmp_path, SILENT)


def test_an_image_for_other_processors_only_is_refused(files: Files, tmp_path: Path) -> None:
    image = put_image(files, *LAYERS, platform="arm64")
    with pytest.raises(WrongContentError, match="made for linux/arm64, linux/s390x, unknown/unknown"):
        make_archive(image, tmp_path, SILENT)


def test_an_image_without_an_index_is_taken_as_it_is(files: Files, tmp_path: Path) -> None:
    put_image(files, *LAYERS)
    manifest = next(path for path in files.content if "manifests" in path)
    image = Reference(files.host, "a/b", manifest.rsplit("/", 1)[-1])
    assert read_archive(make_archive(image, tmp_path, SILENT).path).name == image.node_name


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"manifests": [1]}', b'{"config": {"digest": "x", "size": 1}}']
)
def test_manifests_of_something_else_are_refused(files: Files, tmp_path: Path, content: bytes) -> None:
    files.content[f"/v2/a/b/manifests/{digest(content)}"] = content
    with pytest.raises(WrongContentError):
        make_archive(Reference(files.host, "a/b", digest(content)), tmp_path, SILENT)


def test_a_full_disk_is_told_before_a_layer_is_fetched(files: Files, tmp_path: Path, monkeypatch) -> None:
    image = put_image(files, *LAYERS)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    with pytest.raises(NoRoomError, match="LEANTO_CACHE"):
        make_archive(image, tmp_path, SILENT)
    assert not any("blobs" in path for path, _ in files.asked)


def test_a_registry_that_does_not_answer_is_asked_again_and_then_given_up(waits: Waits, tmp_path: Path) -> None:
    with serving(Files()) as gone:
        image = put_image(gone, *LAYERS)
    with pytest.raises(SourceError, match="cannot be reached"):
        make_archive(image, tmp_path, SILENT, waits.patience(tries=3))
    assert len(waits.seconds) == 2


def test_docker_hub_is_asked_at_its_own_address_and_its_own_images_by_their_folder() -> None:
    for name, path in (("vllm/vllm-openai", "vllm/vllm-openai"), ("ubuntu", "library/ubuntu")):
        registry = Registry(Reference("docker.io", name, "sha256:0"), SILENT)
        assert registry._base == f"https://registry-1.docker.io/v2/{path}"
