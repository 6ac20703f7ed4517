"""Claims about the engines' images: how one is named, what nodes call it, and that data which cannot be is refused."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from catalog.engine_images import image_for, reference, same_image
from catalog.engines import ENGINES
from catalog.reading import CatalogueError
from catalog.tables import catalogue, load

HEX = "3e7673cce183a55f97a1bc3c80817f3c61452483c13bc088a6766388af4775fe"


@pytest.mark.parametrize(
    ("text", "host", "name", "tag"),
    [
        (
            f"ghcr.io/ggml-org/llama.cpp:server-cuda-b11206@sha256:{HEX}",
            "ghcr.io",
            "ggml-org/llama.cpp",
            "server-cuda-b11206",
        ),
        (f"ghcr.io/ggml-org/llama.cpp@sha256:{HEX}", "ghcr.io", "ggml-org/llama.cpp", ""),
        (f"vllm/vllm-openai:v0.30.0@sha256:{HEX}", "docker.io", "vllm/vllm-openai", "v0.30.0"),
        (f"localhost:5000/a@sha256:{HEX}", "localhost:5000", "a", ""),
    ],
)
def test_an_image_is_named_by_registry_name_and_digest(text: str, host: str, name: str, tag: str) -> None:
    found = reference(text)
    assert (found.host, found.name, found.tag, found.digest) == (host, name, tag, f"sha256:{HEX}")
    assert reference(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "ghcr.io/ggml-org/llama.cpp:server-cuda",
        f"ghcr.io/a@sha256:{HEX[:-1]}",
        f"ghcr.io/a@sha256:{HEX.upper()}",
        f"ghcr.io/A@sha256:{HEX}",
        f"https://ghcr.io/a@sha256:{HEX}",
        f"ghcr.io/../a@sha256:{HEX}",
        f"user:secret@ghcr.io/a@sha256:{HEX}",
        f"ghcr.io/a@md5:{HEX}",
        f"ghcr.io/a@sha256:{HEX}\n",
        "",
    ],
)
def test_what_can_be_moved_or_is_no_image_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no image by its digest"):
        reference(text)


def test_nodes_know_an_image_by_its_digest_alone() -> None:
    one, other = reference(f"ghcr.io/a:x@sha256:{HEX}"), reference(f"mirror.example/b@sha256:{HEX}")
    assert one.node_name == other.node_name == f"leanto-engine:{HEX}"


def test_each_engine_has_an_image_and_a_driver_for_its_cuda() -> None:
    """CUDA 13 needs a driver of 580 or later, CUDA 12 one of 525: docs.nvidia.com/deploy/cuda-compatibility."""
    images = catalogue().engine_images.values()
    assert {image_for(engine, images).engine for engine in ENGINES} == set(ENGINES)
    assert {(row.cuda, row.driver) for row in images} <= {(12, 525), (13, 580)}
    for row in images:
        assert same_image(row.image.split(":", 1)[0] + "@" + row.image.split("@")[1], images) is row


WRONG = {
    "a tag alone": ("b11206@sha256:", "b11206-sha256:", "it must be HOST/NAME"),
    "no engine": ('engine = "vllm"', 'engine = "tgi"', "engine must be one of"),
    "no driver": ("driver = 580", "driver = 0", "above zero"),
    "half a checksum": ("cuda = 13", 'cuda = 13\narchive_sha256 = "abc"', "archive_sha256 must be"),
    "an engine without an image": ('engine = "vllm"', 'engine = "llama.cpp"', "no image serves it"),
}


@pytest.mark.parametrize(("before", "after", "message"), WRONG.values(), ids=WRONG)
def test_wrong_rows_are_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    folder = tmp_path / "data"
    shutil.copytree(str(files("catalog") / "data"), folder)
    path = folder / "engines.toml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(CatalogueError, match=message):
        load(folder)
