"""Fallbacks of routes: wrong ones are told, right ones stand in the document in order with price, place and lacks."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.settings import ABILITIES
from policies import stack as policy_stack
from policies.gateway_config import DOCUMENT_NAME, LAYER, routes, upstreams
from policies.reading import Block
from policies.rule import Problem
from policies.rules.governance import fallback_residency
from runtime.decide.routing import ABILITIES as ROUTED_ABILITIES
from runtime.gateway.deployment import ProviderUpstream, read_deployment
from tests.infra.test_document import document
from tests.infra.test_settings import problem_keys
from tests.infra.wrong_settings import GPU, LOCAL, ROUTE

OTHER = {"provider": "openai", "providerModel": "gpt-6-sol"}


def fallbacks(*given: Mapping[str, Any]) -> dict[str, Any]:
    return {"routes": [{**ROUTE, "fallbacks": list(given)}]}


OTHERS = [
    {"provider": "google", "providerModel": "gemini-2.5-flash", "lacks": ["vision", "tools"]},
    {"provider": "custom", "providerModel": "own/model", "inputUsdPerMillion": 1, "outputUsdPerMillion": 2},
]
SEVERAL = {
    "routes": [{"model": "small", "provider": "openai", "providerModel": "gpt-6-luna", "fallbacks": OTHERS}],
    "providersAllowed": ["openai", "google", "custom"],
    "providerBaseUrls": {"custom": "https://llm.example.com/v1", "openai": "https://eu.api.openai.com/v1"},
}


WRONG: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a fallback without a model": (fallbacks({"provider": "openai"}), {"routes[0].fallbacks[0].providerModel"}),
    "a fallback's unknown model": (
        fallbacks({**OTHER, "providerModel": "x"}),
        {"routes[0].fallbacks[0].providerModel"},
    ),
    "a fallback that is not allowed": (
        fallbacks({"provider": "google", "providerModel": "gemini-2.5-flash"}),
        {"routes[0].fallbacks[0].provider"},
    ),
    "a fallback of its own price by half": (
        fallbacks({**OTHER, "inputUsdPerMillion": 1}),
        {"routes[0].fallbacks[0]"},
    ),
    "a fallback to the same": (
        fallbacks({"provider": "openai", "providerModel": "gpt-6-luna"}),
        {"routes[0].fallbacks"},
    ),
    "a fallback twice": (fallbacks(OTHER, OTHER), {"routes[0].fallbacks[1]"}),
    "a fallback behind nothing": (
        {**GPU, "mode": "hybrid", "routes": [{**LOCAL, "fallbacks": [OTHER]}]},
        {"routes[0].fallbacks"},
    ),
    "a lack that there is not": ({"routes": [{**ROUTE, "lacks": ["taste"]}]}, {"routes[0].lacks[0]"}),
    "a lack of the pool's": ({**GPU, "routes": [{**LOCAL, "lacks": ["tools"]}]}, {"routes[0]"}),
}


@pytest.mark.parametrize(("changes", "keys"), WRONG.values(), ids=WRONG)
def test_a_wrong_fallback_has_exactly_its_problem(changes: Mapping[str, Any], keys: set[str]) -> None:
    assert problem_keys(**changes) == keys


def test_fallbacks_follow_their_routes_model_each_with_its_price_place_and_lacks() -> None:
    first, second, third = read_deployment(document("managed", **SEVERAL)).routes["small"].upstreams
    assert isinstance(first, ProviderUpstream)
    assert isinstance(second, ProviderUpstream)
    assert isinstance(third, ProviderUpstream)
    assert [one.name for one in (first, second, third)] == [
        "openai/gpt-6-luna",
        "google/gemini-2.5-flash",
        "custom/own/model",
    ]
    assert [(one.place, one.lacks) for one in (first, second, third)] == [
        ("eu", frozenset()),
        ("", frozenset({"tools", "vision"})),
        ("", frozenset()),
    ]
    assert (third.price.base.input, third.price.base.output) == (1_000_000, 2_000_000)
    assert first.price.base.input == 110_000, "its resident endpoint is dearer"


def test_a_host_that_nobody_knows_is_where_the_stacks_residency_says() -> None:
    """Whoever sets the residency and the URL answers for it, as the deployment of Azure's does."""
    urls = {"azure": "https://r.openai.azure.com/openai/v1", "custom": "https://llm.example.com/v1"}
    prices = {"inputUsdPerMillion": 1, "outputUsdPerMillion": 2}
    azure = {"model": "a", "provider": "azure", "providerModel": "gpt-6-luna", **prices}
    routes = [azure | {"fallbacks": [{"provider": "custom", "providerModel": "m", **prices}]}]
    changes = {"providersAllowed": ["azure", "custom"], "providerBaseUrls": urls, "routes": routes}
    for residency, place in (("any", None), ("eu", "eu")):
        found = document("managed", **changes, residency=residency, region="eu-central-1")
        assert [one.get("place") for one in found["routes"][0]["upstreams"]] == [place, place]


def test_what_a_model_may_lack_is_what_the_gateway_looks_for() -> None:
    assert ABILITIES == ROUTED_ABILITIES


def test_the_rules_about_places_read_the_fallbacks() -> None:
    """A fallback that promises less of where requests stay is found in the document that is deployed."""
    found = Block(document("managed", **SEVERAL), "document")
    (route,) = routes(found)
    assert [(row.provider, row.model) for row in upstreams(route.block(), found)] == [
        ("openai", "gpt-6-luna"),
        ("google", "gemini-2.5-flash"),
        ("custom", "own/model"),
    ]
    assets = {DOCUMENT_NAME: {"text": json.dumps(found.raw)}}
    item = policy_stack.item("urn", LAYER, "document", {"code": {"assets": assets}})
    told = fallback_residency.check(item, policy_stack.Settings(profile="eu"))
    paths = [one.path for one in told if isinstance(one, Problem)]
    assert [path.rpartition("routes[0].")[2] for path in paths] == ["upstreams[1].provider", "upstreams[2].provider"]
