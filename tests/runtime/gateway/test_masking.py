"""Claim: with masking on, no upstream sees what the patterns match, and all else of the request stays as it was."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.gateway.chat_request import ChatRequest, read_chat_request
from runtime.gateway.masking import masked
from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.gateway.conftest import Gateway
from tests.runtime.raw_upstream import RawUpstream, whole

MAIL = "canary@example.com"


def request(*messages: Any, **fields: Any) -> ChatRequest:
    return read_chat_request(json.dumps({"model": "small", "messages": list(messages)} | fields).encode())


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"role": "user", "content": f"I am {MAIL}"}, {"role": "user", "content": "I am [email]"}),
        (
            {"role": "tool", "content": MAIL, "tool_call_id": "a"},
            {"role": "tool", "content": "[email]", "tool_call_id": "a"},
        ),
        (
            {
                "role": "user",
                "content": [{"type": "text", "text": MAIL}, {"type": "image_url", "image_url": {"url": "u"}}],
            },
            {
                "role": "user",
                "content": [{"type": "text", "text": "[email]"}, {"type": "image_url", "image_url": {"url": "u"}}],
            },
        ),
    ],
)
def test_texts_of_messages_are_masked(message: Any, expected: Any) -> None:
    found = masked(request(message, temperature=0.5), ["email"])
    sent = json.loads(found.body_for("gpt-6-luna"))
    assert sent == {"model": "gpt-6-luna", "messages": [expected], "temperature": 0.5}
    assert found.fields["messages"] == [expected]


def test_prompts_and_inputs_are_masked_and_tokens_are_not() -> None:
    body = json.dumps({"model": "small", "messages": [1], "prompt": [MAIL, "b"], "input": MAIL, "suffix": [4111, 1111]})
    found = masked(read_chat_request(body.encode()), ["email", "card"]).fields
    assert (found["prompt"], found["input"], found["suffix"]) == (["[email]", "b"], "[email]", [4111, 1111])


def test_arguments_of_calls_are_masked_and_stay_json() -> None:
    """A number in them stays, as what took its place would be no JSON; what describes a tool is left as it is."""
    given = {"to": MAIL, "name": MAIL, "cards": ["4111 1111 1111 1111", 4111111111111111]}
    call = {"id": "c", "type": "function", "function": {"name": "send", "arguments": json.dumps(given)}}
    tool = {"type": "function", "function": {"name": "send", "description": MAIL}}
    said = {"role": "assistant", "content": None, "tool_calls": [call]}
    found = masked(request(said, tools=[tool]), ["email", "card"]).fields
    arguments = json.loads(found["messages"][0]["tool_calls"][0]["function"]["arguments"])
    assert arguments == {"to": "[email]", "name": "[email]", "cards": ["[card]", 4111111111111111]}
    assert found["tools"] == [tool]
    broken = {**call, "function": {"name": "send", "arguments": "{" + MAIL}}
    found = masked(request({**said, "tool_calls": [broken]}), ["email"]).fields
    assert found["messages"][0]["tool_calls"][0]["function"]["arguments"] == "{[email]"


@pytest.mark.parametrize(
    "item",
    [
        {"role": "user", "content": [{"type": "input_text", "text": MAIL}]},
        {"type": "function_call_output", "call_id": "c", "output": MAIL},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": MAIL}]},
        {"type": "some_new_kind", "some_new_field": MAIL},
    ],
)
def test_items_of_an_input_are_masked_whatever_their_kind(item: Any) -> None:
    body = json.dumps({"model": "small", "input": [item], "instructions": MAIL, "messages": [1]})
    found = masked(read_chat_request(body.encode()), ["email"]).fields
    assert MAIL not in json.dumps(found)
    assert found["instructions"] == "[email]"


def test_places_names_and_data_are_no_texts() -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": f"https://x/{MAIL}"}},
        {"type": "input_audio", "input_audio": {"data": MAIL, "format": "wav"}},
        {"type": "file", "file": {"file_data": MAIL, "filename": MAIL}},
    ]
    message = {"role": "user", "name": MAIL, "content": parts}
    assert masked(request(message), ["email"]).fields["messages"] == [message]


def test_a_request_in_which_nothing_matches_and_one_without_masking_keep_their_bytes() -> None:
    body = b'{ "model":"small",\t"messages": [{"role":"user","content":"caf\\u00e9 1.50"}], "seed":1e0 }'
    plain = read_chat_request(body)
    assert masked(plain, ["email", "card"]) is plain
    mail = request({"role": "user", "content": MAIL})
    assert masked(mail, []) is mail


@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["role", "content", "type", "text"]), inner, max_size=4)
            ),
            max_leaves=8,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_messages_of_any_shape_pass(messages: list[Any]) -> None:
    assert len(masked(request(*messages), ["email", "key"]).fields["messages"]) == len(messages)


@pytest.fixture
def upstream(background: BackgroundLoop) -> Iterator[RawUpstream]:
    usage = b'{"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}'
    choice = b'{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "a@example.com"}}'
    answer = b'{"id": "x", "object": "chat.completion", "choices": [%b], "usage": %b}' % (choice, usage)
    running = RawUpstream(whole("200 OK", answer))
    background.run(running.start())
    yield running
    background.run(running.close())


@pytest.mark.parametrize(("masks", "seen"), [((), MAIL), (("email",), "[email]")])
def test_what_reaches_the_provider_is_masked_only_where_the_stack_says_so_and_the_answer_never(
    start_gateway: Callable[..., Gateway], upstream: RawUpstream, masks: Sequence[str], seen: str
) -> None:
    gateway = start_gateway(base_url=upstream.base_url, masks=masks)
    answer = gateway.client.chat.completions.create(model="small", messages=[{"role": "user", "content": f"to {MAIL}"}])
    assert json.loads(upstream.received[0].body)["messages"] == [{"role": "user", "content": f"to {seen}"}]
    assert answer.choices[0].message.content == "a@example.com"
