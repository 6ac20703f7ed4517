"""Claim: what docs/howto/gpu.md shows of models is what the command says and the settings take today."""

import re
from collections.abc import Callable
from pathlib import Path

import yaml

from infra.declarations import stack_values
from infra.settings import read_settings
from tests.cli.running import Ran
from tests.infra.synthesised import PINNED

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "howto" / "gpu.md").read_text(encoding="utf-8")


def test_the_table_is_what_the_command_says(leanto: Callable[..., Ran]) -> None:
    (block,) = re.findall(r"```\n(Model .*?)```", PAGE, re.DOTALL)
    said = {line.split()[0]: line.split() for line in leanto("models", "fit", "--gpu", "L4").out.splitlines()}
    lines = [line.split() for line in block.splitlines()]
    assert len(lines) == 3
    assert [said[line[0]] for line in lines] == lines


def test_the_settings_are_taken() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    read = read_settings({**stack_values("gpu"), **PINNED, **yaml.safe_load(block)["config"]})
    assert (read.gpu_model, read.gpu_engine) == ("qwen3-8b-awq", "vllm")
