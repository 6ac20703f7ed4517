"""Claim: each open-weight model is pinned to the byte, has what its engine reads, and a licence that is told."""

import hashlib
import re
import shutil
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from catalog.open_models import OpenModel
from catalog.reading import CatalogueError
from catalog.tables import catalogue, load
from leanto.embedded.instances.tiny_model import CONTEXT_TOKENS, write_tiny_model

DATA = Path(str(files("catalog") / "data"))
MODELS = tuple(catalogue().offered_models.values())
BITS = {"Q4_K_M": (4.0, 5.6), "MXFP4": (4.0, 5.6), "Q8_0": (8.0, 9.0), "AWQ": (5.0, 6.2)}
"""How many bits a parameter has on average. AWQ leaves the embeddings at 16."""


def test_there_are_models_for_each_gpu_and_each_engine() -> None:
    titles = {engine: {row.title for row in MODELS if row.engine == engine} for engine in ("llama.cpp", "vllm")}
    assert len(titles["llama.cpp"]) >= 8
    assert len(titles["vllm"]) >= 2


def test_ids_name_the_model_and_its_quantisation() -> None:
    for row in MODELS:
        assert row.id == f"{row.title.lower()}-{row.quantisation.lower()}"
        assert re.fullmatch(r"[a-z0-9._-]+", row.id)


@pytest.mark.parametrize("row", MODELS, ids=lambda row: row.id)
def test_bytes_fit_parameters_and_quantisation(row: OpenModel) -> None:
    """A typo in a size shows."""
    low, high = BITS[row.quantisation]
    assert low < row.weight_bytes * 8 / (float(row.parameters_billion) * 1e9) < high


def test_no_two_files_are_the_same_but_for_what_models_share() -> None:
    weights = [file.sha256 for row in MODELS for file in row.weights]
    assert len(set(weights)) == len(weights)
    names = {(file.sha256, file.bytes) for row in MODELS for file in row.files}
    assert len({sha256 for sha256, _ in names}) == len(names), "one hash has one size"


def test_the_size_of_a_model_is_that_of_its_weights() -> None:
    row = catalogue().open_models["qwen3-8b-awq"]
    assert row.weight_bytes == 4_853_922_024 + 1_244_659_840
    assert row.total_bytes == row.weight_bytes + sum(file.bytes for file in row.files if not file.is_weights)
    assert row.total_bytes - row.weight_bytes == 15_956_382


def test_only_experts_leave_weights_unread() -> None:
    assert {row.title for row in MODELS if row.active_share < 1} == {"gpt-oss-20b", "Qwen3-30B-A3B-Instruct-2507"}
    assert catalogue().open_models["gpt-oss-20b-mxfp4"].active_share == Decimal("3.6") / Decimal("20.9")


def test_the_model_for_tests_is_not_offered_and_is_what_the_box_makes(tmp_path: Path) -> None:
    (tiny,) = [row for row in catalogue().open_models.values() if row.for_tests]
    assert tiny.id not in catalogue().offered_models
    write_tiny_model(tmp_path / "made")
    made = (tmp_path / "made").read_bytes()
    assert [(file.bytes, file.sha256) for file in tiny.files] == [(len(made), hashlib.sha256(made).hexdigest())]
    assert tiny.context_tokens == CONTEXT_TOKENS


def test_restricted_licences_are_those_outside_of_spdx_and_tell_their_terms() -> None:
    found = {row.id: row.restricted for row in catalogue().licences.values()}
    assert found == {"Apache-2.0": False, "MIT": False, "LicenseRef-llama3.1": True}
    (llama,) = [row for row in catalogue().licences.values() if row.restricted]
    assert any("700 million" in term for term in llama.terms)


WRONG = {
    "short hash": ('sha256 = "3605803b', 'sha256 = "', "sha256 must be 64"),
    "floating revision": ("a06e946bb6b655725eafa393f4a9745d460374c9", "main", "revision must be a commit"),
    "unknown licence": ('licence = "LicenseRef-llama3.1"', 'licence = "LicenseRef-x"', "'LicenseRef-x' is not listed"),
    "restricted without terms": ("terms = [", "spoilt = [", "unknown key 'spoilt'"),
    "restricted by SPDX": ('id = "MIT"\n', 'id = "LicenseRef-MIT"\n', "begins with LicenseRef- is"),
    "a GGUF for vLLM": ('engine = "llama.cpp"', 'engine = "vllm"', "vLLM reads safetensors"),
    "safetensors for llama.cpp": ('engine = "vllm"', 'engine = "llama.cpp"', "llama.cpp reads one GGUF file"),
    "unknown engine": ('engine = "vllm"', 'engine = "tgi"', "engine must be one of"),
    "no tokenizer": ('name = "tokenizer.json"', 'name = "tokens.json"', "vLLM needs tokenizer.json"),
    "a folder": ('name = "config.json"', 'name = "../config.json"', "in the repository's root"),
    "no size": ("bytes = 2497281120", "bytes = 0", "bytes must be above zero"),
    "size in words": ("bytes = 2497281120", 'bytes = "2 GB"', "bytes must be a whole number"),
    "no files": ('[[model.files]]\nname = "Qwen3-4B-Instruct-2507-Q4_K_M.gguf"', "[model.other]\nx = 1", "unknown key"),
    "template nowhere": ('"tokenizer.chat_template"', '"chat.jinja"', "chat_template must be"),
    "tests from somewhere": (
        "for_tests = true",
        'for_tests = true\nrepository = "a/b"',
        "one that is made here has no repository",
    ),
    "more active than all": ("active_parameters_billion = 4.02", "active_parameters_billion = 40", "more parameters"),
}


@pytest.mark.parametrize(("old", "new", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_row_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    path = folder / "models.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match=re.escape(message)):
        load(folder)
