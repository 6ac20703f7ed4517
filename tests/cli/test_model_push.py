"""Claims about `leanto models push` and `verify`: what nodes load is what the catalogue pins."""

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest

from catalog.open_models import ModelFile, OpenModel
from catalog.tables import catalogue
from infra.objects import engine_key, model_key
from leanto.artefacts.bucket import Bucket
from leanto.artefacts.huggingface import HUGGING_FACE, Login
from leanto.artefacts.watch import SILENT
from leanto.cli import model_push
from leanto.cli.exits import Exit
from tests.artefacts.stand_ins import Fault, Files, serving
from tests.cli.stand_in_place import POOL_KEY, StandInPlace

FILES = {"model.safetensors": b"weights" * 900, "config.json": b"{}", "tokenizer.json": b"[]"}
REVISION = "a" * 40


def row(name: str, licence: str = "Apache-2.0", contents: dict[str, bytes] = FILES) -> OpenModel:
    files = tuple(ModelFile(each, len(held), hashlib.sha256(held).hexdigest()) for each, held in contents.items())
    return OpenModel(
        name, name, "vllm", Decimal(1), Decimal(1), "AWQ", files, licence, 2048, 1024, "config.json", "verified",
        "spdx", dt.date(2026, 11, 25), f"someone/{name}", REVISION,
    )  # fmt: skip


MODELS = {
    each.id: each
    for each in (row("small"), row("other", contents={"o.gguf": b"other"}), row("gated", "LicenseRef-llama3.1"))
}


@pytest.fixture
def files() -> Iterator[Files]:
    """Serve the model as Hugging Face does."""
    with serving(Files()) as served:
        for name, content in FILES.items():
            served.content[f"/someone/small/resolve/{REVISION}/{name}"] = content
        yield served


@pytest.fixture(autouse=True)
def small_models(deployed: StandInPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of small models, the first of which the stack serves."""
    tables = replace(catalogue(), open_models=MappingProxyType(MODELS))
    monkeypatch.setattr(model_push, "catalogue", lambda: tables)
    path = deployed.root / "Pulumi.gpu.yaml"
    path.write_text(path.read_text() + "  leanto:gpuModel: small\n  leanto:licencesAccepted: []\n")


def keys(place: StandInPlace) -> set[str]:
    return set(Bucket(place.client("s3"), "pool").keys(""))


def key_of(name: str, model: str = "small") -> str:
    (file,) = [file for file in MODELS[model].files if file.name == name]
    return model_key(file.sha256, file.name)


ALL = {key_of(name) for name in FILES}


def test_every_file_of_the_stacks_model_is_put_under_its_own_sha256(leanto, deployed, files: Files) -> None:
    ran = leanto("models", "push", "--stack", "gpu", "--from", files.url)
    assert (ran.code, ran.out) == (0, "")
    assert keys(deployed) == ALL
    held = deployed.client("s3").get_object(Bucket="pool", Key=key_of("model.safetensors"))
    assert held["Body"].read() == FILES["model.safetensors"]
    assert (held["ServerSideEncryption"], held["SSEKMSKeyId"]) == ("aws:kms", POOL_KEY)


def test_pushing_again_fetches_and_sends_nothing(leanto, deployed, files: Files) -> None:
    leanto("models", "push", "--stack", "gpu", "--from", files.url)
    asked = len(files.asked)
    ran = leanto("models", "push", "--stack", "gpu", "--from", files.url)
    assert (ran.code, len(files.asked)) == (0, asked)
    assert ran.err.count("is there already") == len(FILES)


def test_what_is_wrong_in_the_bucket_is_replaced(leanto, deployed, files: Files) -> None:
    deployed.client("s3").put_object(Bucket="pool", Key=key_of("config.json"), Body=b"[]")
    ran = leanto("models", "push", "--stack", "gpu", "--from", files.url)
    assert ran.code == 0
    assert "config.json: what is there was not stored by leanto" in ran.err
    assert leanto("models", "verify", "--stack", "gpu").out.count("missing") == 0


def test_a_cut_connection_goes_on_in_the_next_run(leanto, deployed, files: Files, monkeypatch) -> None:
    monkeypatch.setattr("leanto.artefacts.download.Patience.wait_seconds", lambda *_: 0)
    files.faults = [Fault(cut_after=1000), Fault(status=403)]
    first = leanto("models", "push", "--stack", "gpu", "--from", files.url)
    assert first.code == Exit.PREREQUISITE
    assert keys(deployed) == set()
    assert leanto("models", "push", "--stack", "gpu", "--from", files.url).code == 0
    assert "bytes=1000-" in files.ranges()


def test_wrong_bytes_never_reach_the_bucket(leanto, deployed, files: Files) -> None:
    files.faults = [Fault(content=bytes(len(FILES["model.safetensors"])))]
    ran = leanto("models", "push", "--stack", "gpu", "--from", files.url)
    assert ran.code == Exit.FAILED
    assert "nothing was uploaded" in ran.err
    assert keys(deployed) == set()


def test_a_folder_at_hand_serves_as_well_and_is_held_to_the_same(leanto, deployed, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    assert leanto("models", "push", "--stack", "gpu", "--from", str(folder)).code == 0
    assert keys(deployed) == ALL


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"x", Exit.FAILED, "is 1 bytes, the catalogue says 5"),
        (b"wrong", Exit.FAILED, "has the SHA-256"),
        (None, Exit.PREREQUISITE, "is no file"),
    ],
)
def test_another_file_at_hand_is_refused(leanto, deployed, tmp_path: Path, content, code: Exit, said: str) -> None:
    path = tmp_path / "o.gguf"
    if content is not None:
        path.write_bytes(content)
    ran = leanto("models", "push", "--stack", "gpu", "--model", "other", "--from", str(path))
    assert ran.code == code
    assert said in ran.err
    assert keys(deployed) == set()


def test_one_file_cannot_be_a_model_of_several(leanto, deployed, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(FILES["model.safetensors"])
    assert "must name the folder" in leanto("models", "push", "--stack", "gpu", "--from", str(path)).err


def test_a_restricted_licence_is_accepted_before_anything_is_fetched(leanto, deployed, files: Files) -> None:
    ran = leanto("models", "push", "--stack", "gpu", "--model", "gated", "--from", files.url)
    assert ran.code == Exit.USAGE
    for term in catalogue().licences["LicenseRef-llama3.1"].terms:
        assert term in ran.err
    assert "leanto:licencesAccepted" in ran.err
    assert files.asked == []
    path = deployed.root / "Pulumi.gpu.yaml"
    path.write_text(path.read_text().replace("licencesAccepted: []", "licencesAccepted: [LicenseRef-llama3.1]"))
    files.content = {each.replace("small", "gated"): content for each, content in files.content.items()}
    assert leanto("models", "push", "--stack", "gpu", "--model", "gated", "--from", files.url).code == 0


def test_a_stack_without_a_pool_is_told_what_makes_one(leanto, deployed) -> None:
    deployed.outputs.clear()
    ran = leanto("models", "push", "--stack", "gpu")
    assert ran.code == Exit.PREREQUISITE
    assert "`leanto up --stack gpu`" in ran.err


def test_the_login_is_for_hugging_face_alone() -> None:
    login = Login({"HF_TOKEN": "hf_mine"})
    assert login.headers(f"{HUGGING_FACE}/a/resolve/b/c") == {"Authorization": "Bearer hf_mine"}
    for url in ("https://mirror.example/a", "https://huggingface.co.evil.example/a", "http://huggingface.co/a"):
        assert login.headers(url) == {}


ENGINE = b"archive"
ENGINE_SHA256 = hashlib.sha256(ENGINE).hexdigest()


@pytest.fixture
def complete(leanto, deployed, files: Files, tmp_path: Path) -> StandInPlace:
    """A stack with everything in its bucket."""
    path = deployed.root / "Pulumi.gpu.yaml"
    path.write_text(path.read_text() + f"  leanto:gpuEngineArchiveSha256: {ENGINE_SHA256}\n")
    leanto("models", "push", "--stack", "gpu", "--from", files.url)
    put(deployed, tmp_path, engine_key(ENGINE_SHA256), ENGINE)
    return deployed


def put(place: StandInPlace, folder: Path, key: str, content: bytes) -> None:
    path = folder / "put"
    path.write_bytes(content)
    Bucket(place.client("s3"), "pool").upload(path, key, hashlib.sha256(content).hexdigest(), SILENT)


@pytest.mark.parametrize("read", [(), ("--read",)])
def test_what_is_as_pinned_is_told_so(leanto, complete, read: tuple[str, ...]) -> None:
    ran = leanto("models", "verify", "--stack", "gpu", *read)
    assert (ran.code, ran.out) == (0, "4 objects in pool are as pinned\n")


def test_what_is_missing_is_named_with_what_puts_it_there(leanto, complete) -> None:
    for key in (key_of("config.json"), engine_key(ENGINE_SHA256)):
        complete.client("s3").delete_object(Bucket="pool", Key=key)
    ran = leanto("models", "verify", "--stack", "gpu")
    assert ran.code == Exit.INCOMPLETE
    assert ran.out.splitlines() == [f"{key_of('config.json')} is missing", f"{engine_key(ENGINE_SHA256)} is missing"]
    assert "`leanto models push --stack gpu`" in ran.err
    assert "`leanto engine-image push --stack gpu`" in ran.err


def test_a_missing_pin_is_no_pass(leanto, complete) -> None:
    path = complete.root / "Pulumi.gpu.yaml"
    path.write_text(path.read_text().replace(ENGINE_SHA256, '""'))
    ran = leanto("models", "verify", "--stack", "gpu")
    assert ran.code == Exit.INCOMPLETE
    assert "leanto engine-image pin" in ran.out


def test_only_reading_back_shows_bytes_that_belie_what_is_said_of_them(leanto, complete) -> None:
    """Whoever may write to the bucket can say anything of an object; nodes hash for themselves."""
    config = FILES["config.json"]
    complete.client("s3").put_object(
        Bucket="pool", Key=key_of("config.json"), Body=b"!" * len(config), ChecksumAlgorithm="SHA256",
        Metadata={"sha256": hashlib.sha256(config).hexdigest()}, ServerSideEncryption="aws:kms", SSEKMSKeyId=POOL_KEY,
    )  # fmt: skip
    assert leanto("models", "verify", "--stack", "gpu").code == 0
    ran = leanto("models", "verify", "--stack", "gpu", "--read")
    assert ran.code == Exit.INCOMPLETE
    assert ran.out == f"{key_of('config.json')} holds other bytes than its key says\n"


def test_what_nobody_knows_is_an_alarm_and_what_is_known_is_a_note(leanto, complete, tmp_path: Path) -> None:
    put(complete, tmp_path, key_of("o.gguf", "other"), b"other")
    put(complete, tmp_path, engine_key(hashlib.sha256(b"older").hexdigest()), b"older")
    ran = leanto("models", "verify", "--stack", "gpu")
    assert ran.code == 0
    assert "of other, which this stack does not use" in ran.err
    assert "an engine that this stack does not use" in ran.err
    put(complete, tmp_path, key_of("o.gguf", "other"), b"not the model")
    put(complete, tmp_path, "models/x/y.gguf", b"strange")
    complete.client("s3").put_object(Bucket="pool", Key=f"engines/{'0' * 64}.tar", Body=b"strange")
    ran = leanto("models", "verify", "--stack", "gpu")
    assert ran.code == Exit.FAILED
    assert ran.out.splitlines() == [
        f"{key_of('o.gguf', 'other')} is nothing that leanto knows",
        "models/x/y.gguf is nothing that leanto knows",
        f"engines/{'0' * 64}.tar is nothing that leanto knows",
    ]
