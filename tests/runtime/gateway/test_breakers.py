"""Claim: an upstream that keeps failing is left alone by the whole stack, then probed by one request, in few writes."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from runtime.aws import AwsError, open_aws
from runtime.decide.breakers import CLOSED, FAILURES_TO_OPEN, Breaker, State
from runtime.gateway.breakers import Breakers
from runtime.state.breakers import BreakerItem
from runtime.state.table import Table
from tests.runtime.gateway.conftest import Gateway, Provider
from tests.runtime.gateway.test_resilience import ACME, BACKUP, code_of, post, several
from tests.runtime.ledger import Ledger

NOW = 1_795_000_000


class Memory:
    """Stands for the table's item: counts reads and writes, and may not answer."""

    def __init__(self) -> None:
        self.breakers: dict[str, Breaker] = {}
        self.reads = 0
        self.writes: list[tuple[str, Breaker, Breaker, bool]] = []
        self.is_down = False

    async def read(self) -> dict[str, Breaker]:
        self.reads += 1
        self._answer()
        return dict(self.breakers)

    async def change(self, upstream: str, before: Breaker, after: Breaker) -> bool:
        self._answer()
        await asyncio.sleep(0)
        holds = self.breakers.get(upstream, CLOSED) == before
        if holds:
            self.breakers[upstream] = after
        self.writes.append((upstream, before, after, holds))
        return holds

    def _answer(self) -> None:
        if self.is_down:
            raise AwsError("dynamodb", "UpdateItem", "Unreachable", 0)


class Process:
    """One process of the stack with its own clock, over an item that others share."""

    def __init__(self, memory: Memory, now: float = NOW):
        self.now = now
        self.told: list[tuple[str, State, int]] = []
        self.breakers = Breakers(cast("Any", memory), lambda *change: self.told.append(change), lambda: self.now)

    async def left_alone(self) -> float:
        return (await self.breakers.open_seconds(("a",)))[0]

    async def fail(self, times: int = 1) -> None:
        for _ in range(times):
            leave = await self.breakers.enter("a")
            assert leave is not None
            await self.breakers.failed(leave)

    async def succeed(self) -> None:
        leave = await self.breakers.enter("a")
        assert leave is not None
        await self.breakers.succeeded(leave)


def test_failures_in_a_row_open_it_with_one_write_and_one_success_between_them_does_not() -> None:
    async def test() -> None:
        memory = Memory()
        process = Process(memory)
        await process.fail(FAILURES_TO_OPEN - 1)
        await process.succeed()
        await process.fail(FAILURES_TO_OPEN - 1)
        assert (await process.left_alone(), memory.writes) == (0, [])
        await process.fail()
        assert await process.left_alone() == 10
        assert memory.writes == [("a", CLOSED, Breaker(NOW + 10, 10), True)]

    asyncio.run(test())


def test_others_learn_of_it_within_seconds_and_read_no_more_often() -> None:
    async def test() -> None:
        memory = Memory()
        one, other = Process(memory), Process(memory)
        assert await other.left_alone() == 0
        await one.fail(FAILURES_TO_OPEN)
        other.now += 4
        assert (await other.left_alone(), memory.reads) == (0, 1)
        other.now += 1
        assert (await other.left_alone(), memory.reads) == (5, 2)
        assert await other.breakers.enter("a") is None

    asyncio.run(test())


@pytest.mark.parametrize("probe_succeeds", [True, False])
def test_after_its_time_one_request_of_all_processes_goes_there(probe_succeeds: bool) -> None:
    async def test() -> None:
        memory = Memory()
        memory.breakers["a"] = Breaker(NOW - 1, 10)
        processes = [Process(memory) for _ in range(4)]
        assert [await process.left_alone() for process in processes] == [0, 0, 0, 0]
        leaves = await asyncio.gather(*(process.breakers.enter("a") for process in processes for _ in range(3)))
        (winner,) = [index for index, leave in enumerate(leaves) if leave is not None]
        leave, process = leaves[winner], processes[winner // 3]
        assert leave is not None
        assert memory.breakers["a"] == Breaker(NOW + 10, 10)
        if probe_succeeds:
            await process.breakers.succeeded(leave)
            assert memory.breakers["a"].is_closed
            assert await process.left_alone() == 0
            assert process.told == [("a", State.HALF_OPEN, 10), ("a", State.CLOSED, 0)]
        else:
            await process.breakers.failed(leave)
            assert memory.breakers["a"] == Breaker(NOW + 20, 20)
            assert await process.left_alone() == 20
            assert process.told == [("a", State.HALF_OPEN, 10), ("a", State.OPEN, 20)]
        assert sum(len(one.told) for one in processes) == 2, "each change is told by who made it"

    asyncio.run(test())


def test_requests_that_were_under_way_when_it_opened_write_nothing_more() -> None:
    async def test() -> None:
        memory = Memory()
        process = Process(memory)
        leaves = [await process.breakers.enter("a") for _ in range(30)]
        for leave in leaves:
            assert leave is not None
            await process.breakers.failed(leave)
        assert len(memory.writes) == 1

    asyncio.run(test())


def test_a_table_that_does_not_answer_stops_no_request(capsys: pytest.CaptureFixture[str]) -> None:
    async def test() -> None:
        memory = Memory()
        memory.is_down = True
        process = Process(memory)
        assert await process.left_alone() == 0
        await process.fail(FAILURES_TO_OPEN)
        assert await process.left_alone() == 10, "what this process saw itself holds here"
        process.now += 11
        await process.succeed()

    asyncio.run(test())
    assert "breaker_unwritten" in capsys.readouterr().out


def test_a_writer_whose_clock_is_an_hour_ahead_keeps_nobody_out() -> None:
    async def test() -> None:
        memory = Memory()
        await Process(memory, now=NOW + 3600).fail(FAILURES_TO_OPEN)
        assert await Process(memory).left_alone() == 0

    asyncio.run(test())


def test_the_item_holds_what_is_not_closed_and_each_change_needs_the_state_before(
    aws_variables: dict[str, str], table_name: str
) -> None:
    name, first, second = "acme/gpt-6.luna:v1", Breaker(NOW, 10), Breaker(NOW + 20, 20)
    steps = [(CLOSED, first), (CLOSED, second), (second, first), (second, CLOSED), (first, second), (second, CLOSED)]
    seen: list[Any] = []

    async def test() -> None:
        async with open_aws(aws_variables) as aws:
            item = BreakerItem(Table(aws, table_name))
            for before, after in steps:
                seen.append((await item.change(name, before, after), await item.read()))

    asyncio.run(test())
    assert seen == [
        (True, {name: first}),
        (False, {name: first}),
        (False, {name: first}),
        (False, {name: first}),
        (True, {name: second}),
        (True, {}),
    ]


def test_a_provider_that_keeps_failing_is_no_longer_asked(
    start_gateway: Callable[..., Gateway], provider: Provider, backup: Provider, ledger: Ledger
) -> None:
    provider.control(status=500)
    gateway = start_gateway(upstreams=several(provider, backup))
    for _ in range(FAILURES_TO_OPEN + 2):
        assert post(gateway).headers["x-leanto-upstream"] == BACKUP
    assert provider.counts()["chat_requests"] == FAILURES_TO_OPEN
    lines = gateway.lines(FAILURES_TO_OPEN + 3)
    (changed,) = (line for line in lines if line["event"] == "breaker_changed")
    assert (changed["upstream"], changed["breaker_state"], changed["open_seconds"]) == (ACME, State.OPEN, 10)
    assert lines[-1]["overflow"] == f"{ACME}: it failed repeatedly and is left alone"
    item = ledger.client.get_item(TableName=ledger.name, Key={"pk": {"S": "BREAKERS"}, "sk": {"S": "ALL"}})["Item"]
    assert f"u-{ACME}" in item


def test_a_model_whose_only_upstream_keeps_failing_is_unavailable_for_some_seconds(
    gateway: Gateway, provider: Provider
) -> None:
    provider.control(status=500)
    answers = [post(gateway, model="small") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [502, 502, 502, 503]
    assert code_of(answers[-1]) == "upstream_unavailable"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 10
    assert provider.counts()["chat_requests"] == FAILURES_TO_OPEN


@pytest.mark.parametrize("stream", [True, False])
def test_only_an_answer_that_may_not_take_so_long_tells_of_trouble(
    start_gateway: Callable[..., Gateway], provider: Provider, stream: bool
) -> None:
    """The first byte of a stream has a time of its own; a whole answer may take all of the request's."""
    provider.control(delay_first_byte_seconds=5)
    gateway = start_gateway(first_byte_timeout_seconds=0.05, request_timeout_seconds=0.05 if not stream else 5)
    answers = [post(gateway, model="small", stream=stream) for _ in range(FAILURES_TO_OPEN + 1)]
    assert [answer.status_code for answer in answers] == [504] * FAILURES_TO_OPEN + [503 if stream else 504]


def test_an_answer_of_any_kind_ends_a_row_of_failures(gateway: Gateway, provider: Provider) -> None:
    for faults in ({"status": 500}, {"status": 500}, {"status": 400}, {"status": 500}, {"status": 500}):
        provider.control(**faults)
        post(gateway, model="small")
    assert provider.counts()["chat_requests"] == 9
    provider.control()
    assert post(gateway, model="small").status_code == 200
