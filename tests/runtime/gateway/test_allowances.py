"""Claim: limits are remembered for five seconds and not a second longer, and nobody passes without knowing them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from runtime.aws import AwsError
from runtime.gateway.allowances import Allowances
from runtime.gateway.answers import GatewayError
from runtime.gateway.caller import Caller

FREE = Caller("a", "search", None)
LIMITED = Caller("b", "search", None, limited=True)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class FakeTable:
    """Only counts and answers: what the table itself does is tested against moto."""

    def __init__(self, **values: int) -> None:
        self.answer: dict[str, int] | None = values
        self.reads: list[tuple[str, str]] = []

    async def values(self, partition: str, sort: str) -> dict[str, Any]:
        self.reads.append((partition, sort))
        await asyncio.sleep(0)
        if self.answer is None:
            raise AwsError("dynamodb", "GetItem", "Unreachable", 0)
        return self.answer


def run(test: Callable[[FakeTable, Allowances, Clock], Coroutine[Any, Any, None]], **values: int) -> None:
    table, clock = FakeTable(**values), Clock()
    asyncio.run(test(table, Allowances(table, clock), clock))  # type: ignore[arg-type]


async def refusal(work: Coroutine[Any, Any, Any]) -> tuple[int, str]:
    with pytest.raises(GatewayError) as error:
        await work
    return error.value.status, error.value.code


def test_one_read_serves_many_requests_and_a_change_is_known_after_five_seconds() -> None:
    async def test(table: FakeTable, allowances: Allowances, clock: Clock) -> None:
        await asyncio.gather(*(allowances.of(FREE) for _ in range(10)))
        assert table.reads == [("LIMITS", "ALL")]
        table.answer = {"rpm#key#a": 3}
        clock.now += 4.9
        assert (await allowances.of(FREE)).book.rates("a").requests is None
        clock.now += 0.2
        assert (await allowances.of(FREE)).book.rates("a").requests == 3
        clock.now -= 3600
        await allowances.of(FREE)
        assert len(table.reads) == 3

    run(test)


def test_without_an_answer_nobody_passes_also_where_older_limits_are_known() -> None:
    async def test(table: FakeTable, allowances: Allowances, clock: Clock) -> None:
        await allowances.of(FREE)
        table.answer = None
        await allowances.of(FREE)
        clock.now += 5
        assert await refusal(allowances.of(FREE)) == (503, "state_unavailable")

    run(test)


def test_a_limited_key_of_which_nothing_is_known_makes_them_read_again_and_is_else_refused() -> None:
    async def test(table: FakeTable, allowances: Allowances, clock: Clock) -> None:
        await allowances.of(FREE)
        assert await refusal(allowances.of(LIMITED)) == (503, "state_unavailable")
        assert len(table.reads) == 2
        table.answer = {"month#key#b": 0}
        assert (await allowances.of(LIMITED)).book.limit("key#b", "month") == 0
        await allowances.of(LIMITED)
        assert len(table.reads) == 3

    run(test)
