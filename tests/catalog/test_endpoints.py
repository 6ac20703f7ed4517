"""Where requests to the hosts of providers are processed, and until when their models are served."""

import datetime as dt

import pytest

from catalog.endpoints import destination, geography
from catalog.lifecycle import known_since, shuts_down
from catalog.tables import catalogue


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://eu.api.openai.com/v1", "eu"),
        ("https://EU.API.OPENAI.COM./v1", "eu"),
        ("https://api.openai.com/v1", "any"),
        ("https://api.anthropic.com/v1", "any"),
        ("https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1", "eu"),
        ("https://bedrock-runtime.eu-west-2.amazonaws.com", "any"),
        ("https://bedrock-runtime.eu-central-2.amazonaws.com", "any"),
        ("https://bedrock-runtime.us-east-1.amazonaws.com", "us"),
        ("https://team.openai.azure.com/openai/v1", "deployment"),
        ("https://aiplatform.eu.rep.googleapis.com", "eu"),
        ("https://api.eu.mistral.ai/v1", "eu"),
        ("https://api.mistral.ai/v1", "any"),
    ],
)
def test_a_host_of_a_provider_leads_to_a_place(url: str, place: str) -> None:
    found = destination(url)
    assert found is not None
    assert found.place == place


@pytest.mark.parametrize(
    "url", ["https://eu.api.openai.com.example.com", "https://example.com/eu.api.openai.com", "", "x"]
)
def test_a_host_that_only_looks_like_one_leads_nowhere(url: str) -> None:
    assert destination(url) is None


def test_each_base_url_of_the_providers_is_in_the_table_and_in_its_place() -> None:
    for provider in catalogue().providers.values():
        for place, url in provider.residency_base_urls.items():
            found = destination(url)
            assert found is not None
            assert (found.provider, found.place) == (provider.name, place)
        if provider.base_url:
            known = destination(provider.base_url.replace("{region}", "eu-central-1"))
            assert known is not None
            assert known.provider == provider.name


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("eu.amazon.nova-lite-v1:0", "eu"),
        ("global.anthropic.claude-haiku-5-5", "global"),
        ("US.anthropic.claude-haiku-5-5", "us"),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.meta.llama3-3-70b-instruct-v1:0", "us"),
        ("meta.llama3-1-8b-instruct-v1:0", ""),
        ("gpt-6-luna", ""),
    ],
)
def test_the_geography_of_a_model_of_bedrock_is_in_its_id(model: str, expected: str) -> None:
    assert geography(model) == expected


def test_a_model_ends_under_each_of_its_names() -> None:
    day = dt.date(2026, 10, 14)
    for name in ("anthropic.claude-sonnet-4-20250514-v1:0", "eu.anthropic.claude-sonnet-4-20250514-v1:0"):
        assert shuts_down("bedrock", name) == day
        assert shuts_down("", f"arn:aws:bedrock:eu-central-1::foundation-model/{name}") == day
    assert shuts_down("openai", "gpt-6-luna") is None
    assert known_since("openai", "gpt-6-luna") == dt.date(2026, 11, 23)
    assert known_since("openai", "gpt-nobody-knows") is None
