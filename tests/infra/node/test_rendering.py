"""What the presets render: known line by line, small enough for EC2, clean by shellcheck, and without a secret.

`pytest tests/infra --accept` writes the snapshots anew.
"""

import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from catalog.engines import ENGINES
from catalog.open_models import OpenModel
from catalog.tables import catalogue
from infra.naming import Names, Place
from infra.node import MAXIMUM_BYTES, NodeValues, node_values, user_data
from infra.serving import Serving, serving
from infra.settings import read_settings
from leanto.check.project import stack_configuration
from policies.secret_patterns import secret_in_text
from tests.infra.synthesised import PINNED, ROOT

SNAPSHOTS = Path(__file__).with_name("snapshots")
PRESETS = ("gpu", "hybrid")
MODELS = tuple(sorted(catalogue().open_models.values(), key=lambda model: model.id))
LONGEST = "a" * 20
"""The longest name that a stack may have."""


@cache
def values_of(preset: str, model: OpenModel | None = None) -> NodeValues:
    """Return what a preset gives its nodes; with another model, that model."""
    settings = read_settings(stack_configuration(ROOT, preset, PINNED).values)
    what = serving(settings, catalogue())
    if model is not None:
        what = Serving(model, what.context_tokens, ENGINES[model.engine].most_slots)
    names = Names(preset, Place("aws", settings.region, "123456789012"))
    image = f"ghcr.io/ggml-org/llama.cpp:server-cuda-b11206@sha256:{'b' * 64}"
    return node_values(names, what, f"leanto-{preset}-storage-pool-0123456", "a" * 64, image, "c" * 64)


def model_of(engine: str) -> OpenModel:
    return next(model for model in MODELS if model.engine == engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_script_is_the_one_that_was_looked_at(engine: str, accepting: bool) -> None:
    script = user_data(values_of("gpu", model_of(engine)))
    path = SNAPSHOTS / f"{engine}.sh"
    if accepting:
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
    assert script == path.read_text()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_the_script_of_each_model_fits_into_user_data(model: OpenModel) -> None:
    """Also under the longest names that AWS and we take."""
    longest = replace(values_of("hybrid", model), stack=LONGEST, table=f"leanto-{LONGEST}", bucket="b" * 63)
    assert len(user_data(longest).encode()) < MAXIMUM_BYTES


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_serves_its_model_as_it_is_sized(preset: str) -> None:
    values = values_of(preset)
    script = user_data(values)
    assert f"--ctx-size {values.slots * values.context_tokens} " in script
    assert f"((total >= {values.gpu_memory_mib}))" in script
    assert f"'{values.engine_image}'" in script


@pytest.mark.parametrize("engine", ENGINES)
def test_shellcheck_has_nothing_to_say(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "user-data"
    path.write_text(user_data(values_of("gpu", model_of(engine))))
    command = shutil.which("shellcheck", path=str(Path(ROOT, ".venv/bin"))) or shutil.which("shellcheck")
    if command is None:
        pytest.skip("shellcheck is not installed: `uv sync` does it")
    done = subprocess.run([command, "--shell=bash", str(path)], capture_output=True, check=False, text=True)
    assert done.stdout == ""


@pytest.mark.parametrize("engine", ENGINES)
def test_no_command_is_traced_and_no_word_looks_like_a_secret(engine: str) -> None:
    script = user_data(values_of("gpu", model_of(engine)))
    assert not re.search(r"set\s+-[a-z]*x|xtrace|bash -x", script)
    assert secret_in_text(script) is None


def test_a_name_that_a_shell_would_read_otherwise_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot stand in a node's units"):
        user_data(replace(values_of("gpu"), model="a model; reboot"))


def test_objects_lie_where_the_commands_put_them() -> None:
    values = values_of("gpu")
    (file,) = values.model_files
    assert file.key == f"models/{file.sha256}/{file.name}"
    assert values.engine_archive.key == f"engines/{'c' * 64}.tar"
    assert values.agent.key == f"agent/{'a' * 64}.zip"
