"""Models come in formats that hold numbers only, and no code of theirs is run."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from policies.gateway_config import CARRIERS, OBJECT, documents, variables
from policies.reading import Block, Value
from policies.rule import ALWAYS, NotApplicable, Outcome, Problem, Rule, Severity, each
from policies.served_models import SOURCES, Served, files_of, in_texts, of_documents, scripts
from policies.stack import Item, Settings

SAFE = frozenset({".gguf", ".safetensors"})
TEXTS = frozenset({".json", ".jinja", ".md", ".txt"})
"""What lies beside the weights: configuration, vocabulary, templates."""
UNSAFE = "the model is not a file of the formats GGUF or safetensors"
PICKLED = frozenset(
    {".bin", ".ckpt", ".dill", ".joblib", ".pickle", ".pkl", ".pt", ".pt2", ".pth", ".npy", ".h5", ".keras"}
)
"""Formats that can hold code which runs when the file is read."""
TRUSTED = re.compile(
    r"--trust[-_]remote[-_]code\b(?!\s*[= ]\s*(?:false|0|no)\b)|\btrust_remote_code\s*=\s*(?:true|1)\b", re.IGNORECASE
)
TRUSTING_NAME = re.compile(r"TRUST_REMOTE_CODE$")
MODEL_FILE = re.compile(r"(?:pytorch_model|model|adapter_model|consolidated)[\w.-]*\.(?:bin|ckpt|pickle|pkl|pt|pth)\b")


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each model, at files put into buckets, and at switches that let a model bring code."""
    del settings
    if item.type == OBJECT:
        yield from _object(item)
    found = documents(item) if item.type in CARRIERS else ()
    models = (*of_documents(item, found), *in_texts(item))
    switches = tuple(row for row in _variables(item) if TRUSTING_NAME.search(row[0]))
    texts = scripts(item)
    if not models and not switches and not texts and item.type != OBJECT:
        raise NotApplicable("it names no model that the stack serves itself")
    yield from each(models, _model)
    yield from each(switches, _switch)
    yield from each(texts, _script)


def _variables(item: Item) -> tuple[tuple[str, Value], ...]:
    return tuple((row.name, row.value) for row in variables(item)) if item.type in CARRIERS else ()


def _object(item: Item) -> Iterator[Outcome]:
    key = item.props.text("key").lower()
    if PurePosixPath(key).suffix in PICKLED or MODEL_FILE.search(key):
        yield Problem("key", "the file is of a format that runs code when it is read")


def _model(model: Served) -> Iterator[Outcome]:
    manifest = model.manifest
    if manifest is None:
        if _suffix(model.file) in PICKLED:
            yield Problem(model.path, UNSAFE)
        return
    yield from each(files_of(manifest), _file)
    if not any(_suffix(_name(value.block())) in SAFE for value in files_of(manifest)):
        yield Problem(manifest.at("file"), UNSAFE)
    if manifest.flag("trust_remote_code") or manifest.flag("trustRemoteCode"):
        yield Problem(manifest.at("trust_remote_code"), "code that lies beside the model is run")


def _file(value: Value) -> Iterator[Outcome]:
    """Look at a file of a model: weights in a safe format, or a text beside them."""
    file = value.block()
    if _suffix(_name(file)) not in SAFE | TEXTS:
        yield Problem(file.at("name" if file.has("name") else "file"), UNSAFE)


def _name(file: Block) -> str:
    return file.text("name") or file.text("file")


def _suffix(name: str) -> str:
    return PurePosixPath(name.lower()).suffix


def _switch(row: tuple[str, Value]) -> Iterator[Outcome]:
    if row[1].text().strip().lower() not in ("", "0", "false", "no", "off"):
        yield Problem(row[1].path, "code that lies beside the model is run")


def _script(value: Value) -> Iterator[Outcome]:
    text = value.text()
    if TRUSTED.search(text):
        yield Problem(value.path, "the engine is told to run code that lies beside the model")
    if MODEL_FILE.search(text):
        yield Problem(value.path, "it names a model file of a format that runs code when it is read")


RULE = Rule(
    id="model-format-safe",
    area="governance",
    title="Models come in formats that cannot run code",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=SOURCES,
    guards=("code", "value", "content", "environment", "userData", "userDataBase64", "key"),
    check=check,
    rationale="A pickled model runs whatever its maker wrote into it, with the rights of the node that reads it.",
    fix="Serve a GGUF or safetensors file, and do not set trust_remote_code.",
    references={"owasp-llm-2026": ("LLM04",)},
)
