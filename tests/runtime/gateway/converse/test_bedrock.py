"""Claim: a stock client gets answers of Bedrock's models, signed by the function's role and paid from the budget.

The stand-in takes only what Bedrock's service model allows, and only with the signature that botocore would make.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.runtime.gateway.conftest import LIMITS, PRICE, Gateway, Provider
from tests.runtime.ledger import Ledger

NOVA = "eu.amazon.nova-lite-v1:0"
QUESTION: list[Any] = [{"role": "user", "content": "canary-prompt what is two and two?"}]
TOOL: Any = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
Start = Callable[..., Gateway]


@pytest.fixture
def start(start_gateway: Start, provider: Provider, tmp_path: Path) -> Start:
    """Start a gateway whose model `nova` is asked by Converse and whose `oss` is by the OpenAI-compatible surface."""
    provider.control(delay_chunk_seconds=0.0, require_key="canary-secret-access-key")

    def start(price: dict[str, Any] = PRICE, **described: Any) -> Gateway:
        bedrock = {"base_url": provider.stand_in.base_url, "auth": "role", **described}
        upstream = {"kind": "provider", "provider": "bedrock", "price": price}
        document = {
            "schema": 2,
            "stack": "demo",
            "limits": LIMITS,
            "providers": {"bedrock": bedrock},
            "routes": [
                {"model": "nova", "created": 1, "upstreams": [{**upstream, "api": "converse", "model": NOVA}]},
                {
                    "model": "lenient",
                    "created": 1,
                    "upstreams": [{**upstream, "api": "converse", "model": NOVA, "drop_unsupported": True}],
                },
                {"model": "oss", "created": 1, "upstreams": [{**upstream, "model": "openai.gpt-oss-20b-1:0"}]},
            ],
        }
        path = tmp_path / "bedrock.json"
        path.write_text(json.dumps(document))
        return start_gateway(variables={"LEANTO_DEPLOYMENT": str(path), "LEANTO_PROVIDER_SECRETS": "{}"})

    return start


def ask(gateway: Gateway, **options: Any) -> Any:
    return gateway.client.chat.completions.create(**{"model": "nova", "messages": QUESTION} | options)


@pytest.mark.parametrize("model", ["nova", "oss"])
def test_an_answer_signed_by_the_role_and_paid_by_its_usage(start: Start, provider: Provider, model: str) -> None:
    gateway = start()
    answer = ask(gateway, model=model, max_tokens=50)
    assert answer.choices[0].message.content.startswith("[simulated] No model was asked.")
    assert answer.choices[0].finish_reason == "length"
    line = gateway.lines()[0]
    assert line["output_tokens"] == provider.counts()["completion_tokens"] == answer.usage.completion_tokens
    assert line["prompt_tokens"] == provider.counts()["prompt_tokens"]
    assert line["cost_micro_usd"] > 0
    assert "cost_estimated" not in line


@pytest.mark.parametrize("wanted", [False, True])
def test_a_stream(start: Start, provider: Provider, wanted: bool) -> None:
    gateway = start()
    options = {"stream_options": {"include_usage": True}} if wanted else {}
    chunks = list(ask(gateway, stream=True, **options))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.endswith("tokens.") or text.startswith("[simulated] No model was asked.")
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert [chunk.usage is not None for chunk in chunks if not chunk.choices] == ([True] if wanted else [])
    line = gateway.lines()[0]
    assert line["output_tokens"] == provider.counts()["completion_tokens"]
    assert "cost_estimated" not in line


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called(start: Start, stream: bool) -> None:
    gateway = start()
    with gateway.client.chat.completions.stream(
        model="nova", messages=QUESTION, tools=[TOOL], tool_choice="required"
    ) as events:
        streamed = events.get_final_completion()
    answer = streamed if stream else ask(gateway, tools=[TOOL], tool_choice="required")
    calls: list[Any] = list(answer.choices[0].message.tool_calls or ())
    (call,) = calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"simulated": True})
    assert answer.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("model", ["nova", "oss"])
def test_another_signature_lets_nobody_in_and_costs_nothing(
    start: Start, provider: Provider, ledger: Ledger, model: str
) -> None:
    gateway = start()
    provider.control(require_key="another-secret")
    with pytest.raises(openai.InternalServerError) as caught:
        ask(gateway, model=model)
    assert caught.value.code == "upstream_access_denied"
    assert gateway.lines()[0].get("cost_micro_usd", 0) == 0
    assert provider.counts()["models"] == {}


def test_what_converse_would_ignore_never_leaves(start: Start, provider: Provider) -> None:
    gateway = start()
    with pytest.raises(openai.BadRequestError) as caught:
        ask(gateway, seed=7)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "seed")
    assert provider.counts()["chat_requests"] == 0
    assert gateway.lines()[0].get("cost_micro_usd", 0) == 0


def test_a_route_may_leave_out_what_converse_would_ignore(start: Start, provider: Provider) -> None:
    assert ask(start(), model="lenient", seed=7).choices[0].finish_reason == "stop"
    assert provider.counts()["models"] == {NOVA: 1}


def test_a_guardrail_is_named_to_bedrock(start: Start, provider: Provider) -> None:
    """The stand-in refuses members that the service model does not know, and a signature over other headers."""
    gateway = start(guardrail={"id": "abc123", "version": "4"})
    for model in ("nova", "oss"):
        assert ask(gateway, model=model).choices[0].finish_reason == "stop"
    assert provider.counts()["guardrails"] == {"abc123:4": 2}


def test_throttling_is_a_rate_limit(start: Start, provider: Provider) -> None:
    gateway = start()
    provider.control(status=429, retry_after_seconds=60)
    with pytest.raises(openai.RateLimitError) as caught:
        ask(gateway)
    assert caught.value.response.headers["retry-after"] == "60"


def test_a_model_that_fails_in_the_stream_is_an_error_and_paid_in_full(start: Start, provider: Provider) -> None:
    gateway = start()
    provider.control(fail_after_chunks=3, delay_chunk_seconds=0.05)
    chunks = iter(ask(gateway, stream=True, max_tokens=50))
    with pytest.raises(openai.APIError, match="The model failed"):
        list(chunks)
    assert gateway.lines()[0]["cost_estimated"] is True


def test_a_stream_that_is_cut_is_an_error(start: Start, provider: Provider) -> None:
    gateway = start()
    provider.control(cut_after_chunks=3, delay_chunk_seconds=0.05)
    with pytest.raises(openai.APIError, match="broke off"):
        list(ask(gateway, stream=True))
    assert gateway.lines()[0]["cost_estimated"] is True


def test_a_failure_at_the_begin_of_a_stream_has_its_own_status(start: Start, provider: Provider) -> None:
    gateway = start()
    provider.control(fail_after_chunks=0)
    with pytest.raises(openai.InternalServerError) as caught:
        ask(gateway, stream=True)
    assert caught.value.status_code == 502


IMAGE: Any = [
    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}
]


def test_an_image_goes_to_converse_where_it_has_a_price(start: Start, provider: Provider) -> None:
    gateway = start(price=PRICE | {"image_tokens": 300_000})
    assert ask(gateway, messages=IMAGE, max_tokens=50).choices
    assert gateway.lines()[0]["cost_micro_usd"] > 0
    named: Any = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}
    ]
    with pytest.raises(openai.BadRequestError) as caught:
        ask(gateway, messages=named, max_tokens=50)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "messages")


def test_an_image_without_a_price_goes_nowhere(start: Start, provider: Provider) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(start(), messages=IMAGE, max_tokens=50)
    assert (caught.value.code, caught.value.param) == ("unpriced_request", "messages")
    assert provider.counts()["chat_requests"] == 0
