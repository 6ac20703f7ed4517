"""Claim: a request's tokens are bounded from its bytes, and what costs otherwise than by tokens of text is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.decide.demand import (
    MESSAGE_TOKENS,
    REQUEST_TOKENS,
    TOOL_TOKENS,
    UNPRICED_FIELDS,
    UnpricedError,
    demand_of,
    demand_of_prompts,
    text_tokens,
)
from runtime.decide.prices import Demand

USER = {"role": "user", "content": "hello"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}


def demand(**fields: Any) -> Demand:
    document = {"model": "m", "messages": [USER], **fields}
    return demand_of(document, json.dumps(document))


def test_the_prompt_is_all_bytes_and_what_providers_add() -> None:
    document = {"model": "m", "messages": [USER, USER], "tools": [TOOL]}
    text = json.dumps(document)
    assert demand_of(document, text).prompt_tokens == (len(text) + REQUEST_TOKENS + 2 * MESSAGE_TOKENS + TOOL_TOKENS)


@given(st.text(), st.booleans())
def test_a_text_has_no_more_tokens_than_it_is_given_however_it_is_written(text: str, ascii_only: bool) -> None:
    """A byte-level tokenizer makes at most one token of a byte."""
    body = json.dumps({"content": text}, ensure_ascii=ascii_only)
    assert text_tokens(body) >= len(text.encode("utf-8", "surrogatepass"))
    assert text_tokens(body) >= len(body.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_text_that_grows_when_it_is_normalised_counts_as_grown(ascii_only: bool) -> None:
    """U+FDFA has 3 bytes, and 33 in the compatibility form that some tokenizers read."""
    body = json.dumps({"content": "\ufdfa" * 100}, ensure_ascii=ascii_only)
    assert text_tokens(body) >= 3300


@pytest.mark.parametrize(
    ("fields", "output", "choices"),
    [
        ({}, None, 1),
        ({"max_tokens": None, "max_completion_tokens": None, "n": None}, None, 1),
        ({"max_tokens": 7}, 7, 1),
        ({"max_completion_tokens": 7}, 7, 1),
        ({"max_tokens": 7, "max_completion_tokens": 9}, 9, 1),
        ({"max_tokens": 9, "max_completion_tokens": 7, "n": 4}, 9, 4),
    ],
)
def test_the_answer_is_bounded_by_what_the_request_says(fields: dict[str, Any], output: Any, choices: int) -> None:
    found = demand(**fields)
    assert (found.output_tokens, found.choices) == (output, choices)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "n"])
@pytest.mark.parametrize("value", [0, -1, 1.0, "7", True, [], {}])
def test_a_bound_that_is_none_is_refused(name: str, value: Any) -> None:
    with pytest.raises(UnpricedError) as error:
        demand(**{name: value})
    assert (error.value.param, error.value.wrong_type) == (name, True)


UNPRICED: dict[str, tuple[dict[str, Any], str]] = {
    "image of the responses API": ({"messages": [{"role": "user", "content": [{"type": "input_image"}]}]}, "messages"),
    "audio": ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages"),
    "file": ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}, {"type": "file"}]}]}, "messages"),
    "part without type": ({"messages": [{"role": "user", "content": [{}]}]}, "messages"),
    "part of odd type": ({"messages": [{"role": "user", "content": [{"type": ["text"]}]}]}, "messages"),
    "content of odd type": ({"messages": [{"role": "user", "content": {"type": "image_url"}}]}, "messages"),
    "earlier audio": ({"messages": [{"role": "assistant", "audio": {"id": "a"}}]}, "messages"),
    "web search": ({"tools": [TOOL, {"type": "web_search"}]}, "tools"),
    "tool without type": ({"tools": [{"google_search": {}}]}, "tools"),
    "tool of odd type": ({"tools": ["code_interpreter"]}, "tools"),
    "spoken answer": ({"modalities": ["text", "audio"]}, "modalities"),
    "priority": ({"service_tier": "priority"}, "service_tier"),
    "tier of odd type": ({"service_tier": ["default"]}, "service_tier"),
    "long cache": ({"prompt_cache_retention": "24h"}, "prompt_cache_retention"),
    "longer cache": ({"prompt_cache_options": {"ttl": "12h"}}, "prompt_cache_options"),
    "pro": ({"reasoning": {"mode": "pro"}}, "reasoning"),
    "another case": ({"Max_Tokens": 1_000_000, "max_tokens": 1}, "max_tokens"),
    "a letter that folds": ({"mes\u017fages": []}, "messages"),
    **{name: ({name: {"canary-prompt": 1}}, name) for name in UNPRICED_FIELDS},
}


@pytest.mark.parametrize(("fields", "param"), UNPRICED.values(), ids=UNPRICED)
def test_what_has_no_known_price_is_refused_by_name_and_not_repeated(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(UnpricedError) as error:
        demand(**fields)
    assert (error.value.param, error.value.wrong_type) == (param, False)
    assert "canary" not in error.value.reason


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [{"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function"}]}]},
        {"messages": [{"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}], "audio": None}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}, "plain"]}, "odd"]},
        {"tools": [TOOL, {"type": "custom", "custom": {}}], "tool_choice": "auto"},
        {"tools": None, "modalities": ["text"], "audio": None, "prediction": None},
        {"service_tier": "flex"},
        {"prompt_cache_retention": "in_memory"},
        {"prompt_cache_options": {"mode": "implicit", "ttl": "30m"}, "reasoning": {"effort": "low"}},
        {"response_format": {"type": "json_schema"}, "logprobs": True, "seed": 1, "unknown": {"type": "image_url"}},
    ],
)
def test_text_in_all_its_forms_is_priced(fields: dict[str, Any]) -> None:
    assert demand(**fields).prompt_tokens > REQUEST_TOKENS


@pytest.mark.parametrize(
    ("value", "prompts"), [("a", 1), ([1, 2], 1), (["a", "b"], 2), ([[1], [2], [3]], 3), (["a", [1]], 2)]
)
def test_each_prompt_of_a_plain_request_is_answered_and_counted(value: Any, prompts: int) -> None:
    fields = {"prompt": value, "max_tokens": 7, "max_completion_tokens": 1, "n": 2, "best_of": 3}
    demand = demand_of_prompts(fields, json.dumps(fields), "completions")
    assert (demand.prompts, demand.choices, demand.output_tokens) == (prompts, 3 * prompts, 7)
    assert demand.prompt_tokens >= len(json.dumps(fields))
    embedded = demand_of_prompts({"input": value}, json.dumps({"input": value}), "embeddings")
    assert (embedded.prompts, embedded.output_tokens) == (prompts, 0)


@pytest.mark.parametrize("value", [[], None, 3, [True], [{"type": "text"}], [[]], ["a", 1]])
def test_what_is_no_prompt_has_no_price(value: Any) -> None:
    with pytest.raises(UnpricedError) as caught:
        demand_of_prompts({"input": value}, "{}", "embeddings")
    assert (caught.value.param, caught.value.wrong_type) == ("input", True)
