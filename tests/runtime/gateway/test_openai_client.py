"""Claim: the stock `openai` client works through the gateway as with OpenAI: every call, error class and retry."""

import time
from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest

from tests.runtime.gateway.client_suite import BASE, EMBEDDER, PLAIN, Endpoint
from tests.runtime.gateway.conftest import PRICE, Gateway, Provider
from tests.runtime.gateway.endpoint_suite import CHECKS

TALKER = "talker"
ANSWERED_AT = {EMBEDDER: "embeddings", PLAIN: "completions", TALKER: "responses"}


@pytest.fixture
def endpoint(start_gateway: Callable[..., Gateway], provider: Provider) -> Endpoint:
    """A gateway with a model for each endpoint."""

    def control(**faults: Any) -> None:
        provider.control(**{"delay_chunk_seconds": 0.0} | faults)

    upstream = {"kind": "provider", "provider": "acme", "model": "gpt-6-luna", "price": PRICE}
    more = [
        {"model": model, "created": 1_700_000_009, "upstreams": [upstream | {"endpoints": [path]}]}
        for model, path in ANSWERED_AT.items()
    ]
    gateway = start_gateway(more_routes=more)
    control()
    models = ("small", "mixed", "own", *ANSWERED_AT)
    return Endpoint(f"{gateway.url}/v1", "sk-lt-x", models, TALKER, control, gateway.clients)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_client_finds_what_it_would_at_openai(check: Callable[[Endpoint], None], endpoint: Endpoint) -> None:
    check(endpoint)


def test_a_model_is_found_also_where_the_front_leaves_its_slash_encoded(endpoint: Endpoint) -> None:
    name = PLAIN.replace("/", "%252F")  # the server undoes it once
    assert endpoint.client().get(f"/models/{name}", cast_to=openai.types.Model).id == PLAIN


def test_a_model_that_the_key_is_not_for_is_not_found(start_gateway: Callable[..., Gateway]) -> None:
    client = start_gateway(caller={"keyId": "k", "team": "t", "name": "n", "models": '["mixed"]'}).client
    assert client.models.retrieve("mixed").id == "mixed"
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("small")
    assert missing.value.code == "model_not_found"


def ask(gateway: Gateway, **options: Any) -> Any:
    return gateway.client.chat.completions.create(**BASE | options)


def with_retries(gateway: Gateway, times: int) -> openai.OpenAI:
    client = gateway.client.with_options(max_retries=times)
    gateway.clients.append(client)
    return client


def test_no_key_is_an_authentication_error(start_gateway: Callable[..., Gateway], provider: Provider) -> None:
    with pytest.raises(openai.AuthenticationError) as error:
        ask(start_gateway(caller=None))
    assert (error.value.status_code, error.value.code) == (401, "invalid_api_key")


def test_a_spent_budget_is_a_rate_limit_error_that_is_not_repeated(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    gateway = start_gateway(monthly_spend_micro_usd=1)
    begun = time.monotonic()
    with pytest.raises(openai.RateLimitError) as error:
        with_retries(gateway, 5).chat.completions.create(**BASE)
    assert error.value.code == "budget_exceeded"
    assert time.monotonic() - begun < 0.4
    assert len(gateway.lines()) == 1


def test_what_is_waited_for_is_asked_twice_and_no_more(gateway: Gateway, provider: Provider) -> None:
    """More than the gateway's own patience is left, so it or the client has to wait the second, and then succeed."""
    provider.control(status=429, retry_after_seconds=1, times=1, delay_chunk_seconds=0.0)
    assert with_retries(gateway, 1).chat.completions.create(**BASE).choices[0].finish_reason == "stop"
    assert provider.counts()["statuses"] == {"429": 1, "200": 1}


def test_a_client_that_does_not_wait_long_enough_times_out(gateway: Gateway, provider: Provider) -> None:
    provider.control(delay_first_byte_seconds=5)
    with pytest.raises(openai.APITimeoutError):
        gateway.client.chat.completions.create(**BASE, timeout=httpx2.Timeout(0.3))


def test_the_id_of_an_answer_is_that_of_the_front(gateway: Gateway, provider: Provider) -> None:
    assert ask(gateway)._request_id == "request-of-the-front"
    provider.control(status=404)
    with pytest.raises(openai.NotFoundError) as error:
        ask(gateway)
    assert error.value.request_id == "request-of-the-front"


def test_messages_that_are_no_list_are_a_bad_request(gateway: Gateway) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        ask(gateway, messages="hello")
    assert (error.value.param, error.value.type) == ("messages", "invalid_request_error")


def test_usage_is_the_providers_to_the_token(gateway: Gateway, provider: Provider) -> None:
    usage = ask(gateway, n=2).usage
    counts = provider.counts()
    assert (usage.prompt_tokens, usage.completion_tokens) == (counts["prompt_tokens"], counts["completion_tokens"])
    price = usage.prompt_tokens * PRICE["input_micro_usd_per_million"]
    price += usage.completion_tokens * PRICE["output_micro_usd_per_million"]
    (line,) = gateway.lines()
    assert line["cost_micro_usd"] == -(-price // 1_000_000)
