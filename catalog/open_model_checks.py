"""What must hold of open-weight models, their files and licences; `catalog.tables` refuses data that breaks it."""

import re
from collections.abc import Iterator, Mapping

from catalog.engines import ENGINES, LLAMA_CPP, VLLM
from catalog.figures import MARKS, one_of, positive
from catalog.open_models import IN_THE_GGUF, Licence, ModelFile, OpenModel
from catalog.rows import Catalogue

_SHA256 = re.compile(r"[0-9a-f]{64}")
_REVISION = re.compile(r"[0-9a-f]{40}")
_PATH = re.compile(r"[A-Za-z0-9][\w.-]*")
CONFIGURATION = frozenset({"config.json", "tokenizer.json", "tokenizer_config.json"})
"""What vLLM needs beside the weights."""


def open_model_problems(catalogue: Catalogue) -> Iterator[str]:
    """Yield every contradiction in the open-weight models and their licences."""
    for model in catalogue.open_models.values():
        yield from _model(model, catalogue.licences)
    for licence in catalogue.licences.values():
        yield from _licence(licence)
    for name in sorted(catalogue.licences.keys() - {row.licence for row in catalogue.open_models.values()}):
        yield f"licence {name}: no model has it"


def _model(row: OpenModel, licences: Mapping[str, Licence]) -> Iterator[str]:
    where = f"model {row.id}"
    yield from positive(where, context_tokens=row.context_tokens, kv=row.kv_bytes_per_token)
    yield from positive(where, parameters=row.parameters_billion, active=row.active_parameters_billion)
    yield from one_of(where, "mark", row.mark, MARKS)
    yield from one_of(where, "files_mark", row.files_mark, MARKS)
    yield from one_of(where, "engine", row.engine, frozenset(ENGINES))
    if row.active_parameters_billion > row.parameters_billion:
        yield f"{where}: more parameters are active than there are"
    if row.for_tests:
        if row.repository or row.revision:
            yield f"{where}: one that is made here has no repository and no revision"
    elif not _REVISION.fullmatch(row.revision):
        yield f"{where}: revision must be a commit of 40 hexadecimal digits"
    if row.licence not in licences:
        yield f"{where}: the licence {row.licence!r} is not listed"
    for file in row.files:
        yield from _file(f"{where}: {file.name}", file)
    yield from _complete(where, row)


def _file(where: str, file: ModelFile) -> Iterator[str]:
    yield from positive(where, bytes=file.bytes)
    if not _SHA256.fullmatch(file.sha256):
        yield f"{where}: sha256 must be 64 lower-case hexadecimal digits"
    if not _PATH.fullmatch(file.name):
        yield f"{where}: the name must be one of a file in the repository's root"


def _complete(where: str, row: OpenModel) -> Iterator[str]:
    """Yield what an engine would miss of a model's files, or could not read."""
    names = [file.name for file in row.files]
    if len(set(names)) != len(names):
        yield f"{where}: a file stands there twice"
    if row.engine == LLAMA_CPP and not (len(names) == 1 and names[0].endswith(ENGINES[LLAMA_CPP].weights)):
        yield f"{where}: llama.cpp reads one GGUF file, not {', '.join(names)}"
    if row.engine == VLLM:
        if not any(name.endswith(ENGINES[VLLM].weights) for name in names):
            yield f"{where}: vLLM reads safetensors, and there are none"
        for name in sorted(CONFIGURATION - set(names)):
            yield f"{where}: vLLM needs {name}"
    if row.chat_template not in (IN_THE_GGUF if row.engine == LLAMA_CPP else "", *names):
        yield f"{where}: chat_template must be {IN_THE_GGUF} of a GGUF file or the name of a file"


def _licence(row: Licence) -> Iterator[str]:
    where = f"licence {row.id}"
    if row.restricted != row.id.startswith("LicenseRef-"):
        yield f"{where}: an id of SPDX is not restricted, and one that begins with LicenseRef- is"
    if row.restricted and not row.terms:
        yield f"{where}: a restricted licence needs terms, the key facts of it"
    if not row.url.startswith("https://"):
        yield f"{where}: {row.url!r} must begin with https://"
