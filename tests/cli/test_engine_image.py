"""Claims about `leanto engine-image pin` and `push`: the stack file names it to the byte, and nodes get that one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from catalog.engine_images import Reference
from catalog.tables import catalogue
from infra.objects import engine_key
from leanto.artefacts.bucket import Bucket
from leanto.artefacts.docker_archive import read_archive
from leanto.cli import engine_image
from leanto.cli.engine_image import ARCHIVE, IMAGE, pin_what_is_known
from leanto.cli.exits import Exit
from leanto.embedded.instances.image import stand_in_image
from tests.artefacts.stand_ins import Files, put_image, serving
from tests.cli.stand_in_place import StandInPlace

LAYERS = (b"lower" * 300, b"upper" * 70)


@pytest.fixture
def files() -> Iterator[Files]:
    with serving(Files()) as served:
        yield served


@pytest.fixture
def image(files: Files, monkeypatch: pytest.MonkeyPatch) -> Reference:
    """An image of llama.cpp in a registry, which the catalogue knows."""
    made = put_image(files, *LAYERS)
    know(monkeypatch, made)
    return made


def know(monkeypatch: pytest.MonkeyPatch, image: Reference, archive: str = "") -> None:
    """Have the catalogue know an image of llama.cpp, and none of vLLM."""
    (row, *_) = catalogue().engine_images.values()
    row = replace(row, engine="llama.cpp", image=str(image), archive_sha256=archive)
    tables = replace(catalogue(), engine_images=MappingProxyType({row.image: row}))
    monkeypatch.setattr(engine_image, "catalogue", lambda: tables)


@pytest.fixture
def stack(deployed: StandInPlace) -> StandInPlace:
    path = deployed.root / "Pulumi.gpu.yaml"
    path.write_text(path.read_text() + "  leanto:gpuEngine: llama.cpp\n")
    return deployed


def pins(place: StandInPlace) -> tuple[Any, Any]:
    values = yaml.safe_load((place.root / "Pulumi.gpu.yaml").read_text())["config"]
    return values.get(IMAGE), values.get(ARCHIVE)


def test_pinning_writes_the_catalogues_image_and_its_archive(leanto, stack, image: Reference, tmp_path: Path) -> None:
    ran = leanto("engine-image", "pin", "--stack", "gpu")
    assert ran.code == 0
    assert pins(stack) == (str(image), ran.out.strip())
    assert "CUDA 12, needs an NVIDIA driver of 525 or later" in ran.err
    assert "# the preset gpu" in (stack.root / "Pulumi.gpu.yaml").read_text()
    (archive,) = (tmp_path / "cache" / "images").glob("*.tar")
    assert read_archive(archive).name == image.node_name
    assert f"{archive.stat().st_size} bytes" in ran.err
    assert "are so already" in leanto("engine-image", "pin", "--stack", "gpu").err


def test_pushing_puts_the_pinned_archive_under_its_sha256_and_once(leanto, stack, image, files: Files) -> None:
    leanto("engine-image", "pin", "--stack", "gpu")
    key = engine_key(pins(stack)[1])
    assert leanto("engine-image", "push", "--stack", "gpu").code == 0
    bucket = Bucket(stack.client("s3"), "pool")
    assert list(bucket.stored(key).problems(None, pins(stack)[1], bucket.kms_key)) == []
    asked = len(files.asked)
    ran = leanto("engine-image", "push", "--stack", "gpu")
    assert (ran.code, len(files.asked)) == (0, asked)
    assert "is there already" in ran.err


def test_another_machine_makes_the_pinned_archive_anew(leanto, stack, image, tmp_path: Path, monkeypatch) -> None:
    leanto("engine-image", "pin", "--stack", "gpu")
    monkeypatch.setenv("LEANTO_CACHE", str(tmp_path / "elsewhere"))
    assert leanto("engine-image", "push", "--stack", "gpu").code == 0
    assert set(Bucket(stack.client("s3"), "pool").keys("")) == {engine_key(pins(stack)[1])}


def test_an_archive_that_is_not_the_pinned_one_is_not_uploaded(leanto, stack, image) -> None:
    leanto("engine-image", "pin", "--stack", "gpu")
    path = stack.root / "Pulumi.gpu.yaml"
    path.write_text(path.read_text().replace(pins(stack)[1], "ab" * 32))
    ran = leanto("engine-image", "push", "--stack", "gpu")
    assert ran.code == Exit.FAILED
    assert f"{ARCHIVE} pins {'ab' * 32}; nothing was uploaded" in ran.err
    assert list(Bucket(stack.client("s3"), "pool").keys("")) == []


def test_an_archive_that_the_catalogue_knows_otherwise_is_not_pinned(leanto, stack, image, monkeypatch) -> None:
    know(monkeypatch, image, "ab" * 32)
    ran = leanto("engine-image", "pin", "--stack", "gpu")
    assert ran.code == Exit.FAILED
    assert f"the catalogue says {'ab' * 32}" in ran.err
    assert pins(stack) == (None, None)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("ghcr.io/ggml-org/llama.cpp:server-cuda", "names no image by its digest"),
        (f"ghcr.io/a@sha256:{'a' * 63}", "names no image by its digest"),
    ],
)
def test_a_tag_alone_is_never_pinned(leanto, stack, named: str, said: str) -> None:
    ran = leanto("engine-image", "pin", "--stack", "gpu", "--image", named)
    assert ran.code == Exit.USAGE
    assert said in ran.err
    assert pins(stack) == (None, None)


def test_an_engine_that_the_catalogue_has_no_image_of_needs_one_named(leanto, stack, image, files: Files) -> None:
    path = stack.root / "Pulumi.gpu.yaml"
    path.write_text(path.read_text().replace("gpuEngine: llama.cpp", "gpuEngine: vllm"))
    ran = leanto("engine-image", "pin", "--stack", "gpu")
    assert ran.code == Exit.USAGE
    assert "--image NAME@sha256:" in ran.err
    assert "is an image of llama.cpp" in leanto("engine-image", "pin", "--stack", "gpu", "--image", str(image)).err
    own = put_image(files, b"vllm")
    assert leanto("engine-image", "pin", "--stack", "gpu", "--image", str(own)).code == 0
    assert pins(stack)[0] == str(own)


def test_a_stack_without_pins_is_told_the_command_that_writes_them(leanto, stack) -> None:
    ran = leanto("engine-image", "push", "--stack", "gpu")
    assert ran.code == Exit.USAGE
    assert "`leanto engine-image pin --stack gpu`" in ran.err


def test_up_pins_only_what_needs_no_download(leanto, stack, image, files: Files, monkeypatch) -> None:
    values = {"leanto:gpuEngine": "llama.cpp"}
    pin_what_is_known(stack.root, "gpu", values)
    assert (pins(stack), files.asked) == ((None, None), [])
    know(monkeypatch, image, "ab" * 32)
    pin_what_is_known(stack.root, "gpu", values)
    assert (pins(stack), files.asked) == ((str(image), "ab" * 32), [])


def test_up_takes_the_archive_that_was_made_before(leanto, stack, image) -> None:
    made = leanto("engine-image", "pin", "--stack", "gpu").out.strip()
    leanto("new", "team", "--preset", "gpu")
    path = stack.root / "Pulumi.gpu.yaml"
    path.write_text(path.read_text().replace(f"  {ARCHIVE}: {made}\n", ""))
    pin_what_is_known(stack.root, "gpu", {"leanto:gpuEngine": "llama.cpp", IMAGE: str(image)})
    assert pins(stack) == (str(image), made)


def test_up_leaves_pins_alone_that_are_there(leanto, stack, image, monkeypatch) -> None:
    know(monkeypatch, image, "ab" * 32)
    before = (stack.root / "Pulumi.gpu.yaml").read_text()
    other = f"ghcr.io/mine@sha256:{'c' * 64}"
    pin_what_is_known(stack.root, "gpu", {"leanto:gpuEngine": "llama.cpp", IMAGE: other, ARCHIVE: "d" * 64})
    pin_what_is_known(stack.root, "gpu", {"leanto:gpuEngine": "llama.cpp", IMAGE: other})
    pin_what_is_known(stack.root, "gpu", {"leanto:gpuEngine": "llama.cpp", IMAGE: str(image), ARCHIVE: "d" * 64})
    assert (stack.root / "Pulumi.gpu.yaml").read_text() == before


def test_a_malformed_pin_is_told_and_never_an_error_of_ours(leanto, stack) -> None:
    pin_what_is_known(stack.root, "gpu", {"leanto:gpuEngine": "llama.cpp", IMAGE: "ghcr.io/a:latest"})
    path = stack.root / "Pulumi.gpu.yaml"
    path.write_text(path.read_text() + f"  {IMAGE}: ghcr.io/a:latest\n  {ARCHIVE}: {'a' * 64}\n")
    ran = leanto("engine-image", "push", "--stack", "gpu")
    assert ran.code == Exit.USAGE
    assert "names no image by its digest" in ran.err


def test_the_box_has_its_own_image_at_hand(leanto, stack) -> None:
    stack.overlay = stand_in_image().settings
    assert leanto("engine-image", "push", "--stack", "gpu", "--embedded").code == 0
    assert set(Bucket(stack.client("s3"), "pool").keys("")) == {engine_key(stand_in_image().sha256)}
