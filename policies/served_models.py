"""Finds the open-weight models that a stack serves itself: in documents, boot scripts, containers and variables."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.endpoints import endpoints
from catalog.open_models import OpenModel
from catalog.tables import catalogue
from policies.gateway_config import CARRIERS, routes, upstreams, variables
from policies.normalise import UNKNOWN
from policies.reading import Block, Unread, Value
from policies.stack import Item
from policies.user_data import texts_of

GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE = "aws:ec2/instance:Instance"
CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
NODES = (TEMPLATE, INSTANCE, CONFIGURATION)
SOURCES = (*CARRIERS, *NODES)
"""Types in which a served model may be named."""

_REPOSITORY = r"(?P<name>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)"
_END = r"(?=[\s\"',:;|&)\]]|$)"
_IN_SCRIPT = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:--model(?:-id|-path|_id)?|--hf-repo|-hfr|-hf)[=\s]+[\"']?{_REPOSITORY}{_END}",
        rf"\bvllm\s+serve\s+[\"']?{_REPOSITORY}{_END}",
        rf"\b(?:huggingface-cli|hf)\s+download\s+[\"']?{_REPOSITORY}{_END}",
        rf"\bHF_MODEL(?:_ID|_REPO|_NAME)?=[\"']?{_REPOSITORY}{_END}",
    )
)
_IN_URL = re.compile(
    rf"huggingface\.co/{_REPOSITORY}/(?:resolve|raw)/(?P<revision>[^/\s\"']+)/(?P<file>[^\s\"'?]+)", re.IGNORECASE
)
_REVISION = re.compile(r"--(?:model-)?revision[=\s]+[\"']?(?P<revision>[\w./-]+)")
_OLLAMA = re.compile(r"\bollama\s+(?:pull|run)\s+[\"']?(?P<name>[A-Za-z0-9][\w.:/-]*)")
_NAMING = re.compile(r"(?:^|_)(?:HF|VLLM|TGI|SERVED)?_?MODEL(?:_ID|_REPO|_NAME|_PATH)?$")
_REVISION_NAMES = re.compile(r"(?:^|_)(?:HF_)?(?:MODEL_)?REVISION$")


@dataclass(frozen=True)
class Served:
    """A model that a resource names. `revision` is as written, "" when none is; `manifest` says more in a document."""

    path: str
    name: str
    revision: str = ""
    file: str = ""
    manifest: Block | None = None

    @property
    def row(self) -> OpenModel | None:
        """What the catalogue knows of the model: by its id, or by its repository and file where one row has them."""
        models = catalogue().open_models
        if self.name in models:
            return models[self.name]
        found = [row for row in models.values() if row.repository == self.name and _names(self.file, row)]
        return found[0] if len(found) == 1 else None


def _names(file: str, row: OpenModel) -> bool:
    return not file or any(file == one.name for one in row.files)


def files_of(manifest: Block) -> tuple[Value, ...]:
    """Return what a manifest says of each file of its model, unread: of those that it lists, and of one that it names.

    The second is the manifest itself, with `file` for the name; without any list it is all there is.
    """
    value = manifest.get("files")
    listed = value.values() if value else ()
    return (*listed, Value(manifest.raw, manifest.path)) if manifest.has("file") or not listed else listed


def of_documents(item: Item, documents: tuple[Block, ...]) -> Iterator[Served]:
    """Yield the local models of deployment documents: those that routes name, and those that are described."""
    del item
    for document in documents:
        described = document.mapping("models")
        for name, value in described.items():
            yield Served(value.path, name, manifest=value.block())
        named = {
            upstream.model: upstream.block.at("model")
            for route in routes(document)
            for upstream in upstreams(route.block(), document)
            if upstream.is_local
        }
        for name, path in named.items():
            if name not in described:
                yield Served(path, name)


def in_texts(item: Item) -> Iterator[Served]:
    """Yield the models that boot scripts, containers and variables name. Raises Unread for what is not known."""
    for value in scripts(item):
        yield from _in_script(value.text(), value.path)
    found = variables(item) if item.type in CARRIERS else ()
    revisions = [row.value for row in found if _REVISION_NAMES.search(row.name)]
    for row in found:
        if _NAMING.search(row.name) and _is_repository(row.value.text()):
            yield Served(row.value.path, row.value.text().strip(), revisions[0].text() if revisions else "")


def scripts(item: Item) -> tuple[Value, ...]:
    """Return what nodes run at boot, opened, and what containers run, each as one text."""
    if item.type not in NODES:
        return _containers_of(item)
    found = []
    for key in ("userData", "userDataBase64"):
        value = item.props.get(key)
        if value is not None:
            found.append(Value("\n".join(texts_of(value)), value.path))
    return tuple(found)


def _in_script(text: str, path: str) -> Iterator[Served]:
    revision = _REVISION.search(text)
    named: dict[str, Served] = {}
    for match in _IN_URL.finditer(text):
        named[match["name"]] = Served(path, match["name"], match["revision"], match["file"])
    for pattern in _IN_SCRIPT:
        for match in pattern.finditer(text):
            named.setdefault(match["name"], Served(path, match["name"], revision["revision"] if revision else ""))
    for match in _OLLAMA.finditer(text):
        named.setdefault(match["name"], Served(path, match["name"]))
    yield from named.values()


def _is_repository(text: str) -> bool:
    """Tell whether a text names a repository of models, and not a path, a URL or a provider's model."""
    if not re.fullmatch(_REPOSITORY, text.strip()):
        return False
    return text.strip().partition("/")[0].lower() not in _providers()


def _providers() -> frozenset[str]:
    """Return the words that gateways write before a provider's model, as in openai/gpt-6-luna."""
    return frozenset({row.provider for row in endpoints()} | {"vertex_ai", "gemini", "ollama", "models", "opt", "data"})


def _containers_of(item: Item) -> tuple[Value, ...]:
    found = []
    for key in ("containerDefinitions", "containerProperties"):
        value = item.props.get(key)
        if value is not None:
            rows = enumerate(_containers(value))
            found += [Value(_joined(container), f"{value.path}[{place}]") for place, container in rows]
    return tuple(found)


def _containers(value: Value) -> list[Any]:
    raw = value.known()
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except ValueError:
            raise Unread(value.path, "it is not JSON that AWS would take") from None
    return raw if isinstance(raw, list) else [raw]


def _joined(container: Any) -> Any:
    """Return the image, entry point and command of a container as one text."""
    if not isinstance(container, Mapping):
        return UNKNOWN
    words: list[Any] = [container.get("image")]
    for key in ("entryPoint", "command"):
        row = container.get(key)
        words += row if isinstance(row, list) else [row]
    return UNKNOWN if any(word is UNKNOWN for word in words) else " ".join(str(word) for word in words if word)
