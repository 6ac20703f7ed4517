"""The deployment document: what the gateway reads of it, for whatever settings."""

import itertools
import json
from typing import Any

import pytest

from catalog.tables import catalogue
from infra.declarations import stack_values
from infra.document import deployment_document
from infra.settings import MASK_PATTERNS, Settings, read_settings
from runtime.decide.masking import PATTERNS
from runtime.gateway.deployment import LocalUpstream, ProviderUpstream, read_deployment
from tests.infra.synthesised import PINNED, PRESETS


def settings(preset: str, **changes: Any) -> Settings:
    return read_settings(
        {**stack_values(preset), **PINNED, **{f"leanto:{key}": value for key, value in changes.items()}}
    )


def document(preset: str, **changes: Any) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(deployment_document(settings(preset, **changes), "team", catalogue()))
    return parsed


@pytest.mark.parametrize("preset", PRESETS)
def test_the_gateway_reads_the_document_of_each_preset(preset: str) -> None:
    """The one who reads it is the code that runs, so that both sides cannot drift apart."""
    read = read_deployment(document(preset))
    assert read.stack == "team"
    assert list(read.routes) == ["small"]
    kinds = [type(upstream) for upstream in read.routes["small"].upstreams]
    assert (
        kinds
        == {
            "managed": [ProviderUpstream],
            "gpu": [LocalUpstream],
            "hybrid": [LocalUpstream, ProviderUpstream],
        }[preset]
    )


def test_what_is_masked_comes_from_the_settings_and_is_known_to_the_gateway() -> None:
    assert set(MASK_PATTERNS) == set(PATTERNS)
    assert read_deployment(document("managed", maskPatterns=list(MASK_PATTERNS))).routes["small"].masks == MASK_PATTERNS
    assert "masks" not in document("managed")


def test_a_routes_own_masks_go_before_the_stacks() -> None:
    """An empty list of its own is nothing, one that is not given is the stack's."""
    route = {"provider": "openai", "providerModel": "gpt-6-luna"}
    routes = [
        {"model": "own", **route, "maskPatterns": ["key", "iban"]},
        {"model": "none", **route, "maskPatterns": []},
        {"model": "stacks", **route},
    ]
    found = read_deployment(document("managed", maskPatterns=["email"], routes=routes)).routes
    assert {name: read.masks for name, read in found.items()} == {
        "own": ("iban", "key"),
        "none": (),
        "stacks": ("email",),
    }


def test_limits_come_from_the_settings() -> None:
    found = document("managed", maximumRequestBytes=2048, requestTimeoutSeconds=30, monthlySpendUsd=7)
    assert found["limits"] == {
        "request_bytes": 2048,
        "request_timeout_seconds": 30,
        "first_byte_timeout_seconds": 30,
        "monthly_spend_micro_usd": 7_000_000,
    }


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "https://api.openai.com/v1"),
        ({"residency": "eu", "region": "eu-central-1"}, "https://eu.api.openai.com/v1"),
        ({"providerBaseUrls": {"openai": "http://127.0.0.1:9/v1"}}, "http://127.0.0.1:9/v1"),
    ],
    ids=["public", "resident", "of the settings"],
)
def test_a_provider_is_called_where_settings_and_residency_say(changes: dict[str, Any], url: str) -> None:
    provider = document("managed", **changes)["providers"]["openai"]
    assert (provider["base_url"], provider["auth"]) == (url, "bearer")


def test_what_a_provider_says_of_retention_is_told_for_its_own_hosts_only() -> None:
    own, other = (
        document("managed", **changes)["providers"]["openai"].get("retention")
        for changes in ({}, {"providerBaseUrls": {"openai": "https://proxy.example.com/v1"}})
    )
    row = catalogue().providers["openai"]
    assert own == {"days": 30, "training": False, "source": row.retention_source, "date": "2026-11-25"}
    assert other is None


def test_a_local_model_is_named_to_the_byte_with_its_licence() -> None:
    found = document("hybrid")["models"]
    row = catalogue().open_models["qwen3-4b-instruct-2507-q4_k_m"]
    assert found == {
        row.id: {
            "repository": row.repository,
            "revision": row.revision,
            "files": [{"name": row.files[0].name, "bytes": row.files[0].bytes, "sha256": row.files[0].sha256}],
            "licence": "Apache-2.0",
            "engine": "llama.cpp",
            "context_tokens": 8192,
            "slots": 4,
            "kv_bytes_per_token": 147456,
        }
    }
    assert document("managed")["models"] == {}


@pytest.mark.parametrize(
    ("model", "engine", "lacks"), [("qwen3-8b-q4_k_m", "llama.cpp", {}), ("qwen3-8b-awq", "vllm", {"lacks": ["tools"]})]
)
def test_the_gateway_is_told_what_nodes_take(model: str, engine: str, lacks: dict[str, Any]) -> None:
    """How long requests may be, and no tools where the engine, as nodes start it, refuses them."""
    routes = [{"model": "small", "localModel": model}]
    (route,) = document("gpu", gpuModel=model, gpuEngine=engine, routes=routes)["routes"]
    assert route["upstreams"] == [{"kind": "local", "model": model, "context_tokens": 8192, **lacks}]


@pytest.mark.parametrize(
    ("model", "changes", "engine", "slots"),
    [
        ("qwen3-8b-q4_k_m", {}, "llama.cpp", 4),
        ("qwen3-8b-awq", {"gpuEngine": "vllm"}, "vllm", 11),
        ("qwen3-8b-awq", {"gpuEngine": "vllm", "gpuInstanceTypes": ["g6e.xlarge", "g6.xlarge"]}, "vllm", 11),
        ("qwen3-14b-awq", {"gpuEngine": "vllm", "gpuContextTokens": 16384}, "vllm", 3),
        ("qwen3-14b-q4_k_m", {"gpuInstanceTypes": ["g4dn.xlarge"], "gpuContextTokens": 16384}, "llama.cpp", 2),
        ("qwen3-8b-q4_k_m", {"gpuSlots": 9}, "llama.cpp", 9),
    ],
)
def test_slots_are_given_or_as_many_as_fit_the_smallest_gpu(
    model: str, changes: dict[str, Any], engine: str, slots: int
) -> None:
    routes = [{"model": "small", "localModel": model}]
    found = document("gpu", gpuModel=model, routes=routes, **changes)["models"][model]
    assert (found["engine"], found["slots"]) == (engine, slots)
    assert found["context_tokens"] == changes.get("gpuContextTokens", 8192)
    assert len(found["files"]) == (1 if engine == "llama.cpp" else 9)


def test_a_stack_without_providers_names_none() -> None:
    assert document("gpu", providersAllowed=["openai"])["providers"] == {}


def test_the_same_settings_give_the_same_text_whatever_order_they_are_written_in() -> None:
    """Another text would be another layer version, and an update of the gateway for nothing."""
    urls = {"openai": "https://a.example/v1", "google": "https://b.example/v1"}
    tags = {"owner": "a", "cost-centre": "b", "data-class": "c"}
    texts = {
        deployment_document(
            settings(
                "managed",
                providersAllowed=["openai", "google"],
                providerBaseUrls=dict(order),
                tags=dict(reversed(tags.items())),
            ),
            "team",
            catalogue(),
        )
        for order in itertools.permutations(urls.items())
    }
    assert len(texts) == 1


def test_a_model_is_as_old_as_its_row_in_the_catalogue() -> None:
    row = catalogue().managed_models["openai", "gpt-6-luna"]
    created = document("managed")["routes"][0]["created"]
    assert created % 86400 == 0
    assert created == (row.date - row.date.fromtimestamp(0).replace(1970, 1, 1)).days * 86400


def test_what_a_provider_does_with_fields_reaches_the_gateway() -> None:
    routes = [{"model": "a", "provider": "anthropic", "providerModel": "claude-haiku-4-5", "dropUnsupported": True}]
    routes.append({"model": "b", "provider": "openai", "providerModel": "gpt-6-luna"})
    found = read_deployment(document("managed", routes=routes, providersAllowed=["anthropic", "openai"]))
    assert found.providers["openai"].fields.renamed == {"max_tokens": "max_completion_tokens"}
    assert found.providers["openai"].fields.unsupported == ()
    assert {"response_format", "tools[].function.strict"} <= set(found.providers["anthropic"].fields.unsupported)
    assert found.providers["anthropic"].fields.maxima == {"temperature": 1}
    upstreams = [found.routes[name].upstreams[0] for name in ("a", "b")]
    assert [isinstance(one, ProviderUpstream) and one.drops for one in upstreams] == [True, False]


def test_models_are_asked_where_they_answer() -> None:
    prices = {"inputUsdPerMillion": 1, "outputUsdPerMillion": 1}
    routes = [
        {"model": "a", "provider": "openai", "providerModel": "text-embedding-3-small"},
        {"model": "b", "provider": "openai", "providerModel": "gpt-6-luna"},
        {"model": "c", "provider": "custom", "providerModel": "m", **prices},
    ]
    urls = {"custom": "https://llm.example.com/v1"}
    found = document("managed", routes=routes, providersAllowed=["openai", "custom"], providerBaseUrls=urls)
    upstreams = [route.upstreams[0] for route in read_deployment(found).routes.values()]
    assert [sorted(one.endpoints) for one in upstreams if isinstance(one, ProviderUpstream)] == [
        ["embeddings"],
        ["chat/completions", "responses"],
        ["chat/completions", "completions", "embeddings", "responses"],
    ]


def test_images_cost_what_the_catalogue_says_and_go_by_address_only_to_the_provider_s_own_hosts() -> None:
    routes = [
        {"model": "a", "provider": "openai", "providerModel": "gpt-6-luna"},
        {"model": "b", "provider": "google", "providerModel": "gemini-3.8-flash"},
        {"model": "c", "provider": "openai", "providerModel": "gpt-6.1-terra"},
    ]
    more: dict[str, Any] = {"routes": routes, "providersAllowed": ["openai", "google"]}
    found = read_deployment(document("managed", **more))
    prices = [route.upstreams[0].price for route in found.routes.values()]  # type: ignore[union-attr]
    assert [price.image_tokens for price in prices] == [36_000, 2_240, None]
    assert [price.high_detail_image_tokens for price in prices] == [3_000, None, None]
    assert {name: one.image_addresses for name, one in found.providers.items()} == {"openai": True, "google": False}
    elsewhere = {"openai": "https://llm.example.com/v1"}
    moved = read_deployment(document("managed", providerBaseUrls=elsewhere, **more))
    assert moved.providers["openai"].image_addresses is False
