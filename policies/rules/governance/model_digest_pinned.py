"""Models, engine images and machine images are named to the byte, so that no upload elsewhere changes what runs."""

import re
from collections.abc import Iterator

from policies.gateway_config import CARRIERS, documents
from policies.reading import Value
from policies.rule import ALWAYS, NotApplicable, Outcome, Problem, Rule, Severity, each
from policies.served_models import NODES, SOURCES, Served, files_of, in_texts, of_documents, scripts
from policies.stack import Item, Settings

COMMIT = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"(?:sha256:)?[0-9a-f]{64}", re.IGNORECASE)
RUN = re.compile(r"\b(?:docker|podman|nerdctl|ctr)\s+(?:image\s+)?(?:run|pull|create)\b(?P<words>[^\n;|&]*)")
IMAGE = re.compile(
    r"(?<![\w=./:-])(?:[a-z0-9.-]+(?::\d+)?/)?[a-z0-9._-]+(?:/[a-z0-9._-]+)*(?::[\w.-]+)?(?:@sha256:\w+)?"
)
ENGINES = re.compile(
    r"(?:^|[/_-])(?:vllm|llama[._-]?cpp|text-generation-inference|tgi|ollama|sglang|tritonserver|lmdeploy|localai|litellm"
    r"|text-embeddings-inference|lmi|djl-inference)",
    re.IGNORECASE,
)
"""Images whose tag decides which code reads prompts."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each model, at each image of an engine, and at the machine image of nodes."""
    del settings
    found = documents(item) if item.type in CARRIERS else ()
    models = (*of_documents(item, found), *in_texts(item))
    texts = scripts(item)
    if not models and not texts and item.type not in NODES:
        raise NotApplicable("it names no model that the stack serves itself")
    yield from each(models, _model)
    yield from each(texts, lambda text: _images(text, boots=item.type in NODES))
    if item.type in NODES:
        yield from _machine_image(item)


def _model(model: Served) -> Iterator[Outcome]:
    manifest = model.manifest
    if manifest is None:
        if not model.row and not COMMIT.fullmatch(model.revision):
            yield Problem(model.path, "the model is not pinned to a commit of 40 hexadecimal digits")
        elif model.revision and not COMMIT.fullmatch(model.revision):
            yield Problem(model.path, "the revision of the model is a name that can move to other files")
        return
    yield from each(files_of(manifest), _file)
    revision = manifest.text("revision")
    if manifest.has("repository") and not COMMIT.fullmatch(revision.strip()):
        yield Problem(manifest.at("revision"), "the revision of the model is no commit of 40 hexadecimal digits")


def _file(value: Value) -> Iterator[Outcome]:
    file = value.block()
    digest = file.text("sha256") or file.text("digest")
    if not SHA256.fullmatch(digest.strip()):
        yield Problem(file.at("sha256"), "the model has no sha256 of 64 hexadecimal digits")


def _images(text: Value, *, boots: bool) -> Iterator[Outcome]:
    words = text.text()
    for image in _named(words, boots=boots):
        if "@sha256:" not in image:
            yield Problem(text.path, "the image of an inference engine is named by a tag, which can move")


def _named(text: str, *, boots: bool) -> Iterator[str]:
    """Yield the images of engines: of a container the first word, of a boot script those that it runs."""
    if not boots:
        image = text.partition(" ")[0]
        if ENGINES.search(image):
            yield image
        return
    for run in RUN.finditer(text.replace("\\\n", " ")):
        yield from (word for word in IMAGE.findall(run["words"]) if ENGINES.search(word) and not word.startswith("-"))


def _machine_image(item: Item) -> Iterator[Outcome]:
    key = "ami" if item.type.endswith(":Instance") else "imageId"
    if item.props.text(key).strip().lower().startswith("resolve:"):
        yield Problem(key, "the machine image is looked up when a node starts: it changes without a deployment")


RULE = Rule(
    id="model-digest-pinned",
    area="governance",
    title="Models and engines are named to the byte",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=SOURCES,
    guards=("code", "value", "content", "environment", "userData", "userDataBase64", "imageId", "ami"),
    check=check,
    rationale="Whoever may write to the repository of a model or an image decides what runs, at every start of a node.",
    fix="Give the model's sha256 and the commit of its repository; name images by `@sha256:` and machine images by id.",
    references={"owasp-llm-2026": ("LLM04",)},
)
