"""Claim: whoever writes when, whatever is lost or killed and whatever the clocks say, no limit is passed.

Many requests of several keys and teams run at once on a table in memory whose scheduler, clocks, losses and kills are
random; what the provider billed is kept beside it.
"""

import asyncio
import random
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.aws import AwsError
from runtime.decide.limits import STACK, Allowance, LimitBook, RateLimits, key_scope, team_scope
from runtime.decide.months import day_of, month_of
from runtime.state.budgets import Budgets, LimitReachedError, Reservation
from runtime.state.rates import RateLimitedError, Rates
from tests.runtime.memory_table import MemoryTable

MIDNIGHT = 1_795_737_600.0 - 86_400 * 7
"""The begin of 2026-11-20 UTC."""

STACK_LIMIT = 2000
KEYS = {"a": "red", "b": "red", "c": "blue", "d": ""}
BOOK = LimitBook(
    {
        "month#key#a": 500,
        "day#key#a": 300,
        "month#key#b": 700,
        "month#team#red": 900,
        "day#team#blue": 250,
        "day#stack": 1200,
        f"{month_of(MIDNIGHT)}#key#a": 100,
    }
)


@dataclass
class World:
    """What truly happened: what was billed of each scope and period, by requests that were admitted."""

    chance: random.Random
    table: MemoryTable
    now: float = MIDNIGHT - 30
    billed: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    admitted: int = 0

    def clock(self) -> float:
        """Tell the time as one process has it: they differ by up to two seconds, and go on."""
        self.now += self.chance.random()
        return self.now + self.chance.uniform(-1, 1)

    def bill(self, scopes: tuple[str, ...], at: float, amount: int) -> None:
        for scope in (*scopes, STACK):
            for period in (month_of(at), day_of(at)):
                self.billed[scope, period] += amount


async def request(world: World, budgets: Budgets, key: str) -> None:
    """Ask once as the gateway does; the process may be killed at any point, and the table may not answer."""
    allowance = Allowance(key, KEYS[key], BOOK)
    at, amount = world.clock(), world.chance.randrange(0, 200)
    try:
        counters = allowance.counters(STACK_LIMIT, at)
        held = await budgets.reserve(counters, amount, now=at, until=at + 60)
    except (LimitReachedError, AwsError):
        return
    world.admitted += 1
    charge = world.chance.randint(0, amount)
    world.bill(allowance.scopes, at, charge)
    if world.chance.random() < 0.15:
        return  # killed
    try:
        await budgets.settle(held, charge)
        if world.chance.random() < 0.3:
            await budgets.settle(held, amount)
    except AwsError:
        return


def dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - repeatable, no secret


def run(seed: int, lost: float) -> World:
    world = World(dice(seed), MemoryTable(dice(seed + 1), lost=lost))
    budgets = Budgets(world.table)  # type: ignore[arg-type]

    async def all_of_them() -> None:
        for _ in range(3):
            keys = [world.chance.choice(list(KEYS)) for _ in range(20)]
            await asyncio.gather(*(request(world, budgets, key) for key in keys))
            world.now += world.chance.choice([0, 5, 90])

    asyncio.run(all_of_them())
    return world


def month_item(world: World) -> dict[str, object]:
    return world.table.items.get(("BUDGETS", f"stack#{month_of(MIDNIGHT)}"), {})


def open_of(world: World, scope: str) -> int:
    entries = [value for name, value in month_item(world).items() if name.startswith("r-")]
    return sum(entry[0] for entry in entries if scope == STACK or scope in entry[2:])  # type: ignore[index]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.4]))
def test_no_scope_of_any_period_is_passed_and_none_counts_less_than_was_billed(seed: int, lost: float) -> None:
    world = run(seed, lost)
    assert world.admitted
    item, month = month_item(world), month_of(MIDNIGHT)
    for scope in (STACK, *(key_scope(key) for key in KEYS), team_scope("red"), team_scope("blue")):
        committed = int(item.get("committed" if scope == STACK else scope, 0))  # type: ignore[call-overload]
        ceiling = STACK_LIMIT if scope == STACK else BOOK.ceiling(scope, "month", month)
        assert ceiling is None or committed <= ceiling, scope
        assert committed >= world.billed[scope, month], scope
        for day in ("2026-11-19", "2026-11-20"):
            of_day, limit = item.get(f"d{day[-2:]}#{scope}", 0), BOOK.limit(scope, "day")
            if limit is not None:
                assert world.billed[scope, day] <= int(of_day) <= limit, (scope, day)  # type: ignore[call-overload]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.4]))
def test_after_the_sweep_the_books_balance_to_the_micro_dollar(seed: int, lost: float) -> None:
    world = run(seed, lost)
    before = dict(month_item(world))
    key_sum = sum(int(value) for name, value in before.items() if name.startswith("key#"))  # type: ignore[call-overload]
    assert before.get("committed", 0) == key_sum
    assert before.get("committed", 0) == before.get("spent", 0) + open_of(world, STACK)  # type: ignore[operator]
    world.table._lost = 0.0

    async def sweep() -> None:
        budgets = Budgets(world.table)  # type: ignore[arg-type]
        for _ in range(3):
            counters = Allowance("d", "", LimitBook({})).counters(10**9, world.now + 1000)
            await budgets.settle(await budgets.reserve(counters, 0, now=world.now + 1000, until=world.now + 2000), 0)

    asyncio.run(sweep())
    after = month_item(world)
    assert open_of(world, STACK) == 0
    assert after["committed"] == after["spent"] == before.get("committed", 0)
    assert after["spent"] >= world.billed[STACK, month_of(MIDNIGHT)]  # type: ignore[operator]


LIMITS = RateLimits(requests=5, tokens=400, concurrency=3)


@dataclass
class Minutes:
    """What was admitted of one key, by minutes, and how many of its requests ran at once at most."""

    chance: random.Random
    rates: Rates
    now: float = MIDNIGHT
    running: int = 0
    most: int = 0
    asked: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    async def ask(self) -> None:
        """Ask once; one in ten is killed before it gives its slot back."""
        tokens, at = self.chance.randrange(0, 150), self.now
        with suppress(RateLimitedError, AwsError):
            admitted = await self.rates.admit("k", LIMITS, tokens, now=at, until=at + 30)
            self.running += 1
            self.most = max(self.most, self.running)
            self.asked[int(at // 60)].append(tokens)
            for _ in range(self.chance.randrange(6)):
                await asyncio.sleep(0)
            self.running -= 1
            if self.chance.random() < 0.9:
                await self.rates.release(admitted, None, now=self.now)

    async def pass_by(self) -> None:
        """Let some minutes pass in which eight ask at once again and again."""
        for _ in range(6):
            await asyncio.gather(*(self.ask() for _ in range(8)))
            self.now += self.chance.choice([0, 20, 61])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.2]))
def test_no_minute_takes_more_than_the_key_is_for_and_no_more_run_at_once(seed: int, lost: float) -> None:
    """Clocks agree here, so that which minute a request falls into is known; what is lost never admits more."""
    table = MemoryTable(dice(seed + 1), lost=lost)
    minutes = Minutes(dice(seed), Rates(table))  # type: ignore[arg-type]
    asyncio.run(minutes.pass_by())
    item = table.items["RATES", "k"]
    assert item["running"] == sum(name.startswith("s-") for name in item)
    assert 0 < minutes.most <= 3
    for tokens in minutes.asked.values():
        assert len(tokens) <= 5
        assert sum(tokens) <= 400


@pytest.mark.parametrize("seed", range(20))
def test_64_at_once_on_one_key_with_a_budget_for_ten_are_ten(seed: int) -> None:
    table = MemoryTable(dice(seed))
    budgets = Budgets(table)  # type: ignore[arg-type]
    allowance = Allowance("a", "red", LimitBook({"month#key#a": 1000}))

    counters = allowance.counters(10**9, MIDNIGHT)

    async def all_of_them() -> list[object]:
        asked = (budgets.reserve(counters, 100, now=MIDNIGHT, until=MIDNIGHT + 60) for _ in range(64))
        return list(await asyncio.gather(*asked, return_exceptions=True))

    outcomes = asyncio.run(all_of_them())
    refused = [outcome.counter.scope for outcome in outcomes if isinstance(outcome, LimitReachedError)]
    assert refused == ["key#a"] * 54
    assert sum(isinstance(outcome, Reservation) for outcome in outcomes) == 10
