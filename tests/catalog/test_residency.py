"""Claim: a base URL is given only where the provider keeps the request in the place asked for."""

import pytest

from catalog.residency import base_url
from catalog.tables import catalogue

CASES = [
    ("openai", "any", "eu-central-1", "https://api.openai.com/v1"),
    ("openai", "eu", "us-east-1", "https://eu.api.openai.com/v1"),
    ("google", "eu", "eu-central-1", None),
    ("anthropic", "us", "us-east-1", None),
    ("azure", "any", "eu-central-1", None),
    ("bedrock", "any", "eu-central-1", "https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1"),
    ("bedrock", "eu", "eu-central-1", "https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1"),
    ("bedrock", "eu", "us-east-1", None),
    ("custom", "any", "us-east-1", None),
]


@pytest.mark.parametrize(("provider", "residency", "region", "expected"), CASES)
def test_base_url(provider: str, residency: str, region: str, expected: str | None) -> None:
    assert base_url(catalogue().providers[provider], residency, region) == expected
