"""The box's docker loads whole archives only, and starts nothing but what the box knows."""

import asyncio
import io
import os
import tarfile
from pathlib import Path

import pytest

from leanto.embedded.instances.containers import Docker
from leanto.embedded.instances.image import stand_in_image
from leanto.embedded.instances.reply import Reply


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "engine.tar"
    path.write_bytes(stand_in_image().archive)
    return path


def changed(archive: Path, change) -> Path:
    """Return an archive with the content of members changed by `change(name, content)`."""
    target = archive.with_name("changed.tar")
    with tarfile.open(archive) as source, tarfile.open(target, "w") as written:
        for member in source:
            file = source.extractfile(member)
            content = change(member.name, file.read() if file else b"")
            member.size = len(content)
            written.addfile(member, io.BytesIO(content))
    return target


def docker(*commands: tuple[str, ...]) -> Reply:
    """Run commands of one docker and return the last answer."""
    one = Docker()

    async def run() -> Reply:
        replies = [await one.command(command, os.getpid()) for command in commands]
        return replies[-1]

    return asyncio.run(run())


def load(path: Path) -> tuple[str, ...]:
    return ("load", "--quiet", "--input", str(path))


def name_in(reply: Reply) -> str:
    return reply.stdout.partition(": ")[2]


def test_an_archive_is_loaded_and_inspected_by_its_name(archive: Path) -> None:
    loaded = docker(load(archive))
    assert loaded.status == 0
    found = docker(load(archive), ("image", "inspect", "--format", "{{.Id}}", name_in(loaded)))
    assert (found.stdout, found.status) == (f"sha256:{stand_in_image().reference.digest.removeprefix('sha256:')}", 0)


def test_a_container_becomes_the_engine_with_its_mounts_where_they_are(archive: Path) -> None:
    name = name_in(docker(load(archive)))
    options = ("--rm", "--name", "e", "--network", "host", "--read-only", "--env", "HOME=/tmp", "--gpus", "all")
    mount = ("--mount", "type=bind,source=/somewhere/data/model,target=/models,readonly")
    run = docker(load(archive), ("run", *options, *mount, name, "--model", "/models/m.gguf", "--alias", "/modelsx"))
    assert run.become[-4:] == ("--model", "/somewhere/data/model/m.gguf", "--alias", "/modelsx")
    assert run.become[2].endswith("llama_server.py")
    assert run.variables == {"HOME": "/tmp"}


@pytest.mark.parametrize("cut", [0, 100, 2000])
def test_a_cut_archive_is_refused(archive: Path, cut: int) -> None:
    archive.write_bytes(archive.read_bytes()[:cut])
    assert docker(load(archive)).status == 1


def test_a_configuration_or_layer_with_another_hash_is_refused(archive: Path) -> None:
    other_config = changed(archive, lambda _, content: content.replace(b"amd64", b"arm64"))
    assert "configuration" in docker(load(other_config)).stderr
    other_layer = changed(archive, lambda _, content: b"\1" + content[1:] if not content.strip(b"\0") else content)
    assert "layer" in docker(load(other_layer)).stderr


def test_an_image_that_is_not_loaded_is_not_pulled() -> None:
    assert docker(("run", "--rm", "ubuntu", "true")).status == 125
    assert docker(("image", "inspect", "ubuntu")).status == 1
    assert docker(("pull", "ubuntu")).status == 125


@pytest.mark.parametrize("program", ["", "os", "leanto.embedded.instances.nothing"])
def test_an_image_cannot_name_any_program_of_this_machine(archive: Path, program: str, monkeypatch) -> None:
    stand_in_image.cache_clear()
    monkeypatch.setattr("leanto.embedded.instances.image.PROGRAM", program)
    archive.write_bytes(stand_in_image().archive)
    stand_in_image.cache_clear()
    name = name_in(docker(load(archive)))
    assert docker(load(archive), ("run", name)).status == 127
