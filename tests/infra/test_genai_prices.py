"""Claim: what the gateway charges for a catalogue model is what `genai-prices` says, in each tier, cached or not."""

from decimal import ROUND_CEILING, Decimal

import pytest
from genai_prices import Usage as TheirUsage
from genai_prices import calc_price, extract_usage

from catalog.rows import ManagedModel
from catalog.tables import catalogue
from infra.prices import price_of
from infra.routes import Route
from runtime.decide.prices import Usage, true_price
from runtime.decide.usage import read_usage
from runtime.gateway.document_values import read_price

NAMES = {"bedrock": "aws"}
"""Our providers that they call otherwise."""

UNLISTED = {("bedrock", "amazon.nova-2-lite-v1:0")}
DEARER_HERE = {("bedrock", "eu.amazon.nova-lite-v1:0"): "they do not know that Europe's profile is dearer"}
MODELS = [row for key, row in catalogue().managed_models.items() if key not in UNLISTED]


def amounts(row: ManagedModel) -> list[tuple[int, int, int, int]]:
    """Return prompt, cached, written and output tokens: below, at and above each tier's limit."""
    edge = row.tier_above_input_tokens or 1_000
    prompts = (1, edge, edge + 1, 2 * edge + 7)
    return [
        (prompt, share * prompt // 4, prompt // 5, output)
        for prompt in prompts
        for share in (0, 1, 3)
        for output in (0, 9_973)
    ]


@pytest.mark.parametrize("row", MODELS, ids=lambda row: f"{row.provider}/{row.model}")
def test_our_charge_is_theirs_rounded_up(row: ManagedModel) -> None:
    price = read_price(price_of(Route("m", row.provider, row.model), "", catalogue()))
    for prompt, cached, written, output in amounts(row):
        has_cache, writes = row.cached_input_usd_per_million is not None, row.cache_write_usd_per_million is not None
        read, wrote = cached if has_cache else 0, written if writes else 0
        outputs = 0 if row.api == "embeddings" else output
        theirs = TheirUsage(
            input_tokens=prompt, cache_read_tokens=read, cache_write_tokens=wrote, output_tokens=outputs
        )
        usd = calc_price(theirs, row.model, provider_id=NAMES.get(row.provider, row.provider)).total_price
        ours = true_price(price, Usage(prompt, outputs, read, wrote))
        exact = (Decimal(usd) * 1_000_000).to_integral_value(ROUND_CEILING)
        if (row.provider, row.model) in DEARER_HERE:
            assert ours >= exact
        else:
            assert ours == exact, (prompt, read, wrote, outputs)


READ_BY_BOTH = [row for row in MODELS if row.provider in {"openai", "azure"} and row.api == "chat-completions"]


@pytest.mark.parametrize("row", READ_BY_BOTH, ids=lambda row: f"{row.provider}/{row.model}")
@pytest.mark.parametrize(
    ("flavour", "read", "said"), [("chat", "prompt", "completion"), ("responses", "input", "output")]
)
def test_an_answer_s_usage_is_read_and_charged_as_they_read_it(
    row: ManagedModel, flavour: str, read: str, said: str
) -> None:
    """With its reasoning, which is part of the output, and at each tier's edge."""
    price = read_price(price_of(Route("m", row.provider, row.model), "", catalogue()))
    for prompt, cached, written, output in amounts(row):
        has_cache, writes = row.cached_input_usd_per_million is not None, row.cache_write_usd_per_million is not None
        details = {"cached_tokens": cached if has_cache else 0, "cache_write_tokens": written if writes else 0}
        usage = {
            f"{read}_tokens": prompt,
            f"{said}_tokens": output,
            "total_tokens": prompt + output,
            f"{read}_tokens_details": details,
            f"{said}_tokens_details": {"reasoning_tokens": output // 2},
        }
        answer = {"model": row.model, "usage": usage}
        ours = read_usage(answer)
        assert ours is not None
        theirs = extract_usage(answer, provider_id=row.provider, api_flavor=flavour).calc_price().total_price
        assert true_price(price, ours) == (Decimal(theirs) * 1_000_000).to_integral_value(ROUND_CEILING), usage


def test_the_exceptions_are_still_needed() -> None:
    for provider, model in UNLISTED:
        with pytest.raises(LookupError):
            calc_price(TheirUsage(input_tokens=1), model, provider_id=NAMES.get(provider, provider))
