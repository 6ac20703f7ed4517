"""`leanto engine-image pin|push`: the image that serves the model, pinned by digest, loaded from the bucket."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from catalog.engine_images import EngineImage, Reference, image_for, reference, same_image
from catalog.tables import catalogue
from infra.objects import engine_key
from leanto.artefacts.engine_archive import EngineArchive, kept_archive, make_archive
from leanto.artefacts.errors import WrongContentError
from leanto.artefacts.watch import Watch
from leanto.cli import options, screen
from leanto.cli.exits import CommandError
from leanto.cli.pool_bucket import pool_bucket
from leanto.cli.project import configuration, find_root
from leanto.cli.stackfile import with_value
from leanto.cli.transfer import watching
from leanto.embedded.instances.image import stand_in_image
from leanto.engine.cache import root as cache_root

IMAGE, ARCHIVE, ENGINE = "leanto:gpuEngineImage", "leanto:gpuEngineArchiveSha256", "leanto:gpuEngine"


@click.group(name="engine-image")
def command() -> None:
    """Pin the container image that serves the model, and put it where nodes load it from.

    The engine here is llama.cpp or vLLM; the one of Pulumi is `leanto engine`.
    """


@command.command(name="pin")
@options.stack
@click.option("--image", "named", metavar="NAME@sha256:...", help="An image by its digest.  [default: the catalogue's]")
def pin_command(stack: str, named: str | None) -> None:
    """Write an image and the SHA-256 of its archive into Pulumi.STACK.yaml.

    The image is fetched from its registry by digest, each part held to the digest that names it, and made into an
    archive that is the same on every machine. It is kept in LEANTO_CACHE for `leanto engine-image push`.
    """
    root = find_root()
    values = configuration(root, stack, {})
    image = choose(named, values[ENGINE])
    with watching() as watch:
        archive = made(image, watch)
    write(root, stack, {IMAGE: str(image), ARCHIVE: archive.sha256})
    screen.say(
        f"{archive.path}: {archive.bytes} bytes; `leanto engine-image push --stack {stack}` puts it into the bucket"
    )
    screen.result(archive.sha256)


@command.command(name="push")
@options.place
def push_command(stack: str, embedded: bool, box_home: Path | None, state: str | None) -> None:
    """Put the archive of the stack's image into its bucket; what is there already is left as it is."""
    place = options.open_place(stack, embedded, box_home, state, start=False)
    values = configuration(place.root, place.stack, place.overlay)
    pinned = values.get(ARCHIVE, "")
    if not pinned or not values.get(IMAGE):
        raise CommandError(
            f"stack {stack!r} pins no image of its engine; `leanto engine-image pin --stack {stack}` does"
        )
    image, bucket, key = _read(values[IMAGE], IMAGE), pool_bucket(place), engine_key(pinned)
    with watching() as watch:
        there = bucket.stored(key)
        if there is not None and not list(there.problems(None, pinned, bucket.kms_key)):
            screen.say(f"{key}: is there already, {there.bytes} bytes, the same SHA-256")
            return
        archive = made(image, watch)
        if archive.sha256 != pinned:
            raise WrongContentError(
                f"the archive of {image} has the SHA-256 {archive.sha256}, {ARCHIVE} pins {pinned}; nothing was "
                f"uploaded. `leanto engine-image pin --stack {stack} --image {image}` pins this one"
            )
        bucket.upload(archive.path, key, pinned, watch)
    screen.say(f"{key}: uploaded to {bucket.name}; nodes that start from now on load it")


def choose(named: str | None, engine: str) -> Reference:
    """Return the image that is named, else the catalogue's for an engine. Raises CommandError."""
    images = catalogue().engine_images.values()
    if named is None:
        row = image_for(engine, images)
        if row is None:
            raise CommandError(f"the catalogue knows no image of {engine}; name one with --image NAME@sha256:...")
        tell(row)
        return reference(row.image)
    image = _read(named, "--image")
    row = same_image(str(image), images)
    if row is not None and row.engine != engine:
        raise CommandError(f"--image: {image} is an image of {row.engine}, the stack's {ENGINE} is {engine}")
    return image


def _read(text: str, where: str) -> Reference:
    try:
        return reference(text)
    except ValueError as error:
        raise CommandError(f"{where}: {error}; a tag can be moved, and is never resolved here") from error


def tell(row: EngineImage) -> None:
    """Say what is known of an image."""
    screen.say(f"{row.engine} {row.version}: CUDA {row.cuda}, needs an NVIDIA driver of {row.driver} or later")


def made(image: Reference, watch: Watch) -> EngineArchive:
    """Return the archive of an image; raises WrongContentError when it is not the one that the catalogue knows."""
    cache = cache_root(os.environ)
    stand_in = stand_in_image()
    if image == stand_in.reference:
        path = cache / "images" / "stand-in.tar"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stand_in.archive)
        return EngineArchive(path, stand_in.sha256, len(stand_in.archive))
    archive = make_archive(image, cache, watch)
    row = same_image(str(image), catalogue().engine_images.values())
    if row is not None and row.archive_sha256 not in {"", archive.sha256}:
        raise WrongContentError(
            f"the archive of {image} has the SHA-256 {archive.sha256}, the catalogue says {row.archive_sha256}"
        )
    return archive


def write(root: Path, stack: str, pins: Mapping[str, str]) -> None:
    """Write pins into the stack file; what stands there already is left as it is."""
    path = root / f"Pulumi.{stack}.yaml"
    before = after = path.read_text(encoding="utf-8")
    for key, value in pins.items():
        after = with_value(after, key, value)
    if after == before:
        screen.say(f"{path.name}: {', '.join(pins)} are so already")
        return
    path.write_text(after, encoding="utf-8")
    for key, value in pins.items():
        screen.say(f"{path.name}: {key} is now {value}")


def pin_what_is_known(root: Path, stack: str, values: Mapping[str, str]) -> None:
    """Write the pins of the engine that need no download: the catalogue's, or those of an archive made before."""
    images = catalogue().engine_images.values()
    row = image_for(values[ENGINE], images)
    try:
        image = reference(values.get(IMAGE) or (row.image if row else ""))
    except ValueError:
        return  # the settings' own checks tell it
    row = same_image(str(image), images)
    kept = kept_archive(image, cache_root(os.environ))
    known = (row.archive_sha256 if row else "") or (kept.sha256 if kept else "")
    if known and not values.get(ARCHIVE):
        write(root, stack, {IMAGE: str(image), ARCHIVE: known})
