"""Claim: a deployment document is read whole, and one that does not fit is refused at start with file and key named."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.decide.prices import Price, Rates
from runtime.errors import ConfigurationError
from runtime.gateway.deployment import (
    Limits,
    LocalUpstream,
    Provider,
    ProviderUpstream,
    load_deployment,
    read_deployment,
)
from runtime.gateway.upstreams import local_target

PRICE: dict[str, Any] = {
    "input_micro_usd_per_million": 100_000,
    "cached_input_micro_usd_per_million": 10_000,
    "cache_write_micro_usd_per_million": 125_000,
    "output_micro_usd_per_million": 500_000,
    "tier": {
        "above_input_tokens": 272_000,
        "input_micro_usd_per_million": 200_000,
        "output_micro_usd_per_million": 750_000,
    },
    "context_tokens": 922_000,
    "maximum_output_tokens": 128_000,
}

DOCUMENT: dict[str, Any] = {
    "schema": 2,
    "stack": "demo",
    "mode": "hybrid",
    "limits": {
        "request_bytes": 1000,
        "request_timeout_seconds": 60,
        "first_byte_timeout_seconds": 20,
        "monthly_spend_micro_usd": 5_000_000,
    },
    "providers": {"openai": {"base_url": "https://api.openai.com/v1/", "auth": "bearer"}},
    "routes": [
        {
            "model": "small",
            "created": 1_700_000_000,
            "upstreams": [
                {"kind": "local", "model": "qwen3-4b"},
                {"kind": "provider", "provider": "openai", "model": "gpt-6-luna", "price": PRICE},
            ],
        }
    ],
}


@pytest.mark.parametrize("fields", [{}, {"lacks": ["tools"], "context_tokens": 8192}])
def test_what_nodes_do_not_take_is_what_routing_looks_at(fields: dict[str, object]) -> None:
    local = {**DOCUMENT["routes"][0]["upstreams"][0], **fields}
    routes = [{**DOCUMENT["routes"][0], "upstreams": [local]}]
    (upstream,) = read_deployment({**DOCUMENT, "routes": routes}).routes["small"].upstreams
    assert isinstance(upstream, LocalUpstream)
    target = local_target(upstream, "", 0.0)
    assert ("tools" in target.lacks) is bool(fields)
    assert "vision" in target.lacks
    assert target.context_tokens == fields.get("context_tokens")


def test_a_document_is_read_whole() -> None:
    deployment = read_deployment(DOCUMENT)
    openai = Provider("openai", "https://api.openai.com/v1", "bearer")
    assert deployment.stack == "demo"
    assert deployment.limits == Limits(1000, 60.0, 20.0, 5_000_000)
    assert deployment.providers == {"openai": openai}
    route = deployment.routes["small"]
    price = Price(
        base=Rates(100_000, 500_000, cached_input=10_000, cache_write=125_000),
        tier=Rates(200_000, 750_000),
        tier_above_input_tokens=272_000,
        context_tokens=922_000,
        maximum_output_tokens=128_000,
    )
    assert route.upstreams == (LocalUpstream("qwen3-4b"), ProviderUpstream(openai, "gpt-6-luna", price))
    assert [upstream.name for upstream in route.upstreams] == ["local/qwen3-4b", "openai/gpt-6-luna"]


def change(path: list[str | int], value: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "parts"),
    [
        (["schema"], 1, ["schema is 1", "reads 2"]),
        (["providers", "openai", "base_url"], "http://api.openai.com/v1", ["providers.openai.base_url", "https://"]),
        (["providers", "openai", "base_url"], "ftp://127.0.0.1/", ["providers.openai.base_url"]),
        (["providers", "openai", "base_url"], "http://127.0.0.1.evil.example/", ["providers.openai.base_url"]),
        (["providers", "openai", "auth"], "basic", ["providers.openai.auth", "'basic'", "bearer, api-key or role"]),
        (["routes", 0, "upstreams", 1, "api"], "converse", ["route small", "'converse'", "whose auth is role"]),
        (["routes", 0, "upstreams", 1, "provider"], "azure", ["route small", "'azure'"]),
        (["routes", 0, "upstreams", 0, "kind"], "magic", ["route small", "'magic'", "provider or local"]),
    ],
)
def test_what_does_not_fit_is_named(path: list[str | int], value: Any, parts: list[str]) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_deployment(change(path, value))
    assert all(part in str(error.value) for part in parts), error.value


@pytest.mark.parametrize(
    "path",
    [
        ["limits", "monthly_spend_micro_usd"],
        ["routes", 0, "upstreams", 1, "price"],
        ["routes", 0, "upstreams", 1, "price", "input_micro_usd_per_million"],
        ["routes", 0, "upstreams", 1, "price", "tier", "output_micro_usd_per_million"],
    ],
    ids=lambda path: str(path[-1]),
)
def test_without_a_limit_or_a_price_there_is_no_gateway(path: list[str | int]) -> None:
    """What is not known is neither free nor without limit."""
    document = change(path, None)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    with pytest.raises(KeyError, match=str(path[-1])):
        read_deployment(document)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:9"])
def test_plain_http_is_for_loopback(host: str) -> None:
    document = change(["providers", "openai", "base_url"], f"http://{host}/v1")
    assert read_deployment(document).providers["openai"].base_url == f"http://{host}/v1"


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.write_text("{"), "is not JSON"),
        (lambda path: path.write_bytes(b"\xff"), "is not JSON"),
        (lambda path: path.write_text(json.dumps({"schema": 2, "stack": "s"})), "has no key 'limits'"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, make: Callable[[Path], Any], part: str) -> None:
    path = tmp_path / "deployment.json"
    make(path)
    with pytest.raises(ConfigurationError, match=r"deployment\.json") as error:
        load_deployment(path)
    assert part in str(error.value)
