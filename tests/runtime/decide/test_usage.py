"""Claim: usage is read as each provider writes it, and what cannot be priced is no usage rather than a low one."""

from typing import Any

import pytest

from runtime.decide.prices import Usage
from runtime.decide.usage import read_usage

PLAIN = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (PLAIN, Usage(20, 5)),
        ({**PLAIN, "prompt_tokens_details": {"cached_tokens": 8}}, Usage(20, 5, 8)),
        ({**PLAIN, "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 3}}, Usage(20, 5, 8, 3)),
        ({**PLAIN, "prompt_tokens_details": {"cache_creation_tokens": 3}}, Usage(20, 5, 0, 3)),
        ({**PLAIN, "prompt_tokens_details": None, "completion_tokens_details": None}, Usage(20, 5)),
        # OpenAI counts reasoning among the completion's tokens,
        ({**PLAIN, "completion_tokens_details": {"reasoning_tokens": 4}}, Usage(20, 5)),
        # Gemini and xAI beside them.
        ({**PLAIN, "total_tokens": 60, "completion_tokens_details": {"reasoning_tokens": 35}}, Usage(20, 40)),
        (
            {"prompt_tokens": 20, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 35}},
            Usage(20, 40),
        ),
        ({"prompt_tokens": 20, "completion_tokens": 0}, Usage(20, 0)),
    ],
)
def test_usage_is_read(usage: dict[str, Any], expected: Usage) -> None:
    assert read_usage({"id": "x", "usage": usage}) == expected


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"usage": None},
        {"usage": []},
        {"usage": {}},
        {"usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}},
        {"usage": {"prompt_tokens": 20}},
        {"usage": {"prompt_tokens": 20, "completion_tokens": None}},
        {"usage": {"prompt_tokens": 20, "completion_tokens": -1}},
        {"usage": {"prompt_tokens": "20", "completion_tokens": 5}},
        {"usage": {"prompt_tokens": 20.0, "completion_tokens": 5}},
        {"usage": {"prompt_tokens": True, "completion_tokens": 5}},
        {"usage": PLAIN, "service_tier": "priority"},
    ],
)
def test_what_cannot_be_priced_is_no_usage(document: dict[str, Any]) -> None:
    assert read_usage(document) is None


def test_embeddings_have_no_output_to_count() -> None:
    assert read_usage({"object": "list", "usage": {"prompt_tokens": 5, "total_tokens": 5}}) == Usage(5, 0)
    assert read_usage({"object": "chat.completion", "usage": {"prompt_tokens": 5, "total_tokens": 5}}) is None


RESPONSE = {"input_tokens": 20, "output_tokens": 5, "total_tokens": 25}


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (RESPONSE, Usage(20, 5)),
        ({**RESPONSE, "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 3}}, Usage(20, 5, 8, 3)),
        # Reasoning is part of the output,
        ({**RESPONSE, "output_tokens_details": {"reasoning_tokens": 4}}, Usage(20, 5)),
        # or beside it, at servers that count so.
        ({**RESPONSE, "total_tokens": 60, "output_tokens_details": {"reasoning_tokens": 35}}, Usage(20, 40)),
    ],
)
def test_the_usage_of_the_responses_api_is_read_from_the_answer_and_from_the_event_with_it(
    usage: dict[str, Any], expected: Usage
) -> None:
    answer = {"object": "response", "usage": usage}
    assert read_usage(answer) == expected
    assert read_usage({"type": "response.completed", "response": answer}) == expected


@pytest.mark.parametrize("tier", ["priority", "fast", "ultrafast"])
def test_an_answer_of_a_dearer_tier_has_no_usage_that_can_be_priced(tier: str) -> None:
    assert read_usage({"response": {"usage": RESPONSE, "service_tier": tier}}) is None


@pytest.mark.parametrize("document", [{"response": None}, {"response": []}, {"response": {"usage": None}}])
def test_an_event_without_usage_has_none(document: dict[str, Any]) -> None:
    assert read_usage(document) is None
