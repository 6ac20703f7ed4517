"""Claim: no write breaks the books, while clocks jump over midnights and a month's end and limits are topped up.

After each write to the table in memory, all months are held to what was billed and to the limits of key, team and stack
in month and day. Requests make several attempts, each with money of its own; some are swept while they still run, since
another's clock is ahead. Clocks are wrong by a quarter of an hour at most: AWS takes no signature of a later or an
earlier time.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runtime.aws import AwsError
from runtime.decide.limits import DAY, MONTH, STACK, Allowance, Counter, LimitBook, key_scope, team_scope
from runtime.decide.months import day_of, month_of
from runtime.state.budgets import BUDGET_PARTITION, Budgets, LimitReachedError
from tests.runtime.memory_table import MemoryTable

MONTHS_END = 1_796_083_200.0
"""The begin of 2026-12-01 UTC."""

SKEW_SECONDS = 900.0
STACK_LIMIT = 3000
NO_LIMIT = 10**9
KEYS = {"a": "red", "b": "red", "c": "blue", "d": ""}
LIMITS = {
    "month#key#a": 500,
    "day#key#a": 300,
    "month#team#red": 900,
    "day#team#blue": 250,
    "day#stack": 1200,
    "month#stack": 2000,
}
SCOPES = (*map(key_scope, KEYS), team_scope("red"), team_scope("blue"), STACK)


class WatchedTable(MemoryTable):
    """Calls `look` after each write."""

    def _write(self, partition: str, sort: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        answer = super()._write(partition, sort, fields)
        self.look()
        return answer

    def look(self) -> None:
        """Do nothing; a test puts its own in place."""


@dataclass
class World:
    """What truly happens; `now` is the true time, `books` are the limits as they were from change to change."""

    chance: random.Random
    table: WatchedTable
    now: float
    books: list[LimitBook] = field(default_factory=lambda: [LimitBook(LIMITS)])
    billed: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    seen: dict[str, int] = field(default_factory=dict)
    gone: set[tuple[str, str]] = field(default_factory=set)
    days: set[tuple[str, str]] = field(default_factory=set)

    def clock(self) -> float:
        """Tell the time as one process has it at this moment; the next one may have an earlier."""
        return self.now + self.chance.uniform(-SKEW_SECONDS, SKEW_SECONDS)

    def top_up(self) -> None:
        """Raise one limit in one month or day; processes that have read the limits before learn of it later."""
        kind, scope = self.chance.choice(list(LIMITS)).split("#", 1)
        period = month_of(self.clock()) if kind == MONTH else day_of(self.clock())
        before = self.books[-1].values
        name = f"{period}#{scope}"
        more = int(before.get(name, 0)) + self.chance.randrange(200)
        self.books.append(LimitBook({**before, name: more}))

    def bill(self, scopes: tuple[str, ...], at: float, amount: int) -> None:
        for scope in (*scopes, STACK):
            for period in (month_of(at), day_of(at)):
                self.billed[scope, period] += amount

    def look(self) -> None:
        """Hold every month as it is now to the invariants."""
        for (partition, sort), item in self.table.items.items():
            assert partition == BUDGET_PARTITION
            month = sort.partition("#")[2]
            self._balance(month, item)
            for scope in SCOPES:
                self._limit(item, scope, MONTH, month)
            for name in [name for name in item if name[0] == "d" and name[1:3].isdigit()]:
                self._limit(item, name[4:], DAY, f"{month}-{name[1:3]}")
            present = {(sort, name) for name in item if name[0] == "d" and name[1:3].isdigit()}
            self.gone |= {one for one in self.days if one[0] == sort} - present
            self.days |= present
            assert not present & self.gone, "a day's count that was dropped begins anew"

    def _balance(self, month: str, item: Mapping[str, Any]) -> None:
        committed, spent = item.get("committed", 0), item.get("spent", 0)
        assert committed == spent + sum(entry[0] for name, entry in item.items() if name.startswith("r-"))
        assert committed == sum(value for name, value in item.items() if name.startswith("key#"))
        assert spent >= self.seen.get(month, 0), "what is spent never becomes less"
        self.seen[month] = spent

    def _limit(self, item: Mapping[str, Any], scope: str, kind: str, period: str) -> None:
        committed = int(item.get(Counter(scope, period, None).name, 0))
        ceiling = LIMITS.get(f"{kind}#{scope}", NO_LIMIT) + int(self.books[-1].values.get(f"{period}#{scope}", 0))
        if scope == STACK and kind == MONTH:
            ceiling = min(ceiling, STACK_LIMIT)
        assert self.billed[scope, period] <= committed, (scope, period)
        assert committed <= ceiling, (scope, period)


async def request(world: World, budgets: Budgets, key: str) -> None:
    """Ask as the gateway does: up to three attempts, of which the last is billed; each may be the process's last."""
    allowance = Allowance(key, KEYS[key], world.books[-world.chance.randint(1, min(3, len(world.books)))])
    for attempt in range(world.chance.randint(1, 3), 0, -1):
        at, amount = world.clock(), world.chance.randrange(0, 200)
        try:
            counters = allowance.counters(STACK_LIMIT, at)
            held = await budgets.reserve(counters, amount, now=at, until=at + world.chance.uniform(0, 60))
        except (LimitReachedError, AwsError):
            return
        charge = world.chance.randint(0, amount) if attempt == 1 else 0
        world.bill(allowance.scopes, at, charge)
        if world.chance.random() < 0.1:
            return  # killed
        estimated = world.chance.random() < 0.2
        try:
            await budgets.settle(held, amount if estimated else charge, estimated=estimated)
            if world.chance.random() < 0.2:
                await budgets.settle(held, charge)
        except AwsError:
            return


def run(seed: int, lost: float) -> World:
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    table = WatchedTable(chance, lost=lost)
    world = World(chance, table, MONTHS_END + chance.choice([-3, -1, 0, 1]) * 86_400 - 1200)
    table.look = world.look  # type: ignore[method-assign]
    budgets = Budgets(table)  # type: ignore[arg-type]

    async def all_of_them() -> None:
        for _ in range(6):
            keys = [chance.choice(list(KEYS)) for _ in range(10)]
            await asyncio.gather(*(request(world, budgets, key) for key in keys))
            if chance.random() < 0.5:
                world.top_up()
            world.now += chance.choice([0, 5, 90, 900, 86_400])

    asyncio.run(all_of_them())
    return world


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.4]))
def test_no_write_breaks_the_books_and_after_the_sweep_they_balance(seed: int, lost: float) -> None:
    world = run(seed, lost)
    assert world.table.items
    world.table._lost = 0.0
    budgets = Budgets(world.table)  # type: ignore[arg-type]

    async def sweep(sort: str) -> None:
        for _ in range(4):
            item = world.table.items[BUDGET_PARTITION, sort]
            await budgets._sweep(sort, item, world.now + 2 * SKEW_SECONDS + 60)

    for (_, sort), before in list(world.table.items.items()):
        asyncio.run(sweep(sort))
        item = world.table.items[BUDGET_PARTITION, sort]
        assert not [name for name in item if name.startswith("r-")]
        assert item["spent"] == item["committed"] == before["committed"]
        for scope in SCOPES:
            name = "committed" if scope == STACK else scope
            assert item.get(name, 0) == before.get(name, 0) >= world.billed[scope, sort.partition("#")[2]]


def test_the_schedules_cross_what_they_are_made_to_cross() -> None:
    """Not vacuous: months, days and topped-up limits differ among the schedules that are tried."""
    worlds = [run(seed, 0.1) for seed in range(20)]
    assert sum(len(world.table.items) == 2 for world in worlds) >= 3, "two months"
    assert sum(bool(world.gone) for world in worlds) >= 1, "a day's count was dropped"
    assert all(sum(world.billed.values()) for world in worlds)
    assert sum(len(world.books) > 2 for world in worlds) >= 10, "topped up"
