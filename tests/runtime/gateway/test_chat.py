"""Claim: a stock `openai` client gets a provider's answer through the gateway, unchanged, and errors it understands."""

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import openai
import pytest

from tests.runtime.gateway.conftest import PROVIDER_KEY, Gateway, Provider

PROMPT = "canary-prompt: what is the capital of France?"
MESSAGES = [{"role": "user", "content": PROMPT}]


def ask(gateway: Gateway, **options: Any) -> Any:
    return gateway.client.chat.completions.create(**{"model": "small", "messages": MESSAGES} | options)


def test_an_answer_comes_back_with_usage_ids_and_the_upstream_named(gateway: Gateway, provider: Provider) -> None:
    raw = gateway.client.chat.completions.with_raw_response.create(model="small", messages=MESSAGES)
    answer = raw.parse()
    assert answer.choices[0].message.content.startswith("[simulated]")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    assert raw.headers.get_list("x-request-id") == ["request-of-the-front"]
    assert raw.headers["x-upstream-request-id"].startswith("req_simulated_")
    assert raw.headers["x-leanto-upstream"] == "acme/gpt-6-luna"
    assert raw.headers["x-leanto-simulated"] == "true"
    assert provider.counts()["models"] == {"gpt-6-luna": 1}


def test_a_stream_arrives_piece_by_piece_and_ends_with_usage(gateway: Gateway, provider: Provider) -> None:
    provider.control(delay_chunk_seconds=0.03)
    times, text, usage = [], "", None
    for chunk in ask(gateway, stream=True, stream_options={"include_usage": True}):
        times.append(time.monotonic())
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        usage = chunk.usage or usage
    assert text.startswith("[simulated]")
    assert usage is not None
    assert usage.completion_tokens > 0
    gaps = sorted(later - earlier for earlier, later in pairwise(times))
    assert gaps[len(gaps) // 2] > 0.02


def test_a_stream_without_include_usage_has_no_usage_chunk(gateway: Gateway) -> None:
    assert all(chunk.usage is None and chunk.choices for chunk in ask(gateway, stream=True))


def test_the_public_models_are_listed(gateway: Gateway) -> None:
    models = gateway.client.models.list().data
    assert [(model.id, model.created, model.owned_by) for model in models] == [
        ("small", 1_700_000_000, "demo"),
        ("mixed", 1_700_000_001, "demo"),
        ("own", 1_700_000_002, "demo"),
    ]


def test_an_unknown_model_is_not_found(gateway: Gateway) -> None:
    with pytest.raises(openai.NotFoundError) as error:
        ask(gateway, model="gpt-6-luna")
    assert error.value.code == "model_not_found"
    assert error.value.param == "model"


def test_a_key_for_some_models_sees_and_uses_only_those(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    caller = {"keyId": "k", "team": "t", "name": "n", "models": '["mixed"]'}
    gateway = start_gateway(caller=caller)
    assert [model.id for model in gateway.client.models.list().data] == ["mixed"]
    with pytest.raises(openai.NotFoundError) as error:
        ask(gateway, model="small")
    assert error.value.code == "model_not_found"
    assert ask(gateway, model="mixed").choices[0].finish_reason == "stop"
    assert provider.counts()["models"] == {"gpt-6-luna": 1}


@pytest.mark.parametrize("caller", [None, {}, {"team": "t", "models": "*"}, {"keyId": "k", "team": "t"}])
def test_a_request_without_a_whole_identity_is_refused(
    start_gateway: Callable[..., Gateway], provider: Provider, caller: dict[str, str] | None
) -> None:
    gateway = start_gateway(caller=caller)
    for call in (lambda: ask(gateway), gateway.client.models.list):
        with pytest.raises(openai.AuthenticationError):
            call()
    assert provider.counts()["chat_requests"] == 0


def test_a_local_upstream_is_passed_over_for_the_next(gateway: Gateway) -> None:
    raw = gateway.client.chat.completions.with_raw_response.create(model="mixed", messages=MESSAGES)
    assert raw.headers["x-leanto-upstream"] == "acme/gpt-6-luna"
    assert [line["overflow"] for line in gateway.lines()] == ["local/qwen3-4b: no node of the pool serves"]


def test_a_model_with_local_upstreams_only_is_unavailable_with_the_reason(gateway: Gateway) -> None:
    with pytest.raises(openai.InternalServerError) as error:
        ask(gateway, model="own")
    assert (error.value.status_code, error.value.code) == (503, "local_unavailable")
    assert error.value.response.headers["retry-after"] == "60"
    assert "GPU pool" in error.value.message


def test_a_provider_that_wants_its_key_in_api_key_gets_it_there(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    provider.control(require_key=PROVIDER_KEY, delay_chunk_seconds=0.0)
    assert ask(start_gateway(auth="api-key")).choices


def test_other_paths_and_methods_are_refused_in_openai_shape(gateway: Gateway) -> None:
    with pytest.raises(openai.NotFoundError) as error:
        gateway.client.moderations.create(model="small", input="x")
    assert error.value.code == "unknown_url"
    with pytest.raises(openai.APIStatusError) as error:
        gateway.client.get("/chat/completions", cast_to=object)
    assert error.value.status_code == 405
    assert error.value.code == "method_not_supported"


def test_each_request_leaves_one_line_that_tells_all_but_the_content(gateway: Gateway) -> None:
    ask(gateway)
    list(ask(gateway, stream=True))
    with pytest.raises(openai.NotFoundError):
        ask(gateway, model="canary-model")
    lines = gateway.lines(3)
    assert [line["status"] for line in lines] == [200, 200, 404]
    for line in lines:
        assert line["event"] == "request"
        assert (line["key_id"], line["team"]) == ("keyid2345abc", "search")
        assert line["route"] == "POST /chat/completions"
        assert line["request_bytes"] > 50
    assert (lines[0]["model"], lines[0]["upstream"]) == ("small", "acme/gpt-6-luna")
    assert lines[1]["response_bytes"] > 1000
    assert lines[2]["error"] == "model_not_found"
    assert "canary" not in str(lines)
