"""Claim: a chat request becomes the Converse request that means the same, one that Bedrock's service model allows.

What has no counterpart is refused with `unsupported_parameter`, what no API takes with `invalid_value`; neither repeats
anything of the request.
"""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.gateway.answers import GatewayError
from runtime.gateway.converse.request import Guardrail, converse_request, path_of
from tests.runtime.gateway.converse.service_model import check_request, url_path

NOVA = "amazon.nova-lite-v1:0"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
HELLO = [{"role": "user", "content": "Hello"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells it",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        "strict": True,
    },
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Ulm"}'}}


def translated(messages: Any = HELLO, **fields: Any) -> dict[str, Any]:
    asked = {"model": "small", "messages": messages, **fields}
    body = converse_request(asked)
    check_request(body, NOVA, stream=bool(fields.get("stream")))
    return body


def refusal(messages: Any = HELLO, **fields: Any) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        converse_request({"model": "small", "messages": messages, **fields})
    assert caught.value.status == 400
    assert "canary" not in caught.value.message
    return caught.value


def test_a_plain_question() -> None:
    assert translated() == {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}


def test_settings_find_their_place() -> None:
    body = translated(
        max_completion_tokens=100,
        temperature=0.5,
        top_p=0.9,
        stop=["END", "STOP"],
        reasoning_effort="low",
        service_tier="flex",
        metadata={"team": "search"},
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "city", "strict": True, "schema": {"type": "object"}},
        },
    )
    assert body["inferenceConfig"] == {
        "maxTokens": 100,
        "temperature": 0.5,
        "topP": 0.9,
        "stopSequences": ["END", "STOP"],
    }
    assert body["outputConfig"] == {
        "effort": "low",
        "textFormat": {
            "type": "json_schema",
            "structure": {"jsonSchema": {"schema": '{"type": "object"}', "name": "city"}},
        },
    }
    assert body["serviceTier"] == {"type": "flex"}
    assert body["requestMetadata"] == {"team": "search"}


def test_the_older_name_of_the_maximum_and_a_single_stop() -> None:
    assert translated(max_tokens=7, stop="END")["inferenceConfig"] == {"maxTokens": 7, "stopSequences": ["END"]}


def test_what_asks_for_nothing_special_passes() -> None:
    neutral = {
        "n": 1,
        "seed": None,
        "frequency_penalty": 0,
        "presence_penalty": 0.0,
        "logprobs": False,
        "logit_bias": {},
        "store": False,
        "modalities": ["text"],
        "response_format": {"type": "text"},
        "tool_choice": "auto",
        "service_tier": "auto",
        "parallel_tool_calls": True,
        "stream_options": {"include_usage": True},
        "stream": True,
    }
    assert translated(**neutral) == translated()


def test_instructions_of_system_and_developer_stand_apart() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Speak German."}]},
        *HELLO,
    ]
    assert translated(messages)["system"] == [{"text": "Be brief."}, {"text": "Speak German."}]


def test_an_image_travels_in_base64() -> None:
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "auto"}}
    body = translated([{"role": "user", "content": [{"type": "text", "text": "What is it?"}, part]}])
    assert body["messages"][0]["content"] == [
        {"text": "What is it?"},
        {"image": {"format": "png", "source": {"bytes": PNG}}},
    ]


def test_a_conversation_with_parallel_tools() -> None:
    second = {"id": "call_2", "type": "function", "function": {"name": "weather", "arguments": ""}}
    body = translated(
        [
            *HELLO,
            {"role": "assistant", "content": None, "tool_calls": [CALL, second]},
            {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
            {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "sun"}]},
            {"role": "user", "content": "And now?"},
        ],
        tools=[WEATHER],
        tool_choice={"type": "function", "function": {"name": "weather"}},
    )
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][1]["content"] == [
        {"toolUse": {"toolUseId": "call_1", "name": "weather", "input": {"city": "Ulm"}}},
        {"toolUse": {"toolUseId": "call_2", "name": "weather", "input": {}}},
    ]
    assert body["messages"][2]["content"] == [
        {"toolResult": {"toolUseId": "call_1", "content": [{"text": "rain"}]}},
        {"toolResult": {"toolUseId": "call_2", "content": [{"text": "sun"}]}},
        {"text": "And now?"},
    ]
    function = WEATHER["function"]
    assert isinstance(function, dict)
    spec = {
        "name": "weather",
        "description": "Tells it",
        "inputSchema": {"json": function["parameters"]},
        "strict": True,
    }
    assert body["toolConfig"] == {"tools": [{"toolSpec": spec}], "toolChoice": {"tool": {"name": "weather"}}}


@pytest.mark.parametrize(("choice", "meant"), [("auto", {"auto": {}}), ("required", {"any": {}})])
def test_choices_among_tools(choice: str, meant: dict[str, Any]) -> None:
    assert translated(tools=[WEATHER], tool_choice=choice)["toolConfig"]["toolChoice"] == meant


def test_tools_that_may_not_be_used_are_not_shown() -> None:
    assert "toolConfig" not in translated(tools=[WEATHER], tool_choice="none")


def test_thoughts_go_back_with_their_signature_before_what_was_said() -> None:
    thoughts = [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "aGlkZGVu"},
    ]
    said = {"role": "assistant", "content": "Yes", "reasoning_content": "Hm.", "thinking_blocks": thoughts}
    assert translated([*HELLO, said, *HELLO])["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "aGlkZGVu"}},
        {"text": "Yes"},
    ]


def test_an_answer_may_come_back_as_the_client_got_it() -> None:
    got: dict[str, Any] = {"role": "assistant", "content": "Yes", "refusal": None, "annotations": [], "audio": None}
    assert translated([*HELLO, got, *HELLO])["messages"][1] == {"role": "assistant", "content": [{"text": "Yes"}]}


@pytest.mark.parametrize(("stream", "mode"), [(False, {}), (True, {"streamProcessingMode": "sync"})])
def test_a_guardrail_goes_with_each_request(stream: bool, mode: dict[str, str]) -> None:
    body = converse_request({"messages": HELLO, "stream": stream}, Guardrail("abc123", "4"))
    assert body["guardrailConfig"] == {"guardrailIdentifier": "abc123", "guardrailVersion": "4", **mode}
    check_request(body, NOVA, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "model",
    [
        NOVA,
        "eu.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abcdefghijkl",
    ],
)
def test_the_path_is_the_one_that_botocore_asks(model: str, stream: bool) -> None:
    assert path_of(model, stream=stream) == url_path(model, stream=stream)


CANARY = "canary"
UNSUPPORTED: list[tuple[str, dict[str, Any]]] = [
    ("seed", {"seed": 7}),
    ("n", {"n": 2}),
    ("n", {"n": True}),
    ("logprobs", {"logprobs": True}),
    ("logit_bias", {"logit_bias": {"1": 5}}),
    ("frequency_penalty", {"frequency_penalty": 0.1}),
    ("user", {"user": CANARY}),
    ("prompt_cache_key", {"prompt_cache_key": CANARY}),
    ("top_k", {"top_k": 5}),
    ("a field of this name", {"cana ry": 5}),
    ("temperature", {"temperature": 1.5}),
    ("reasoning_effort", {"reasoning_effort": "minimal"}),
    ("service_tier", {"service_tier": "priority"}),
    ("response_format", {"response_format": {"type": "json_object"}}),
    ("response_format", {"response_format": {"type": "json_schema", "json_schema": {"name": CANARY}}}),
    ("functions", {"functions": [{}]}),
    ("tools", {"tools": [{"type": "custom", "custom": {"name": CANARY}}]}),
    ("tool_choice", {"tools": [WEATHER], "tool_choice": {"type": "allowed_tools"}}),
    ("parallel_tool_calls", {"tools": [WEATHER], "parallel_tool_calls": False}),
    ("stream_options", {"stream": True, "stream_options": {"include_obfuscation": True}}),
    ("metadata", {"metadata": {"key": "ünïcode " + CANARY}}),
    ("messages", {"messages": [{"role": "user", "content": "x", "name": CANARY}]}),
    ("messages", {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": CANARY}]}]}),
    (
        "messages",
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"https://{CANARY}/a.png"}}]}
            ]
        },
    ),
    (
        "messages",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "high"}}
                    ],
                }
            ]
        },
    ),
    (
        "messages",
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]}
            ]
        },
    ),
    (
        "tools",
        {"messages": [*HELLO, {"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "tool_call_id": "call_1"}]},
    ),
    (
        "tool_choice",
        {
            "messages": [*HELLO, {"role": "assistant", "tool_calls": [CALL]}],
            "tools": [WEATHER],
            "tool_choice": "none",
        },
    ),
]


@pytest.mark.parametrize(("param", "fields"), UNSUPPORTED)
def test_what_would_be_ignored_is_refused(param: str, fields: dict[str, Any]) -> None:
    error = refusal(**fields)
    assert (error.code, error.param) == ("unsupported_parameter", param)


def test_a_route_may_say_that_unknown_fields_are_left_out_but_values_of_known_ones_stay_refused() -> None:
    asked = {"messages": HELLO, "seed": 7, "user": CANARY, "n": 2, "max_tokens": 5}
    assert converse_request(asked, drop=True) == converse_request({"messages": HELLO, "max_tokens": 5})
    with pytest.raises(GatewayError):
        converse_request({"messages": HELLO, "temperature": 1.5}, drop=True)


INVALID: list[tuple[str, dict[str, Any]]] = [
    ("max_tokens", {"max_tokens": 0}),
    ("max_completion_tokens", {"max_completion_tokens": "5"}),
    ("max_tokens", {"max_tokens": 5, "max_completion_tokens": 6}),
    ("top_p", {"top_p": "0.5"}),
    ("stop", {"stop": [""]}),
    ("stop", {"stop": {"a": 1}}),
    ("tools", {"tools": [{"type": "function", "function": {"name": f"no {CANARY}"}}]}),
    ("tools", {"tools": CANARY}),
    ("tool_choice", {"tool_choice": "required"}),
    ("tool_choice", {"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": CANARY}}}),
    ("metadata", {"metadata": CANARY}),
    ("messages", {"messages": [CANARY]}),
    ("messages", {"messages": [{"role": CANARY, "content": "x"}]}),
    ("messages", {"messages": [{"role": ["user"], "content": "x"}]}),
    ("messages", {"messages": [{"role": "user", "content": {"text": CANARY}}]}),
    ("messages", {"messages": [{"role": "user", "content": "  "}]}),
    ("messages", {"messages": [{"role": "system", "content": CANARY}]}),
    ("messages", {"messages": [{"role": "tool", "tool_call_id": f"{CANARY} ", "content": "x"}]}),
    (
        "messages",
        {"messages": [{"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f", "arguments": CANARY}}]}]},
    ),
    (
        "messages",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{CANARY}!"}}],
                }
            ]
        },
    ),
]


@pytest.mark.parametrize(("param", "fields"), INVALID)
def test_what_no_api_takes_is_refused(param: str, fields: dict[str, Any]) -> None:
    error = refusal(**fields)
    assert (error.code, error.param) == ("invalid_value", param)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.floats(-1, 2) | st.sampled_from(["", "x", "auto", "text"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "a"]), inner, max_size=2),
    max_leaves=4,
)
WORDS = st.text(max_size=6)
PARTS = st.one_of(
    WORDS.map(lambda text: {"type": "text", "text": text}),
    st.just({"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{PNG}"}}),
    JSON,
)
CONTENT = WORDS | st.lists(PARTS, max_size=3) | JSON
MESSAGES = st.one_of(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "user", "system", "developer", "other"]), "content": CONTENT}
    ),
    st.fixed_dictionaries(
        {"role": st.just("assistant"), "content": CONTENT}, optional={"tool_calls": st.lists(st.just(CALL) | JSON)}
    ),
    st.fixed_dictionaries({"role": st.just("tool"), "tool_call_id": st.just("call_1") | JSON, "content": CONTENT}),
)
FIELDS = st.fixed_dictionaries(
    {"messages": st.lists(MESSAGES, min_size=1, max_size=4)},
    optional={
        "tools": st.lists(st.just(WEATHER), max_size=1) | JSON,
        "tool_choice": st.sampled_from(["auto", "none", "required"]) | JSON,
        "temperature": st.floats(0, 1) | JSON,
        "top_p": st.floats(0, 1) | JSON,
        "max_tokens": st.integers(1, 9) | JSON,
        "stop": st.lists(WORDS, max_size=2) | WORDS | JSON,
        "response_format": JSON,
        "metadata": st.dictionaries(WORDS, WORDS, max_size=2) | JSON,
        "service_tier": JSON,
        "reasoning_effort": JSON,
        "logit_bias": JSON,
        "n": JSON,
    },
)


@settings(max_examples=300)
@given(FIELDS)
def test_any_request_is_refused_or_becomes_one_that_the_service_model_allows(fields: dict[str, Any]) -> None:
    given_fields = json.loads(json.dumps(fields))
    body: dict[str, Any] = {}
    refused: set[tuple[int, str]] = set()
    try:
        body = converse_request(fields)
    except GatewayError as error:
        refused = {(error.status, error.code)}
    assert refused <= {(400, "unsupported_parameter"), (400, "invalid_value")}
    if refused:
        return
    assert fields == given_fields, "the request was changed"
    check_request(body, NOVA, stream=False)
