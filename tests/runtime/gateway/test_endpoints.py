"""Claim: embeddings and plain completions pass as chat requests do, each at its own price, only where served."""

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest

from tests.runtime.gateway.conftest import Gateway, Provider

MESSAGES = [{"role": "user", "content": "a"}]
BOTH = ["completions", "embeddings"]
PROMPT = "canary-prompt: what is the capital of France?"


@pytest.fixture
def served(start_gateway: Callable[..., Gateway], provider: Provider) -> Gateway:
    """A gateway whose route `several` leads to a model that answers at both paths, and at no other."""
    return start_gateway(upstreams=[{"provider": "acme", "base_url": provider.stand_in.base_url, "endpoints": BOTH}])


def test_embeddings_come_back_and_cost_what_their_prompt_does(served: Gateway) -> None:
    raw = served.client.embeddings.with_raw_response.create(
        model="several", input=[PROMPT, "b"], encoding_format="float"
    )
    answer = raw.parse()
    assert [len(one.embedding) for one in answer.data] == [8, 8]
    assert answer.usage.total_tokens == answer.usage.prompt_tokens > 0
    (line,) = served.lines()
    assert (line["route"], line["status"]) == ("POST /embeddings", 200)
    assert line["cost_micro_usd"] == -(-answer.usage.prompt_tokens * 100_000 // 1_000_000)
    assert line["prompt_tokens"] == answer.usage.prompt_tokens
    assert "cost_estimated" not in line


@pytest.mark.parametrize("stream", [False, True])
def test_a_plain_completion_comes_back_and_is_charged_by_its_usage(
    served: Gateway, provider: Provider, stream: bool
) -> None:
    answer = served.client.completions.create(model="several", prompt=PROMPT, max_tokens=50, stream=stream)
    texts = [one.choices[0].text for one in answer] if stream else [answer.choices[0].text]  # type: ignore[union-attr]
    assert "".join(texts).startswith("[simulated]")
    (line,) = served.lines()
    counts = provider.counts()
    billed = counts["prompt_tokens"] * 100_000 + counts["completion_tokens"] * 500_000
    assert line["cost_micro_usd"] == -(-billed // 1_000_000) > 0
    assert "cost_estimated" not in line


@pytest.mark.parametrize(
    ("model", "ask"),
    [
        ("several", lambda client: client.chat.completions.create(model="several", messages=MESSAGES)),
        ("small", lambda client: client.embeddings.create(model="small", input="a")),
        ("small", lambda client: client.completions.create(model="small", prompt="a")),
    ],
)  # fmt: skip
def test_a_model_is_asked_only_at_the_paths_where_it_answers(
    served: Gateway, provider: Provider, model: str, ask: Callable[[openai.OpenAI], Any]
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(served.client)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "model")
    assert model in str(caught.value)
    assert (provider.counts()["chat_requests"], provider.counts()["models"]) == (0, {})


@pytest.mark.parametrize(
    ("path", "fields", "param"),
    [
        ("embeddings", {}, "input"),
        ("embeddings", {"input": [{"type": "image_url"}]}, "input"),
        ("embeddings", {"input": "a", "stream": True}, "stream"),
        ("completions", {"prompt": {"a": 1}}, "prompt"),
        ("completions", {"prompt": "a", "best_of": 0}, "best_of"),
    ],
)
def test_what_is_no_such_request_is_refused(served: Gateway, path: str, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        served.client.post(f"/{path}", cast_to=object, body={"model": "several", **fields})
    assert caught.value.param == param
    assert json.dumps(caught.value.body)
