"""Claim: a field that a provider would not act upon is refused by name, or left out where that is wanted; else kept."""

from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.decide.fields import FieldRules, UnsupportedFieldError, changes_for

RULES = FieldRules(
    renamed=MappingProxyType({"max_tokens": "max_completion_tokens"}),
    unsupported=("response_format", "seed", "logprobs", "tools[].function.strict"),
    maxima=MappingProxyType({"temperature": 1.0}),
)


def tool(**fields: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "look", **fields}}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"seed": 0}, "seed"),
        ({"logprobs": True}, "logprobs"),
        ({"tools": [tool(), tool(strict=True)]}, "tools.function.strict"),
        ({"temperature": 1.5}, "temperature"),
    ],
)
def test_what_would_not_be_acted_upon_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(UnsupportedFieldError) as caught:
        changes_for(fields, RULES, drop=False)
    assert caught.value.param == param


@pytest.mark.parametrize(
    "fields",
    [
        {"response_format": {"type": "text"}},
        {"seed": None, "logprobs": False},
        {"tools": [tool(strict=False), "no tool", {"function": None}]},
        {"tools": "no list"},
        {"temperature": 1},
        {"temperature": True},
        {"temperature": "hot"},
    ],
)
def test_what_asks_for_nothing_else_than_happens_anyway_passes(fields: dict[str, Any]) -> None:
    assert not changes_for(fields, RULES, drop=False)


def test_with_drop_they_are_left_out_and_nothing_else_is() -> None:
    fields = {"seed": 3, "tools": [tool(strict=True), tool(), 7], "temperature": 2, "top_p": 1}
    changes = changes_for(fields, RULES, drop=True)
    assert changes.removed == {"seed"}
    assert changes.replaced == {"tools": [tool(), tool(), 7]}


def test_a_renamed_field_gets_the_providers_name_unless_that_is_given_too() -> None:
    assert changes_for({"max_tokens": 5}, RULES, drop=False).renamed == {"max_tokens": "max_completion_tokens"}
    assert not changes_for({"max_tokens": 5, "max_completion_tokens": 6}, RULES, drop=False)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
)


@given(st.dictionaries(st.sampled_from(["seed", "tools", "temperature", "logprobs", "x", "max_tokens"]), VALUES))
def test_any_value_is_refused_or_kept_and_never_breaks_the_rules(fields: dict[str, Any]) -> None:
    changes = changes_for(fields, RULES, drop=True)
    kept = {name: changes.replaced.get(name, value) for name, value in fields.items() if name not in changes.removed}
    assert not changes_for({**kept, "temperature": 0}, FieldRules(unsupported=RULES.unsupported), drop=False)
