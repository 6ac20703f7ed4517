"""Claim: an answer that is taken out says nothing any more, and one that is changed says only the new words."""

import json
from typing import Any

import pytest

from runtime.decide.endpoints import CHAT, COMPLETIONS, RESPONSES
from runtime.gateway.filtered import taken_out, texts_of, with_texts

USAGE = {"prompt_tokens": 1, "completion_tokens": 2}
LOGPROBS = {"content": [{"token": "canary", "bytes": [1]}]}
FUNCTION = {"name": "f", "arguments": '{"a": "canary"}'}
MESSAGE = {
    "role": "assistant",
    "content": "canary",
    "refusal": "canary",
    "reasoning_content": "canary",
    "tool_calls": [{"id": "c", "type": "function", "function": FUNCTION}],
    "a_new_field": ["canary"],
}
PART = {"type": "output_text", "text": "canary", "annotations": [], "logprobs": [{"token": "canary"}]}
ANSWERS: dict[str, dict[str, Any]] = {
    CHAT: {
        "id": "x",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": MESSAGE, "logprobs": LOGPROBS, "finish_reason": "stop"}] * 2,
        "usage": USAGE,
        "note": "canary",
    },
    COMPLETIONS: {
        "id": "x",
        "choices": [{"index": 0, "text": "canary", "logprobs": {"tokens": ["canary"]}, "finish_reason": "length"}],
    },
    RESPONSES: {
        "id": "x",
        "status": "completed",
        "output": [
            {"type": "message", "id": "m", "role": "assistant", "content": [PART]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "canary"},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "canary"}]},
        ],
        "usage": {"input_tokens": 1},
    },
}


@pytest.mark.parametrize("endpoint", ANSWERS)
def test_what_is_taken_out_is_gone_and_the_usage_stays(endpoint: str) -> None:
    found = taken_out(ANSWERS[endpoint], endpoint)
    assert "canary" not in json.dumps(found)
    assert found.get("usage") == ANSWERS[endpoint].get("usage")
    if endpoint == RESPONSES:
        assert (found["status"], found["incomplete_details"]) == ("incomplete", {"reason": "content_filter"})
    else:
        reasons = [choice["finish_reason"] for choice in found["choices"]]
        assert reasons == ["content_filter"] * len(ANSWERS[endpoint]["choices"])


@pytest.mark.parametrize("endpoint", ANSWERS)
def test_other_words_take_the_places_of_all_that_was_said(endpoint: str) -> None:
    document = json.loads(json.dumps(ANSWERS[endpoint]))
    texts = texts_of(document)
    assert texts
    found = with_texts(document, [text.replace("canary", "new") for text in texts])
    assert "canary" not in json.dumps(found)
    assert texts_of(found) == [text.replace("canary", "new") for text in texts]
