"""`leanto models push` and `verify`: the model's files in the bucket of the pool, each known to the byte."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from catalog.open_models import Licence, ModelFile, OpenModel
from catalog.rows import Catalogue
from catalog.tables import catalogue
from infra.objects import ENGINES, MODELS, engine_key, model_key
from leanto.artefacts.bucket import Bucket
from leanto.artefacts.huggingface import HUGGING_FACE, fetch_file, file_at_hand, is_url
from leanto.artefacts.watch import Watch
from leanto.cli import options, screen
from leanto.cli.exits import CommandError, Exit
from leanto.cli.model_names import known_model
from leanto.cli.place import Place
from leanto.cli.pool_bucket import pool_bucket
from leanto.cli.project import configuration
from leanto.cli.transfer import watching
from leanto.engine.cache import root as cache_root


@click.command()
@options.place
@click.option("--model", "name", metavar="MODEL", help="A model of the catalogue.  [default: the stack's]")
@click.option(
    "--from",
    "source",
    metavar="FILE|FOLDER|URL",
    help="The file, the folder it lies in, or a mirror of Hugging Face.  [default: https://huggingface.co]",
)
def push(
    stack: str, embedded: bool, box_home: Path | None, state: str | None, name: str | None, source: str | None
) -> None:
    """Put the stack's model into its bucket, from where nodes load it.

    The pinned revision is fetched from Hugging Face into LEANTO_CACHE (a download goes on where it was cut off), held
    to its size and SHA-256, and uploaded encrypted with the stack's key. What is there already is left as it is.
    HF_TOKEN is used where a model needs a login.
    """
    place = options.open_place(stack, embedded, box_home, state, start=False)
    tables, values = catalogue(), configuration(place.root, place.stack, place.overlay)
    model = known_model(name or values["leanto:gpuModel"], tables)
    if model.for_tests and source is None:
        raise CommandError(f"{model.id} is for demos and tests: stacks in the box have it, others need --from")
    hold_licence(tables.licences[model.licence], json.loads(values["leanto:licencesAccepted"]))
    bucket = pool_bucket(place)
    with watching() as watch:
        for file in model.files:
            push_file(bucket, model, file, source, watch)
    screen.say(f"{model.id} is in {bucket.name}; nodes that start from now on find it there")


def push_file(bucket: Bucket, model: OpenModel, file: ModelFile, source: str | None, watch: Watch) -> None:
    """Put one file into the bucket, unless it is there as it should be."""
    key = model_key(file.sha256, file.name)
    there = bucket.stored(key)
    if there is not None:
        wrong = list(there.problems(file.bytes, file.sha256, bucket.kms_key))
        if not wrong:
            watch.say(f"{file.name}: is there already, {file.bytes} bytes, the same SHA-256")
            return
        watch.say(f"{file.name}: what is there {', '.join(wrong)}; it is replaced")
    if source is not None and not is_url(source):
        path = file_at_hand(Path(source), model, file, watch)
    else:
        folder = cache_root(os.environ)
        path = fetch_file(model, file, source or HUGGING_FACE, folder, os.environ, watch)
        watch.say(f"{file.name}: fetched and checked; it is kept in {path.parent}")
    bucket.upload(path, key, file.sha256, watch)
    watch.say(f"{file.name}: uploaded to s3://{bucket.name}/{key}")


def hold_licence(licence: Licence, accepted: list[str]) -> None:
    """Refuse a model whose restricted licence nobody has accepted, with what the licence asks for."""
    if not licence.restricted or licence.id in accepted:
        return
    terms = "\n".join(f"  - {term}" for term in licence.terms)
    raise CommandError(
        f"the model is under {licence.title}, which has terms that somebody must accept:\n{terms}\n"
        f"Read it ({licence.url}), then add {licence.id} to leanto:licencesAccepted of the stack."
    )


@click.command()
@options.place
@click.option("--read", is_flag=True, help="Read every byte back and hash it, which S3 bills like any download.")
def verify(stack: str, embedded: bool, box_home: Path | None, state: str | None, read: bool) -> None:
    """Hold what is in the bucket to what is pinned: the model's files and the engine's archive.

    Ends with 2 when something is missing or wrong, and with 1 when something lies there that nobody knows.
    """
    place = options.open_place(stack, embedded, box_home, state, start=False)
    tables, values = catalogue(), configuration(place.root, place.stack, place.overlay)
    bucket = pool_bucket(place)
    model = known_model(values["leanto:gpuModel"], tables)
    wanted = {model_key(file.sha256, file.name): (file.bytes, file.sha256) for file in model.files}
    archive = values.get("leanto:gpuEngineArchiveSha256", "")
    held = {**wanted, **({engine_key(archive): (None, archive)} if archive else {})}
    with watching() as watch:
        wrong = list(_wrong(bucket, held, watch, read=read))
    unknown = list(_others(bucket, held, tables))
    for line in (*wrong, *unknown):
        screen.result(line)
    if not archive:
        screen.result(f"leanto:gpuEngineArchiveSha256 names no archive; `leanto engine-image pin --stack {stack}` does")
    _end(place, bool(wrong) or not archive, bool(unknown))
    screen.result(f"{len(held)} objects in {bucket.name} are as pinned")


def _wrong(bucket: Bucket, held: Mapping[str, tuple[int | None, str]], watch: Watch, *, read: bool) -> Iterator[str]:
    for key, (size, digest) in held.items():
        there = bucket.stored(key)
        if there is None:
            yield f"{key} is missing"
            continue
        found = [f"{key} {problem}" for problem in there.problems(size, digest, bucket.kms_key)]
        if read and not found and bucket.read_sha256(key, watch) != digest:
            found.append(f"{key} holds other bytes than its key says")
        yield from found


def _others(bucket: Bucket, held: Mapping[str, object], tables: Catalogue) -> Iterator[str]:
    """Yield what lies beside; models of the catalogue and earlier engines are told, but nothing is wrong with them."""
    known = {model_key(file.sha256, file.name): row.id for row in tables.open_models.values() for file in row.files}
    for key in (*bucket.keys(MODELS), *bucket.keys(ENGINES)):
        if key in held:
            continue
        there = bucket.stored(key)
        if there is not None and there.sha256 and key == engine_key(there.sha256):
            screen.say(f"{key}: an engine that this stack does not use ({there.bytes >> 20} MiB)")
        elif there is not None and key in known and there.sha256 == key.split("/")[1]:
            screen.say(f"{key}: of {known[key]}, which this stack does not use ({there.bytes >> 20} MiB)")
        else:
            yield f"{key} is nothing that leanto knows"
    for key in (*bucket.unfinished(MODELS), *bucket.unfinished(ENGINES)):
        screen.say(f"{key}: an upload is under way, or was cut off; S3 deletes its parts within a week")


def _end(place: Place, wrong: bool, unknown: bool) -> None:
    if wrong:
        push_both = f"`leanto models push {place.options}` and `leanto engine-image push {place.options}`"
        raise CommandError(
            f"not everything is in the bucket as it is pinned: {push_both} put it there", Exit.INCOMPLETE
        )
    if unknown:
        raise CommandError("the bucket holds what leanto did not put there; look who did, then delete it", Exit.FAILED)
