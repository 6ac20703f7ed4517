"""Claim: state in one process decides as the table does: whatever is admitted, refused and given back is the same."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leanto.gateway.memory import MemoryBreakers, MemoryBudgets, MemoryItems, MemoryRates
from runtime.decide.breakers import CLOSED, Breaker
from runtime.decide.limits import STACK, Counter, RateLimits
from runtime.decide.months import day_of
from runtime.state.budgets import LimitReachedError
from runtime.state.keys import make_key
from runtime.state.rates import RateLimitedError, Rates
from runtime.state.table import Table
from tests.runtime.ledger import LATER, MONTH, NOW, Ledger

COUNTERS = (
    Counter("key#k", MONTH, 300),
    Counter("key#k", day_of(NOW), 200),
    Counter("team#t", MONTH, None),
    Counter(STACK, MONTH, 500),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(0, 250), st.integers(1, len(COUNTERS))),
        st.tuples(st.just("settle"), st.integers(0, 5), st.integers(0, 260)),
    ),
    min_size=4,
    max_size=12,
)


async def budget_history(budgets: Any, steps: list[Any]) -> list[Any]:
    """Return what came of each step."""
    made, told = [], []
    for kind, number, more in steps:
        if kind == "reserve":
            try:
                made.append(await budgets.reserve(COUNTERS[-more:], number, now=NOW, until=NOW + LATER))
                told.append("admitted")
            except LimitReachedError as error:
                told.append(error.counter.name)
        elif made:
            told.append(await budgets.settle(made[number % len(made)], more, estimated=False))
    return told


@given(STEPS)
@settings(max_examples=15)
def test_budgets_in_memory_decide_as_those_in_the_table_do(shared_ledger: Ledger, steps: list[Any]) -> None:
    shared_ledger.clear()
    memory = MemoryBudgets()
    assert asyncio.run(budget_history(memory, steps)) == shared_ledger.run(lambda table: budget_history(table, steps))
    item = shared_ledger.item()
    for counter in COUNTERS:
        assert memory.committed(counter.name, NOW) == item.get(counter.name, 0)


LIMITS = st.builds(
    RateLimits, st.none() | st.integers(0, 3), st.none() | st.integers(0, 300), st.none() | st.integers(0, 2)
)
RATE_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("admit"), st.integers(0, 200)),
        st.tuples(st.just("release"), st.none() | st.integers(0, 250)),
        st.tuples(st.just("wait"), st.integers(1, 45)),
    ),
    min_size=4,
    max_size=12,
)


async def rate_history(rates: Any, limits: RateLimits, steps: list[Any]) -> list[Any]:
    """Return what came of each step; the clock goes on, but not so far that a slot is lost."""
    now, told, running = NOW, [], []
    for kind, number in steps:
        if kind == "wait":
            now += number
        elif kind == "admit":
            try:
                admitted = await rates.admit("k", limits, number, now=now, until=NOW + 10_000)
                running.append(admitted)
                told.append((admitted.slot is None, admitted.window.requests, admitted.window.tokens))
            except RateLimitedError as error:
                told.append(error.refusal)
        elif running:
            await rates.release(running.pop(), number, now=now)
    return told


@given(LIMITS.filter(lambda limits: not limits.are_none), RATE_STEPS)
@settings(max_examples=15)
def test_rates_in_memory_decide_as_those_in_the_table_do(
    shared_ledger: Ledger, limits: RateLimits, steps: list[Any]
) -> None:
    shared_ledger.clear()

    async def in_table(budgets: Any) -> list[Any]:
        table: Table = budgets._table
        return await rate_history(Rates(table), limits, steps)

    assert asyncio.run(rate_history(MemoryRates(), limits, steps)) == shared_ledger.run(in_table)


def test_the_budget_of_a_month_does_not_count_for_the_next() -> None:
    async def test() -> None:
        budgets, counter = MemoryBudgets(), (Counter(STACK, MONTH, 10),)
        last = await budgets.reserve(counter, 10, now=NOW, until=NOW)
        for month in range(1, 4):
            now = NOW + month * 31 * 86400
            first = await budgets.reserve((Counter(STACK, "next", 10),), 10, now=now, until=now)
            assert await budgets.settle(first, 4)
            assert budgets.committed("committed", now) == 4
        assert await budgets.settle(last, 1)
        assert not await budgets.settle(last, 1)

    asyncio.run(test())


def test_a_breaker_changes_only_as_it_was_seen() -> None:
    async def test() -> None:
        breakers, opened = MemoryBreakers(), Breaker(100, 10)
        assert await breakers.change("a", CLOSED, opened)
        assert not await breakers.change("a", CLOSED, Breaker(200, 20))
        assert await breakers.read() == {"a": opened}
        assert await breakers.change("a", opened, CLOSED)
        assert await breakers.read() == {}

    asyncio.run(test())


def test_there_is_one_key_and_no_other() -> None:
    key = make_key()
    items = MemoryItems(key)
    record = asyncio.run(items.key(key.key_id))
    assert record is not None
    assert record.admits(key.text, now_epoch_seconds=NOW)
    assert asyncio.run(items.key("another")) is None
    assert key.text not in repr(record)
