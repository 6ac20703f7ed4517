"""Claim: prices are exact, rounded up once, at the dearest rate that can apply, and never of something unknown."""

from decimal import ROUND_CEILING, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.decide.prices import Demand, Price, Rates, UnboundedError, Usage, true_price, worst_price

LUNA = Price(
    base=Rates(100_000, 500_000, cached_input=10_000, cache_write=125_000),
    tier=Rates(200_000, 750_000, cached_input=20_000, cache_write=250_000),
    tier_above_input_tokens=272_000,
    context_tokens=922_000,
    maximum_output_tokens=128_000,
)
PLAIN = Price(Rates(150_000, 600_000), maximum_output_tokens=16_384)

RATES = st.builds(
    Rates,
    st.integers(0, 10**7),
    st.integers(0, 10**8),
    cached_input=st.none() | st.integers(0, 10**7),
    cache_write=st.none() | st.integers(0, 10**7),
)
PRICES = st.builds(
    Price,
    RATES,
    tier=st.none() | RATES,
    tier_above_input_tokens=st.integers(1, 10**6),
    context_tokens=st.none(),
    maximum_output_tokens=st.integers(1, 10**6),
)


@pytest.mark.parametrize(
    ("demand", "micro_usd"),
    [
        # 1,000 tokens that may all be written into the cache, 100 of an answer.
        (Demand(1_000, 100), 125 + 50),
        (Demand(1_000, 100, choices=3), 125 + 150),
        # No maximum: the longest answer of the model.
        (Demand(1_000, None), 125 + 64_000),
        # More than the tier's limit: all of it at the tier's rates.
        (Demand(272_000, 0), 34_000),
        (Demand(272_001, 0), 68_001),
        # More than the model's context: the provider takes no more.
        (Demand(5_000_000, 0), 230_500),
        (Demand(1, 0), 1),
    ],
)
def test_the_worst_price_of_a_request(demand: Demand, micro_usd: int) -> None:
    assert worst_price(LUNA, demand) == micro_usd


@pytest.mark.parametrize(
    ("usage", "micro_usd"),
    [
        (Usage(1_000, 100, cache_write_tokens=0), 100 + 50),
        (Usage(1_000, 100, cached_tokens=400, cache_write_tokens=0), 60 + 4 + 50),
        (Usage(1_000, 100, cached_tokens=400, cache_write_tokens=500), 127),
        # It does not say what it wrote into its cache: perhaps all that it did not read from there.
        (Usage(1_000, 0), 125),
        (Usage(1_000, 0, cached_tokens=400), 75 + 4),
        (Usage(272_001, 100, cached_tokens=272_001), 5_441 + 75),
        # More cached than there is: no less than nothing for the rest.
        (Usage(10, 0, cached_tokens=1_000), 1),
        (Usage(1, 1), 1),
    ],
)
def test_the_true_price_of_a_usage(usage: Usage, micro_usd: int) -> None:
    assert true_price(LUNA, usage) == micro_usd


def test_tokens_of_a_cache_without_a_price_of_their_own_cost_as_other_input() -> None:
    assert true_price(PLAIN, Usage(1_000, 0, cached_tokens=500, cache_write_tokens=300)) == 150


def test_without_any_maximum_there_is_no_worst_price() -> None:
    with pytest.raises(UnboundedError):
        worst_price(Price(Rates(1, 1)), Demand(1, None))
    assert worst_price(Price(Rates(0, 1_000_000)), Demand(1, 7)) == 7


@given(PRICES, st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, 4), st.data())
def test_no_usage_within_the_demand_costs_more_than_the_worst_price(
    price: Price, prompt: int, output: int, choices: int, data: st.DataObject
) -> None:
    usage = Usage(
        prompt_tokens=data.draw(st.integers(1, prompt)),
        output_tokens=data.draw(st.integers(0, output * choices)),
        cached_tokens=data.draw(st.integers(0, prompt)),
        cache_write_tokens=data.draw(st.none() | st.integers(0, prompt)),
    )
    assert true_price(price, usage) <= worst_price(price, Demand(prompt, output, choices))


@given(PRICES, st.integers(1, 10**6), st.integers(0, 10**6))
def test_the_true_price_is_the_exact_one_rounded_up(price: Price, prompt: int, output: int) -> None:
    """By decimal arithmetic in dollars, as a bill is made."""
    rates = price.tier if price.tier and prompt > price.tier_above_input_tokens else price.base
    dollars = (Decimal(prompt) * rates.input + Decimal(output) * rates.output) / 10**6 / 10**6
    exact = (dollars * 10**6).to_integral_value(ROUND_CEILING)
    assert true_price(price, Usage(prompt, output, cache_write_tokens=0)) == exact


def test_of_several_prompts_each_may_be_as_long_as_the_context() -> None:
    price = Price(Rates(input=1_000_000, output=0), context_tokens=10)
    assert worst_price(price, Demand(100, 0)) == 10
    assert worst_price(price, Demand(100, 0, prompts=3)) == 30
