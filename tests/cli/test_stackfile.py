"""Claims about editing a stack file: one value changes, every other byte stays."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from leanto.cli.exits import CommandError
from leanto.cli.stackfile import with_value

KEY = "leanto:gpuAmiId"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("config:\n  leanto:gpuAmiId: ami-1\n", "config:\n  leanto:gpuAmiId: ami-2\n"),
        ("config:\n  leanto:gpuAmiId: ami-1  # old\n  b: 1\n", "config:\n  leanto:gpuAmiId: ami-2  # old\n  b: 1\n"),
        ('config:\n    "leanto:gpuAmiId": ""\n', 'config:\n    "leanto:gpuAmiId": ami-2\n'),
        ("config:\n  leanto:gpuAmiId:\n", "config:\n  leanto:gpuAmiId: ami-2\n"),
        ("config:\n  a: 1 # one\n", "config:\n  leanto:gpuAmiId: ami-2\n  a: 1 # one\n"),
        ("config: # mine\n  # first\n    a: 1\n", "config: # mine\n    leanto:gpuAmiId: ami-2\n  # first\n    a: 1\n"),
        ("# nothing yet\n", "# nothing yet\n\nconfig:\n  leanto:gpuAmiId: ami-2\n"),
        ("", "config:\n  leanto:gpuAmiId: ami-2\n"),
        ("config:\n", "config:\n  leanto:gpuAmiId: ami-2\n"),
    ],
)
def test_the_value_is_set_and_comments_stay(before: str, after: str) -> None:
    assert with_value(before, KEY, "ami-2") == after


def test_setting_it_again_changes_nothing() -> None:
    once = with_value("config:\n  a: 1\n", KEY, "ami-2")
    assert with_value(once, KEY, "ami-2") == once


@pytest.mark.parametrize(
    "text",
    [
        "config: {a: 1}\n",
        "config:\n  leanto:gpuAmiId: >-\n    ami-1\n",
        "config:\n  nested:\n    leanto:gpuAmiId: ami-1\n",
        "- a\n",
        "config:\n  a: '\n",
    ],
)
def test_a_layout_that_lines_cannot_edit_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(CommandError, match="write it by hand under `config:`"):
        with_value(text, KEY, "ami-2")


words = st.text("abcxyz09-_", min_size=1, max_size=8)


@given(st.dictionaries(words.map("leanto:{}".format), st.one_of(words, st.integers(), st.booleans(), st.lists(words))))
def test_whatever_yaml_writes_can_be_edited(config: dict[str, object]) -> None:
    before = {"config": config} if config else {}
    text = yaml.safe_dump(before) if before else ""
    after = yaml.safe_load(with_value(text, KEY, "ami-2"))
    assert after == {"config": {**config, KEY: "ami-2"}}
