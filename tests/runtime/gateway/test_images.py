"""Claim: images pass where their price is known, reserved at the most for one and charged by the usage; else not."""

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest

from runtime.decide.fields import FieldRules
from runtime.decide.prices import Price, Rates
from runtime.decide.routing import IMAGE_ADDRESSES, IMAGE_PRICES
from runtime.gateway.chat_request import read_chat_request
from runtime.gateway.deployment import CONVERSE, ProviderUpstream
from runtime.gateway.deployment import Provider as DeployedProvider
from runtime.gateway.rate_limits import IMAGE_TOKENS, _tokens
from tests.runtime.gateway.conftest import PRICE, Gateway, Provider
from tests.runtime.ledger import Ledger

DATA = "data:image/png;base64," + "iVBORw0KGgoA" * 2_000
ADDRESS = "https://example.com/canary-prompt.png"
PRICED = PRICE | {"image_tokens": 20_000, "low_detail_image_tokens": 100}
BOTH = ["chat/completions", "responses"]


def ask(gateway: Gateway, url: str = DATA, model: str = "small", detail: str = "auto") -> Any:
    image = {"type": "image_url", "image_url": {"url": url, "detail": detail}}
    content: Any = [{"type": "text", "text": "what is this?"}, image]
    return gateway.client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": content}], max_completion_tokens=100
    )


@pytest.fixture
def priced(start_gateway: Callable[..., Gateway], provider: Provider) -> Gateway:
    return start_gateway(price=PRICED)


def test_an_image_passes_and_is_charged_by_the_usage(priced: Gateway, provider: Provider, ledger: Ledger) -> None:
    answer = ask(priced)
    assert answer.choices[0].message.content.startswith("[simulated]")
    (line,) = priced.lines()
    counts = provider.counts()
    billed = -(-(counts["prompt_tokens"] * 100_000 + counts["completion_tokens"] * 500_000) // 1_000_000)
    assert (line["status"], line["cost_micro_usd"]) == (200, billed)
    assert ledger.books()["committed"] == billed


@pytest.mark.parametrize(("detail", "passes"), [("auto", False), ("high", False), ("low", True)])
def test_what_is_put_aside_is_the_most_for_one_image_and_not_its_bytes(
    start_gateway: Callable[..., Gateway], provider: Provider, detail: str, passes: bool
) -> None:
    """20,000 tokens are 2,000 micro-dollars; the base64 would be 2,400; text, overhead and answer are less than 400."""
    gateway = start_gateway(price=PRICED, monthly_spend_micro_usd=600)
    if passes:
        ask(gateway, detail=detail)
        return
    with pytest.raises(openai.RateLimitError) as caught:
        ask(gateway, detail=detail)
    assert caught.value.code == "budget_exceeded"
    assert provider.counts()["chat_requests"] == 0


def test_a_model_without_a_price_of_images_is_not_sent_any(gateway: Gateway, provider: Provider) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(gateway)
    assert (caught.value.code, caught.value.param) == ("unpriced_request", "messages")
    assert "nobody knows here what images cost" in str(caught.value)
    assert provider.counts()["chat_requests"] == 0


def test_an_image_by_its_address_goes_to_who_fetches_images(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    assert ask(start_gateway(price=PRICED, image_addresses=True), ADDRESS).choices
    assert provider.counts()["chat_requests"] == 1


def test_an_image_by_its_address_goes_to_nobody_else(priced: Gateway, provider: Provider) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(priced, ADDRESS)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "messages")
    assert "canary" not in str(caught.value)
    assert provider.counts()["chat_requests"] == 0


def test_an_image_goes_on_to_the_upstream_that_has_a_price_for_it(
    start_gateway: Callable[..., Gateway], provider: Provider, backup: Provider
) -> None:
    upstreams = [
        {"provider": "acme", "base_url": provider.stand_in.base_url},
        {"provider": "second", "base_url": backup.stand_in.base_url, "price": PRICED},
    ]
    gateway = start_gateway(upstreams=upstreams)
    ask(gateway, model="several")
    (line,) = gateway.lines()
    assert (line["upstream"], line["attempts"]) == ("second/gpt-6-luna", 1)
    assert "images" in line["overflow"]


@pytest.mark.parametrize("price", [PRICED, PRICE], ids=["priced", "unpriced"])
def test_the_responses_api_takes_images_at_the_same_price(
    start_gateway: Callable[..., Gateway], provider: Provider, price: dict[str, Any]
) -> None:
    upstream = {"provider": "acme", "base_url": provider.stand_in.base_url, "endpoints": BOTH}
    image: Any = [{"role": "user", "content": [{"type": "input_image", "image_url": DATA, "detail": "low"}]}]
    gateway = start_gateway(upstreams=[upstream], price=price)
    if price is PRICED:
        assert gateway.client.responses.create(model="several", input=image).status == "completed"
        return
    with pytest.raises(openai.BadRequestError) as caught:
        gateway.client.responses.create(model="several", input=image)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "input")
    assert provider.counts()["chat_requests"] == 0


def test_an_image_counts_the_same_in_a_key_s_minute_until_its_usage_is_told() -> None:
    image = {"type": "image_url", "image_url": {"url": DATA}}
    bodies = [{"model": "m", "messages": [{"role": "user", "content": [image] * count}]} for count in (0, 2)]
    none, two = (_tokens(read_chat_request(json.dumps(body).encode())) for body in bodies)
    assert 2 * IMAGE_TOKENS < two - none < 2 * IMAGE_TOKENS + 500


def test_converse_has_no_place_for_an_address() -> None:
    provider = DeployedProvider("bedrock", "https://b", "role", None, FieldRules(), image_addresses=True)
    price = Price(Rates(1, 1), image_tokens=1)
    assert IMAGE_ADDRESSES in ProviderUpstream(provider, "m", price, api=CONVERSE).target.lacks
    lacks = ProviderUpstream(provider, "m", price).target.lacks
    assert not lacks & {IMAGE_ADDRESSES, IMAGE_PRICES}
