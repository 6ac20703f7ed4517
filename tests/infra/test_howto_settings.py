"""Claim: the settings that the pages on the gateway show are taken as they stand, over those of a preset."""

import re
from pathlib import Path

import pytest
import yaml

from infra.declarations import stack_values
from infra.settings import read_settings

PAGES = Path(__file__).resolve().parents[2] / "docs" / "howto"
EXAMPLES = [
    pytest.param(text, id=f"{page}-{number}")
    for page in ("routing", "bedrock", "content", "spending")
    for number, text in enumerate(
        re.findall(r"```yaml\n(leanto:.*?)```", (PAGES / f"{page}.md").read_text(), re.DOTALL)
    )
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_settings_are_taken(text: str) -> None:
    read_settings({**stack_values("managed"), **yaml.safe_load(text)})


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3
