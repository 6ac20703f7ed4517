"""Claim: one write reserves in all budgets of a request or in none; the first that is full is named."""

import asyncio
from typing import Any

import pytest

from runtime.decide.limits import STACK, Allowance, Counter, LimitBook
from runtime.state.budgets import Budgets, LimitReachedError, Reservation
from tests.runtime.ledger import LATER, MONTH, NOW, Ledger

TEAM = "r.e+d @ -_ü"
DAY = "2026-11-18"
DAY_SECONDS = 86_400.0
BIG = 10**12


async def ask(
    budgets: Budgets, amount: int, now: float = NOW, *, key: str = "a", team: str = TEAM, **limits: int
) -> Reservation:
    """Reserve for a key under limits such as month_key, day_team, month_stack."""
    scopes = {"key": f"key#{key}", "team": f"team#{team}", "stack": STACK}
    book = LimitBook({f"{field}#{scopes[kind]}": v for name, v in limits.items() for field, kind in [name.split("_")]})
    counters = Allowance(key, team, book).counters(BIG, now)
    return await budgets.reserve(counters, amount, now=now, until=now + LATER)


async def refused(budgets: Budgets, amount: int, now: float = NOW, **limits: Any) -> tuple[str, str]:
    with pytest.raises(LimitReachedError) as error:
        await ask(budgets, amount, now, **limits)
    return error.value.counter.scope, error.value.counter.period


def amounts(ledger: Ledger) -> dict[str, Any]:
    hidden = ("r-", "pk", "sk")
    return {name: value for name, value in ledger.item().items() if not name.startswith(hidden)}


def test_each_scope_counts_what_its_requests_cost_and_the_stack_all_of_it(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        first = await ask(budgets, 300)
        await ask(budgets, 200, key="b")
        await ask(budgets, 100, key="c", team="")
        await budgets.settle(first, 120)

    ledger.run(test)
    team = {f"team#{TEAM}": 320}
    keys = {"key#a": 120, "key#b": 200, "key#c": 100}
    assert amounts(ledger) == {"committed": 420, "spent": 120, "estimated": 0, **keys, **team}


@pytest.mark.parametrize(
    ("limit", "scope", "period"),
    [
        ("month_key", "key#a", MONTH),
        ("day_key", "key#a", DAY),
        ("month_team", f"team#{TEAM}", MONTH),
        ("day_team", f"team#{TEAM}", DAY),
        ("month_stack", STACK, MONTH),
        ("day_stack", STACK, DAY),
    ],
)
def test_each_limit_alone_refuses_in_its_name_and_then_nothing_is_written(
    ledger: Ledger, limit: str, scope: str, period: str
) -> None:
    only: Any = {limit: 1000}

    async def test(budgets: Budgets) -> None:
        await ask(budgets, 600, **only)
        before = ledger.item()
        assert await refused(budgets, 401, **only) == (scope, period)
        assert await refused(budgets, 1001, **only) == (scope, period)
        assert ledger.item() == before
        await ask(budgets, 400, **only)

    ledger.run(test)


def test_of_several_that_are_full_the_callers_own_is_named(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        await ask(budgets, 10, day_team=10, month_stack=10)
        assert await refused(budgets, 1, day_team=10, month_stack=10) == (f"team#{TEAM}", DAY)
        assert await refused(budgets, 1, month_key=10, day_team=10, month_stack=10) == ("key#a", MONTH)

    ledger.run(test)


def test_another_keys_and_teams_money_is_not_touched_by_a_full_one(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        await ask(budgets, 10, month_key=10)
        await ask(budgets, 10, key="b", month_key=10)
        assert (await refused(budgets, 1, key="b", month_key=10))[0] == "key#b"

    ledger.run(test)


def test_a_day_begins_anew_within_the_month_and_late_settlements_find_their_own(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        midnight = NOW - NOW % DAY_SECONDS + DAY_SECONDS
        late = await ask(budgets, 100, midnight - 10, day_key=100)
        await ask(budgets, 100, midnight + 10, day_key=100)
        await budgets.settle(late, 30)
        assert await refused(budgets, 71, midnight - 1, day_key=100) == ("key#a", DAY)

    ledger.run(test)
    assert (amounts(ledger)["d18#key#a"], amounts(ledger)["d19#key#a"]) == (30, 100)
    assert amounts(ledger)["key#a"] == 130


def test_days_before_yesterday_are_dropped_and_nothing_else(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        for day in range(3):
            at = NOW + day * DAY_SECONDS
            await budgets.settle(await ask(budgets, 5, at, team="d01#x", day_key=100, day_stack=100), 5)
        old = Reservation(f"stack#{MONTH}", "nobody", 5)
        assert not await budgets.settle(old, 5)

    ledger.run(test)
    days = dict.fromkeys(("d19#key#a", "d20#key#a", "d19#stack", "d20#stack"), 5)
    sums = {"committed": 15, "spent": 15, "estimated": 0, "key#a": 15, "team#d01#x": 15}
    assert amounts(ledger) == {**sums, **days}


def test_what_nobody_settled_stays_committed_in_every_scope(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        await ask(budgets, 70, day_key=100, month_team=100)
        await budgets.settle(await ask(budgets, 0, NOW + LATER + 1, key="b", team=""), 0)
        assert await refused(budgets, 31, day_key=100) == ("key#a", DAY)

    ledger.run(test)
    expected = {"committed": 70, "spent": 70, "estimated": 70, "key#a": 70, f"team#{TEAM}": 70}
    assert {name: amounts(ledger)[name] for name in expected} == expected


@pytest.mark.parametrize("repetition", range(5))
def test_of_64_at_once_on_one_key_those_are_admitted_that_its_budget_covers(ledger: Ledger, repetition: int) -> None:
    async def test(budgets: Budgets) -> int:
        asked = (ask(budgets, 100, month_key=1000, day_team=5000) for _ in range(64))
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(result, Reservation | LimitReachedError) for result in results), results
        return sum(isinstance(result, Reservation) for result in results)

    assert ledger.run(test) == 10
    assert amounts(ledger) == {"committed": 1000, "key#a": 1000, f"team#{TEAM}": 1000, f"d18#team#{TEAM}": 1000}


def test_the_deployed_limit_of_the_stack_is_lowered_by_the_table_and_never_raised() -> None:
    for held, limit in ((30, 30), (50, 50), (70, 50)):
        counters = Allowance("a", "", LimitBook({"month#stack": held})).counters(50, NOW)
        assert counters[-1] == Counter(STACK, MONTH, limit)
