"""Claim: of 64 that ask at once with a budget for ten calls, never more are admitted than the budget covers."""

import asyncio
import random
from typing import Any

import pytest

from runtime.decide.limits import Allowance, LimitBook
from runtime.state.budgets import Budgets, LimitReachedError
from tests.runtime.ledger import LATER, NOW, Ledger

CLIENTS, CALL, CALLS = 64, 100, 10
LIMITS = {"month#key#a": CALL * CALLS, "day#key#a": CALL * CALLS, "month#team#t": CALL * CALLS + 50}
COUNTERS = Allowance("a", "t", LimitBook(LIMITS)).counters(10**9, NOW)
SCOPES = ("key#a", "team#t", "committed", "d18#key#a")

pytestmark = [pytest.mark.long, pytest.mark.parametrize("repetition", range(20))]


async def ask(budgets: Budgets, chance: random.Random, charges: list[int], *, gives_back: bool) -> str:
    """Ask as one client; what is admitted is settled after a while, and where it gives back, for less."""
    try:
        held = await budgets.reserve(COUNTERS, CALL, now=NOW, until=NOW + LATER)
    except LimitReachedError as error:
        return error.counter.name
    charge = chance.randint(0, CALL) if gives_back else CALL
    charges.append(charge)
    await asyncio.sleep(chance.uniform(0, 0.2))
    await budgets.settle(held, charge)
    return "admitted"


@pytest.mark.parametrize("gives_back", [False, True])
def test_of_64_at_once_only_those_pass_that_the_budget_covers(
    ledger: Ledger, gives_back: bool, repetition: int
) -> None:
    charges: list[int] = []

    async def all_of_them(budgets: Budgets) -> Any:
        chance = random.Random(repetition)  # noqa: S311 - repeatable, no secret
        return await asyncio.gather(*(ask(budgets, chance, charges, gives_back=gives_back) for _ in range(CLIENTS)))

    outcomes = ledger.run(all_of_them)
    assert set(outcomes) <= {"admitted", "key#a"}
    assert outcomes.count("admitted") >= CALLS if gives_back else outcomes.count("admitted") == CALLS
    item = ledger.item()
    assert {item[scope] for scope in SCOPES} == {item["spent"]} == {sum(charges)}
    assert item["spent"] <= CALL * CALLS
    assert not ledger.books()["open"]
