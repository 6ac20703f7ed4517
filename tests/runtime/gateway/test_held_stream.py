"""Claim: held events come out as they went in, or with other words in the places of those that were said."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runtime.gateway.held_stream import HeldEvents

DONE = b"data: [DONE]\n\n"


def event(**chunk: Any) -> bytes:
    return f"data: {json.dumps(chunk)}\n\n".encode()


def said(text: str, index: int = 0, **more: Any) -> bytes:
    return event(id="c", object="chat.completion.chunk", choices=[{"index": index, "delta": {"content": text}, **more}])


def held(*events: bytes) -> HeldEvents:
    found = HeldEvents()
    for one in events:
        found.add(one)
    return found


PIECES = st.lists(st.tuples(st.integers(0, 2), st.text(max_size=5)), max_size=8)


@given(PIECES)
def test_unchanged_events_are_the_bytes_that_came(pieces: list[tuple[int, str]]) -> None:
    events = [b": comment\n\n", *(said(text, index) for index, text in pieces), DONE]
    stream = held(*events)
    whole = {index: "".join(text for at, text in pieces if at == index) for index, _ in pieces}
    assert sorted(stream.texts()) == sorted(whole.values())
    assert stream.take() == b"".join(events)
    assert stream.texts() == []


@given(PIECES)
def test_other_words_stand_once_in_their_choice(pieces: list[tuple[int, str]]) -> None:
    stream = held(*(said(text, index, logprobs={"content": [{"token": text}]}) for index, text in pieces), DONE)
    order = list(dict.fromkeys(index for index, _ in pieces))
    out = stream.take([f"new {index}" for index in order]).removesuffix(DONE)
    chunks = [json.loads(line.removeprefix(b"data: ")) for line in out.split(b"\n\n") if line]
    for index in order:
        contents = [one["choices"][0]["delta"]["content"] for one in chunks if one["choices"][0]["index"] == index]
        assert "".join(contents) == f"new {index}"
    assert all(chunk["choices"][0]["logprobs"] is None for chunk in chunks)


def test_each_member_of_each_call_is_a_text_of_its_own() -> None:
    def call(index: int, part: str) -> bytes:
        function = {"name": "f", "arguments": part}
        return event(choices=[{"index": 0, "delta": {"tool_calls": [{"index": index, "function": function}]}}])

    stream = held(call(0, '{"a"'), call(1, "{"), call(0, ": 1}"), said("x"), call(1, "}"))
    assert stream.texts() == ['{"a": 1}', "{}", "x"]


def test_what_is_no_json_is_dropped_and_errors_are_read() -> None:
    stream = held(b"data: canary\n\n", b"data: [1]\n\n", event(error={"message": "words", "code": "c"}))
    assert stream.texts() == ["words", "c"]
    assert b"canary" not in stream.take()


def test_after_a_cut_only_usage_and_the_end_are_left() -> None:
    usage = event(choices=[], usage={"prompt_tokens": 1})
    stream = held(said("a", 1), usage, DONE)
    (last,) = json.loads(stream.cut().removeprefix(b"data: "))["choices"][1:]
    assert (last["index"], last["finish_reason"], last["delta"]) == (1, "content_filter", {})
    assert stream.take_silent() == usage + DONE
