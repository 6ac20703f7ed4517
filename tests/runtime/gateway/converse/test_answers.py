"""Claim: each answer that Bedrock's service model allows becomes a chat completion, or a clear error, never less.

The same holds for streams, in which a stock `openai` client's own types read every chunk.
"""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from leanto.embedded.provider.eventstream import event, exception, message
from runtime.decide.prices import Usage
from runtime.decide.usage import read_usage
from runtime.gateway.answers import GatewayError
from runtime.gateway.converse.answer import Head, completion
from runtime.gateway.converse.errors import KINDS, http_error
from runtime.gateway.converse.stream import ConverseEvents
from runtime.gateway.converse.usage import FINISH_REASONS, MALFORMED
from tests.runtime.gateway.converse.service_model import MODEL

HEAD = Head("chatcmpl-1", 1_700_000_000, "amazon.nova-lite-v1:0")
USAGE = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}
TOOL_USE = {"toolUse": {"toolUseId": "call_1", "name": "weather", "input": {"city": "Ülm"}}}


def answer(*content: dict[str, Any], stop: str = "end_turn", **more: Any) -> dict[str, Any]:
    message_of_model = {"role": "assistant", "content": list(content)}
    return {"output": {"message": message_of_model}, "stopReason": stop, "usage": USAGE, **more}


def told(*content: dict[str, Any], **more: Any) -> dict[str, Any]:
    document = completion(answer(*content, **more), HEAD)
    ChatCompletion.model_validate(document, strict=True)
    return document


def spoken(*content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = told(*content)["choices"][0]["message"]
    assert found.pop("role") == "assistant"
    assert found.pop("refusal") is None
    return found


def test_text() -> None:
    document = told({"text": "Hello"}, {"text": " there"})
    assert document["choices"][0]["message"]["content"] == "Hello there"
    assert (document["id"], document["created"], document["model"]) == (HEAD.id, HEAD.created, HEAD.model)


def test_calls_of_tools() -> None:
    found = spoken(TOOL_USE)
    assert found["content"] is None
    assert found["tool_calls"][0]["id"] == "call_1"
    assert json.loads(found["tool_calls"][0]["function"]["arguments"]) == {"city": "Ülm"}


def test_thoughts() -> None:
    found = spoken(
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "aGlkZGVu"}},
        {"text": "Yes"},
    )
    assert found == {
        "content": "Yes",
        "reasoning_content": "Hm.",
        "thinking_blocks": [
            {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
            {"type": "redacted_thinking", "data": "aGlkZGVu"},
        ],
    }


def test_text_with_citations_is_text() -> None:
    assert spoken({"citationsContent": {"content": [{"text": "As said."}], "citations": []}}) == {"content": "As said."}


TELLABLE = {"text", "toolUse", "reasoningContent", "citationsContent"}


@pytest.mark.parametrize("kind", sorted(set(MODEL.shape_for("ContentBlock").members) - TELLABLE))
def test_each_other_content_of_the_service_model_is_an_error_and_not_left_out(kind: str) -> None:
    with pytest.raises(GatewayError) as caught:
        told({"text": "See:"}, {kind: {}})
    assert (caught.value.status, caught.value.code) == (502, "upstream_unsupported_content")
    assert kind in caught.value.message


@pytest.mark.parametrize("stop", MODEL.shape_for("StopReason").enum)
def test_each_stop_reason_of_the_service_model_is_told(stop: str) -> None:
    if stop in MALFORMED:
        with pytest.raises(GatewayError) as caught:
            told({"text": "x"}, stop=stop)
        assert caught.value.code == "upstream_malformed"
    else:
        assert told({"text": "x"}, stop=stop)["choices"][0]["finish_reason"] == FINISH_REASONS[stop]


def test_a_new_stop_reason_is_a_stop() -> None:
    assert told({"text": "x"}, stop="tired")["choices"][0]["finish_reason"] == "stop"


def test_cached_tokens_belong_to_the_prompt() -> None:
    counts = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 175, "cacheReadInputTokens": 100}
    counts["cacheWriteInputTokens"] = 60
    document = told({"text": "x"}, usage=counts)
    assert read_usage(document) == Usage(170, 5, cached_tokens=100, cache_write_tokens=60)


def test_tokens_that_only_the_total_counts_are_paid_for() -> None:
    assert read_usage(told({"text": "x"}, usage=USAGE | {"totalTokens": 20})) == Usage(10, 10, cache_write_tokens=0)


@pytest.mark.parametrize("given_usage", [None, {}, {"inputTokens": 10}, {"inputTokens": -1, "outputTokens": 5}, "x"])
def test_usage_that_is_not_whole_is_none(given_usage: Any) -> None:
    assert read_usage(told({"text": "x"}, usage=given_usage)) is None


def test_a_tier_that_costs_more_has_no_known_price() -> None:
    assert read_usage(told({"text": "x"}, serviceTier={"type": "priority"})) is None
    assert read_usage(told({"text": "x"}, serviceTier={"type": "flex"})) is not None


@pytest.mark.parametrize("broken", [{}, {"output": {}}, {"output": {"message": {"content": ["x"]}}}, {"output": 5}])
def test_an_answer_of_another_form_is_an_error(broken: dict[str, Any]) -> None:
    with pytest.raises(GatewayError) as caught:
        completion(broken, HEAD)
    assert caught.value.status == 502


def chunks(*pieces: bytes) -> list[dict[str, Any]]:
    """Return the chunks of a stream that ends well; its last event says so."""
    events = ConverseEvents("bedrock", HEAD)
    sent = b"".join([*(part for piece in pieces for part in events.feed(piece)), events.rest()])
    *found, last, empty = sent.split(b"\n\n")
    assert (last, empty) == (b"data: [DONE]", b"")
    documents = [json.loads(data.removeprefix(b"data: ")) for data in found]
    for document in documents:
        ChatCompletionChunk.model_validate(document, strict=True)
    return documents


def delta(index: int, piece: dict[str, Any]) -> bytes:
    return event("contentBlockDelta", {"delta": piece, "contentBlockIndex": index})


def block_stop(index: int) -> bytes:
    return event("contentBlockStop", {"contentBlockIndex": index})


def tool_start(index: int, identifier: str) -> bytes:
    start = {"toolUse": {"toolUseId": identifier, "name": "weather"}}
    return event("contentBlockStart", {"start": start, "contentBlockIndex": index})


START = event("messageStart", {"role": "assistant"})
END = event("messageStop", {"stopReason": "end_turn"})
METADATA = event("metadata", {"usage": USAGE, "metrics": {"latencyMs": 5}})
TALK = (START, delta(0, {"text": "Hel"}), delta(0, {"text": "lo"}), block_stop(0), END, METADATA)


def test_a_stream_of_text() -> None:
    found = chunks(*TALK)
    assert [chunk["choices"][0]["delta"] for chunk in found[:-1]] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "Hel"},
        {"content": "lo"},
        {},
    ]
    assert found[-2]["choices"][0]["finish_reason"] == "stop"
    assert found[-1]["choices"] == []
    assert read_usage(found[-1]) == Usage(10, 5, cache_write_tokens=0)


@settings(max_examples=60)
@given(st.data())
def test_a_stream_may_be_cut_anywhere(data: st.DataObject) -> None:
    stream = b"".join(TALK)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert chunks(*pieces) == chunks(stream)


def test_a_stream_of_parallel_calls() -> None:
    """Two calls with text before them: indices count the calls, and one without input has empty arguments in JSON."""
    found = chunks(
        START,
        delta(0, {"text": "Let me see."}),
        block_stop(0),
        tool_start(1, "call_1"),
        delta(1, {"toolUse": {"input": '{"city":'}}),
        delta(1, {"toolUse": {"input": ' "Ulm"}'}}),
        block_stop(1),
        tool_start(2, "call_2"),
        block_stop(2),
        event("messageStop", {"stopReason": "tool_use"}),
        METADATA,
    )
    calls = [call for chunk in found[:-1] for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    arguments = {0: "", 1: ""}
    for call in calls:
        arguments[call["index"]] += call["function"]["arguments"]
    assert arguments == {0: '{"city": "Ulm"}', 1: "{}"}
    assert [call["id"] for call in calls if "id" in call] == ["call_1", "call_2"]
    assert found[-2]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_stream_of_thoughts() -> None:
    pieces = ({"text": "Hm."}, {"signature": "c2ln"}, {"redactedContent": "aGlk"})
    found = chunks(START, *(delta(0, {"reasoningContent": piece}) for piece in pieces), END, METADATA)
    assert [chunk["choices"][0]["delta"] for chunk in found[1:4]] == [
        {"reasoning_content": "Hm."},
        {"thinking_blocks": [{"type": "thinking", "thinking": "", "signature": "c2ln"}]},
        {"thinking_blocks": [{"type": "redacted_thinking", "data": "aGlk"}]},
    ]


def test_a_stream_without_usage_ends_all_the_same() -> None:
    assert chunks(*TALK[:-1])[-1]["choices"][0]["finish_reason"] == "stop"


def test_an_event_that_is_new_is_passed_over() -> None:
    assert chunks(START, event("heartbeat", {}), *TALK[1:]) == chunks(*TALK)


KNOWN_DELTAS = {"text", "toolUse", "reasoningContent", "citation"}
DELTAS = sorted(set(MODEL.shape_for("ContentBlockDelta").members) - KNOWN_DELTAS)
STARTS = sorted(set(MODEL.shape_for("ContentBlockStart").members) - {"toolUse"})


def broken_by(*pieces: bytes) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        chunks(*pieces)
    return caught.value


@pytest.mark.parametrize("kind", DELTAS)
def test_each_other_piece_of_the_service_model_is_an_error_and_not_left_out(kind: str) -> None:
    assert broken_by(START, delta(0, {kind: {}})).code == "upstream_unsupported_content"


@pytest.mark.parametrize("kind", STARTS)
def test_each_other_block_of_the_service_model_is_an_error_and_not_left_out(kind: str) -> None:
    start = event("contentBlockStart", {"start": {kind: {}}, "contentBlockIndex": 0})
    assert broken_by(START, start).code == "upstream_unsupported_content"


@pytest.mark.parametrize(
    "piece",
    [
        event("messageStop", {"stopReason": "malformed_tool_use"}),
        event("contentBlockDelta", {"delta": 5}),
        event("contentBlockDelta", []),
        message({":message-type": "event", ":event-type": "messageStop"}, b"no json"),
        message({":message-type": "error", ":error-code": "500", ":error-message": "canary"}, b""),
        START[:-1] + b"\x00",
        b"HTTP/1.1 500 Oh no",
    ],
)
def test_what_breaks_a_stream_is_an_error_without_its_content(piece: bytes) -> None:
    error = broken_by(START, piece)
    assert error.status == 502
    assert "canary" not in error.message


@pytest.mark.parametrize("length", [0, 1, 4, len(TALK) - 3])
def test_a_stream_that_ends_before_its_stop_is_broken(length: int) -> None:
    assert broken_by(*TALK[:length]).code == "upstream_broken"
    assert broken_by(*TALK, START[:9]).code == "upstream_broken"


STATUSES = {400: 400, 403: 502, 404: 502, 408: 504, 424: 502, 429: 429, 500: 502, 503: 502}
EXCEPTIONS = sorted(error.name for error in MODEL.operation_model("Converse").error_shapes)


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_each_exception_of_the_service_model_is_told_by_its_status(name: str) -> None:
    status = MODEL.shape_for(name).metadata["error"]["httpStatusCode"]
    assert KINDS[name.lower()] == status
    headers = {"x-amzn-errortype": f"{name}:http://internal.amazon.com/", "retry-after": "3"}
    error = http_error("bedrock", status, headers, b'{"message": "The words of AWS"}')
    assert error.status == STATUSES[status]
    assert (error.message == "The words of AWS") is (status == 400)


STREAM_EXCEPTIONS = sorted(
    name for name in MODEL.shape_for("ConverseStreamOutput").members if name.endswith("Exception")
)


@pytest.mark.parametrize("name", STREAM_EXCEPTIONS)
def test_each_exception_in_a_stream_is_told_by_its_status(name: str) -> None:
    shape = MODEL.shape_for("ConverseStreamOutput").members[name]
    error = broken_by(*TALK[:2], exception(name, "The words of AWS"))
    assert error.status == STATUSES[shape.metadata["error"]["httpStatusCode"]]


def test_what_only_the_operator_can_mend_is_not_repeated_to_clients() -> None:
    body = b'{"message": "User: arn:aws:sts::123456789012:assumed-role/gateway is not authorized"}'
    error = http_error("bedrock", 403, {"x-amzn-errortype": "AccessDeniedException"}, body)
    assert (error.status, error.headers["x-should-retry"]) == (502, "false")
    assert "123456789012" not in error.message


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"message": 5}'])
def test_an_error_without_words_is_told_by_its_status(body: bytes) -> None:
    assert http_error("bedrock", 400, {}, body).message.endswith("with status 400 and gave no reason.")
    assert http_error("bedrock", 302, {}, body).status == 502


def test_throttling_passes_on_how_long_to_wait() -> None:
    error = http_error("bedrock", 429, {"retry-after": "3"}, b"{}")
    assert (error.status, error.headers["retry-after"]) == (429, "3")
