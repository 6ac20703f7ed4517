"""Claim: what docs/howto/policies.md shows as examples is taken as it stands."""

import json
import re
from pathlib import Path

import pytest

from policies.configuration import configure
from policies.exemption_file import FILE, parse
from policies.pack import RULES
from tests.policies.corpus import TODAY

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "policies.md"


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("text", examples("json"))
def test_the_configuration_is_taken(text: str) -> None:
    configure(json.loads(text), RULES)


@pytest.mark.parametrize("text", examples("yaml"))
def test_the_exemption_is_taken(text: str) -> None:
    found = parse(text, FILE, RULES, TODAY)
    assert (len(found.active), found.faults) == (1, ())


def test_there_is_an_example_of_each() -> None:
    assert (len(examples("json")), len(examples("yaml"))) == (1, 1)
