"""Claim: demand by slot is all that was asked and no more, laws and prices are as the tables that they come from."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanto.simulator.demand import Demand, Requests, by_value, demand, together
from leanto.simulator.laws import MEASURED, OPTIMISTIC, BatchLaw, SlotLaw, TokenPrice

CHEAP, DEAR = TokenPrice(0.10, 0.50), TokenPrice(1, 5)


def requests(at: list[float], inputs: list[int], outputs: list[int], seconds: float = 100) -> Requests:
    count = len(at)
    return Requests(
        np.array(at, np.float64),
        np.array(inputs, np.int64),
        np.array(outputs, np.int64),
        np.zeros(count, np.int64),
        ("chat",),
        seconds,
    )


@st.composite
def some_requests(draw: st.DrawFn) -> Requests:
    rows = draw(st.lists(st.tuples(st.floats(0, 999.9), st.integers(1, 100_000), st.integers(0, 10_000)), max_size=30))
    rows.sort()
    return requests([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], 1000)


@given(some_requests(), st.sampled_from([1.0, 7.0, 10.0, 60.0, 3000.0]))
def test_the_slots_hold_all_work_money_and_requests(given_requests: Requests, slot: float) -> None:
    found = demand(given_requests, MEASURED, DEAR, slot)
    tokens = (given_requests.input_tokens, given_requests.output_tokens)
    assert found.work.sum() == pytest.approx(MEASURED.work(*tokens).sum())
    assert found.usd.sum() == pytest.approx(DEAR.usd(*tokens).sum())
    assert found.requests.sum() == len(given_requests)
    assert found.seconds >= given_requests.seconds


@given(some_requests(), st.integers(1, 6))
def test_classes_by_value_add_up_and_the_first_is_worth_most(given_requests: Requests, classes: int) -> None:
    parts = by_value(given_requests, MEASURED, CHEAP, classes)
    whole = demand(given_requests, MEASURED, CHEAP)
    joined = together(parts)
    assert joined.work == pytest.approx(whole.work)
    assert joined.usd == pytest.approx(whole.usd)
    assert (joined.requests == whole.requests).all()
    worths = [part.usd.sum() / part.work.sum() for part in parts if part.requests.sum()]
    assert all(a >= b - 1e-12 for a, b in pairwise(worths))


def test_a_request_counts_in_the_slot_of_its_arrival() -> None:
    found = demand(requests([0, 9.99, 10, 99], [1000] * 4, [0] * 4), MEASURED, CHEAP)
    assert found.requests.tolist() == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("inputs", "outputs", "measured", "optimistic"),
    [(1155, 211, 1.04, 0.735), (2048, 28, 0.86, 0.581), (200, 200, 0.49, 0.314), (6000, 300, 4.34, 3.361)],
)
def test_the_work_of_known_shapes(inputs: int, outputs: int, measured: float, optimistic: float) -> None:
    tokens = np.array([inputs]), np.array([outputs])
    assert MEASURED.work(*tokens)[0] == pytest.approx(measured, abs=0.005)
    assert OPTIMISTIC.work(*tokens)[0] == pytest.approx(optimistic, abs=0.005)


@pytest.mark.parametrize(("at_once", "measured"), [(1, 43.2), (16, 549), (64, 976)])
def test_the_measured_law_is_near_what_was_measured(at_once: int, measured: float) -> None:
    """The law's figure for generation alone; the series is of an L4 with an 8B model in AWQ."""
    law = BatchLaw("v0", MEASURED.step, MEASURED.stream, MEASURED.context, MEASURED.prompt, at_once)
    rate = 1 / (law.step / at_once + law.stream + law.context * 250)
    assert rate == pytest.approx(measured, rel=0.2)


def test_a_slot_engine_takes_its_share_of_what_all_slots_make() -> None:
    law = SlotLaw("llama.cpp", slots=4, together=150, prompt=2000)
    assert law.work(np.array([1000]), np.array([300]))[0] == pytest.approx(0.5 + 2)


def test_above_a_tier_the_whole_request_costs_the_tiers_prices() -> None:
    price = TokenPrice(1, 10, tier_above=200_000, tier_input=2, tier_output=15)
    usd = price.usd(np.array([200_000, 200_001]), np.array([1000, 1000]))
    assert usd == pytest.approx([0.2 + 0.01, 0.400002 + 0.015])


def test_cached_input_and_discounts_lower_the_price() -> None:
    tokens = np.array([1_000_000]), np.array([0])
    assert TokenPrice(1, 5, cached_input=0.1, cached=0.5).usd(*tokens)[0] == pytest.approx(0.55)
    assert TokenPrice(1, 5, discount=0.5).usd(*tokens)[0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("at", "inputs", "outputs", "told"),
    [
        ([1], [5, 6], [7], "equally long"),
        ([100], [5], [7], "outside"),
        ([-1], [5], [7], "outside"),
        ([2, 1], [5, 5], [7, 7], "order"),
        ([1, float("nan"), 2], [5] * 3, [7] * 3, "order"),
        ([1], [0], [7], "no input"),
        ([1], [1], [-1], "negative"),
    ],
)
def test_requests_that_cannot_be_are_refused(at: list[float], inputs: list[int], outputs: list[int], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        requests(at, inputs, outputs)


def test_arrays_cannot_be_written() -> None:
    found = demand(requests([0], [1], [1]), MEASURED, CHEAP)
    with pytest.raises(ValueError, match="read-only"):
        found.work[0] = 1


def test_a_part_of_a_demand_knows_its_hour_of_the_week() -> None:
    zeros = np.zeros(100)
    whole = Demand(3600.0, zeros, zeros, np.zeros(100, np.int64), week_seconds=160 * 3600.0)
    assert whole.slot(slice(10, 20)).week_seconds == 2 * 3600
    assert len(whole.slot(slice(10, 20))) == 10
