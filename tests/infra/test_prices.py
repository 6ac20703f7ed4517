"""Prices of routes: from the catalogue or the settings, never guessed, and read by the gateway to the micro-dollar."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from catalog.tables import catalogue
from infra.declarations import stack_values
from infra.document import deployment_document
from infra.problems import Problem, SettingsError
from infra.settings import read_settings
from runtime.gateway.deployment import ProviderUpstream, read_deployment
from tests.infra.synthesised import PINNED

ROUTE = {"model": "a", "provider": "openai", "providerModel": "gpt-6-luna"}
LOCAL = {"model": "a", "localModel": "qwen3-4b-instruct-2507-q4_k_m"}
PRICES = {"inputUsdPerMillion": 0.1, "outputUsdPerMillion": 0.5}
IMAGES = {"image_tokens": 36_000, "high_detail_image_tokens": 3_000}
"""The most that the model's row says of one image."""
OWN_SERVER = {"model": "a", "provider": "custom", "providerModel": "my/model"}
CUSTOM = {"providersAllowed": ["custom"], "providerBaseUrls": {"custom": "https://llm.example.com/v1"}}


def document(preset: str = "managed", **changes: Any) -> dict[str, Any]:
    values = {**stack_values(preset), **PINNED, **{f"leanto:{k}": v for k, v in changes.items()}}
    parsed: dict[str, Any] = json.loads(deployment_document(read_settings(values), "team", catalogue()))
    return parsed


def price(**changes: Any) -> dict[str, Any]:
    """Return the price of the only route's managed model."""
    found: dict[str, Any] = document(**changes)["routes"][0]["upstreams"][0]["price"]
    return found


def test_the_price_is_the_catalogues_in_micro_dollars_with_its_tier_and_bounds() -> None:
    assert price() == {
        "input_micro_usd_per_million": 100_000,
        "cached_input_micro_usd_per_million": 10_000,
        "cache_write_micro_usd_per_million": 125_000,
        "output_micro_usd_per_million": 500_000,
        "tier": {
            "above_input_tokens": 272_000,
            "input_micro_usd_per_million": 200_000,
            "cached_input_micro_usd_per_million": 20_000,
            "cache_write_micro_usd_per_million": 250_000,
            "output_micro_usd_per_million": 750_000,
        },
        "context_tokens": 922_000,
        "maximum_output_tokens": 128_000,
        **IMAGES,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"residency": "eu", "region": "eu-central-1"},
        {"providerBaseUrls": {"openai": "https://us.api.openai.com/v1"}},
    ],
    ids=["by residency", "by URL"],
)
def test_a_resident_endpoint_costs_its_surcharge(changes: dict[str, Any]) -> None:
    assert price(**changes)["input_micro_usd_per_million"] == 110_000
    assert price(**changes)["tier"]["output_micro_usd_per_million"] == 825_000


def test_the_price_of_a_route_holds_over_the_catalogues() -> None:
    own = {"inputUsdPerMillion": 0.123456, "outputUsdPerMillion": "2", "maximumOutputTokens": 4096}
    assert price(routes=[{**ROUTE, **own}]) == {
        "input_micro_usd_per_million": 123_456,
        "output_micro_usd_per_million": 2_000_000,
        "context_tokens": 922_000,
        "maximum_output_tokens": 4096,
        **IMAGES,
    }


def test_a_server_of_ones_own_may_cost_nothing_if_somebody_says_so() -> None:
    route = {**OWN_SERVER, "inputUsdPerMillion": 0, "outputUsdPerMillion": 0}
    assert price(**CUSTOM, routes=[route]) == {"input_micro_usd_per_million": 0, "output_micro_usd_per_million": 0}


@pytest.mark.parametrize("row", [row for row in catalogue().managed_models.values() if row.api == "chat-completions"])
def test_each_model_that_a_route_may_name_has_a_price_that_the_gateway_reads(row: Any) -> None:
    route = {"model": "a", "provider": row.provider, "providerModel": row.model}
    urls = {"azure": "https://r.openai.azure.com/openai/v1"} if row.provider == "azure" else {}
    found = document(routes=[route], providersAllowed=[row.provider], providerBaseUrls=urls)
    (upstream,) = read_deployment(found).routes["a"].upstreams
    assert isinstance(upstream, ProviderUpstream)
    assert upstream.price.base.input == row.input_usd_per_million * 1_000_000
    assert upstream.price.base.output == row.output_usd_per_million * 1_000_000
    assert upstream.price.maximum_output_tokens == row.maximum_output_tokens


def test_a_stack_without_providers_may_spend_nothing() -> None:
    assert document("gpu", monthlySpendUsd=7)["limits"]["monthly_spend_micro_usd"] == 0


def problems(**changes: Any) -> tuple[Problem, ...]:
    try:
        document(**changes)
    except SettingsError as error:
        return error.problems
    return ()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": ({**CUSTOM, "routes": [OWN_SERVER]}, "routes[0]"),
    "half": ({**CUSTOM, "routes": [{**OWN_SERVER, "inputUsdPerMillion": 1}]}, "routes[0]"),
    "negative": ({"routes": [{**ROUTE, **PRICES, "inputUsdPerMillion": -1}]}, "routes[0].inputUsdPerMillion"),
    "yes": ({"routes": [{**ROUTE, **PRICES, "inputUsdPerMillion": True}]}, "routes[0].inputUsdPerMillion"),
    "finer than is counted": (
        {"routes": [{**ROUTE, **PRICES, "outputUsdPerMillion": "0.0000001"}]},
        "routes[0].outputUsdPerMillion",
    ),
    "not a number": ({"routes": [{**ROUTE, **PRICES, "outputUsdPerMillion": "NaN"}]}, "routes[0].outputUsdPerMillion"),
    "above all": ({"routes": [{**ROUTE, **PRICES, "outputUsdPerMillion": 10_001}]}, "routes[0].outputUsdPerMillion"),
    "no answer": ({"routes": [{**ROUTE, "maximumOutputTokens": 0}]}, "routes[0].maximumOutputTokens"),
    "of the pool": ({"preset": "gpu", "routes": [{**LOCAL, **PRICES}]}, "routes[0]"),
    "a length of the pool's": ({"preset": "gpu", "routes": [{**LOCAL, "maximumOutputTokens": 9}]}, "routes[0]"),
}


@pytest.mark.parametrize(("changes", "key"), WRONG.values(), ids=WRONG)
def test_a_wrong_price_is_refused_by_its_key(changes: Mapping[str, Any], key: str) -> None:
    assert [problem.key for problem in problems(**changes)] == [f"leanto:{key}"]


def test_an_unknown_price_is_told_what_to_give() -> None:
    (problem,) = problems(**CUSTOM, routes=[OWN_SERVER])
    assert "inputUsdPerMillion and outputUsdPerMillion" in problem.remedy
