"""Claim: a request to /responses is bounded from its bytes and its maximum, and what has no bound in it is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.decide.demand import MESSAGE_TOKENS, REQUEST_TOKENS, TOOL_TOKENS, UNPRICED_FIELDS, UnpricedError
from runtime.decide.prices import Demand
from runtime.decide.responses import demand_of_response

CALL = {"type": "function", "name": "f", "parameters": {}}
USER = {"role": "user", "content": [{"type": "input_text", "text": "hello"}]}


def demand(**fields: Any) -> Demand:
    document = {"model": "m", "input": "hello", **fields}
    return demand_of_response(document, json.dumps(document))


def test_the_prompt_is_all_bytes_and_what_providers_add() -> None:
    document = {"model": "m", "instructions": "be brief", "input": [USER, USER], "tools": [CALL]}
    text = json.dumps(document)
    expected = len(text) + REQUEST_TOKENS + 3 * MESSAGE_TOKENS + TOOL_TOKENS
    assert demand_of_response(document, text).prompt_tokens == expected


@pytest.mark.parametrize(
    ("fields", "output", "choices"),
    [
        ({}, None, 1),
        ({"max_output_tokens": None}, None, 1),
        ({"max_output_tokens": 7}, 7, 1),
        # OpenAI's own servers refuse those; others may follow them, but without its own maximum nothing is sure.
        ({"max_tokens": 9}, None, 1),
        ({"max_output_tokens": 7, "max_tokens": 9, "n": 2}, 9, 2),
        ({"max_output_tokens": 9, "max_completion_tokens": 7}, 9, 1),
    ],
)
def test_the_answer_is_bounded_by_its_maximum(fields: dict[str, Any], output: Any, choices: int) -> None:
    found = demand(**fields)
    assert (found.output_tokens, found.choices) == (output, choices)


@pytest.mark.parametrize("value", [0, -1, 1.0, "7", True, []])
def test_a_maximum_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(UnpricedError) as error:
        demand(max_output_tokens=value)
    assert (error.value.param, error.value.wrong_type) == ("max_output_tokens", True)


def message(part: Any) -> dict[str, Any]:
    return {"input": [USER, {"type": "message", "role": "user", "content": [part]}]}


STATE = ("background_options", "context_management", "conversation", "previous_response_id", "prompt")
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    **{name: ({name: {"canary-prompt": 1}}, name) for name in (*STATE, *UNPRICED_FIELDS)},
    "background": ({"background": True}, "background"),
    "background of odd type": ({"background": "false"}, "background"),
    "kept": ({"store": True}, "store"),
    "priority": ({"service_tier": "priority"}, "service_tier"),
    "fast": ({"service_tier": "fast"}, "service_tier"),
    "pro": ({"reasoning": {"effort": "low", "mode": "pro"}}, "reasoning"),
    "long cache": ({"prompt_cache_retention": "24h"}, "prompt_cache_retention"),
    "longer cache": ({"prompt_cache_options": {"ttl": "12h"}}, "prompt_cache_options"),
    "cache of another answer": ({"prompt_cache_options": {"comparison_response_id": "r"}}, "prompt_cache_options"),
    "cache of odd type": ({"prompt_cache_options": {"ttl": ["30m"]}}, "prompt_cache_options"),
    **{
        kind: ({"tools": [CALL, {"type": kind}]}, "tools")
        for kind in ("web_search", "file_search", "code_interpreter", "computer_use_preview", "image_generation", "mcp")
    },
    "tool of odd type": ({"tools": ["web_search"]}, "tools"),
    "another case": ({"Background": True}, "background"),
    "item by its name": ({"input": [{"id": "msg_canary-prompt"}]}, "input"),
    "reference": ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input"),
    "reference with no type": ({"input": [{"type": None, "id": "msg_1"}]}, "input"),
    "compacted": ({"input": [{"type": "compaction", "encrypted_content": "x"}]}, "input"),
    "earlier search": ({"input": [{"type": "web_search_call", "id": "ws_1"}]}, "input"),
    "item of odd type": ({"input": [{"type": ["message"]}]}, "input"),
    "image of chat": (message({"type": "image_url", "image_url": {"url": "https://example.com/canary.png"}}), "input"),
    "image kept at the provider": (message({"type": "input_image", "file_id": "file-canary"}), "input"),
    "file": (message({"type": "input_file", "file_id": "f"}), "input"),
    "audio": (message({"type": "input_audio"}), "input"),
    "part without type": (message({"text": "a"}), "input"),
    "content of odd type": ({"input": [{"role": "user", "content": {"type": "input_image"}}]}, "input"),
    "file from a tool": (
        {"input": [{"type": "function_call_output", "call_id": "c", "output": [{"type": "input_file"}]}]},
        "input",
    ),
    "longer cached part": (
        message({"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}),
        "input",
    ),
}


@pytest.mark.parametrize(("fields", "param"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_bound_is_refused_by_name_and_not_repeated(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(UnpricedError) as error:
        demand(**fields)
    assert (error.value.param, error.value.wrong_type) == (param, False)
    assert "canary" not in error.value.reason


@pytest.mark.parametrize(
    "fields",
    [
        {"input": [USER, {"role": "assistant", "content": "hi"}, "plain"]},
        {"input": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "x"}]}]},
        {"input": [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "abc"}]},
        {"input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}]},
        {"input": [{"type": "function_call_output", "call_id": "c", "output": "{}"}]},
        {
            "input": [
                {"type": "custom_tool_call_output", "call_id": "c", "output": [{"type": "input_text", "text": ""}]}
            ]
        },
        {"tools": [CALL, {"type": "custom", "name": "g"}], "tool_choice": "auto"},
        {"store": False, "background": False, "previous_response_id": None, "conversation": None, "prompt": None},
        {"reasoning": {"effort": "high", "mode": "standard"}, "include": ["reasoning.encrypted_content"]},
        {"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}, "prompt_cache_key": "k", "service_tier": "flex"},
        {"text": {"format": {"type": "json_schema"}}, "metadata": {"a": "b"}, "truncation": "auto", "unknown": 1},
    ],
)
def test_text_in_all_its_forms_is_priced(fields: dict[str, Any]) -> None:
    assert demand(**fields).prompt_tokens > REQUEST_TOKENS


NAMES = st.sampled_from(["type", "content", "role", "id", "output", "ttl", "mode", "text"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)
)


@given(VALUES)
def test_whatever_stands_there_is_bounded_or_refused(value: Any) -> None:
    """Never a crash, and never a bound below the request's bytes."""
    for name in ("input", "tools", "reasoning", "prompt_cache_options", "store", "background", "service_tier"):
        document = {"model": "m", "input": "a", name: value}
        text = json.dumps(document)
        try:
            found = demand_of_response(document, text)
        except UnpricedError:
            continue
        assert found.prompt_tokens >= len(text)
