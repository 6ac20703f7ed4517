"""Claim: never more at the engine than it has slots, never more waiting than may, in turn, else refused at once."""

import asyncio
import random
from contextlib import suppress

import pytest

from runtime.node.slots import RefusedError, Slots


def opened(slots: int, queue: int) -> Slots:
    made = Slots(slots, queue)
    made.open()
    return made


async def hold(slots: Slots, until: asyncio.Event, order: list[int] | None = None, number: int = 0) -> None:
    async with slots.admitted():
        if order is not None:
            order.append(number)
        await until.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def reason_of(slots: Slots) -> str:
    try:
        async with slots.admitted():
            return "admitted"
    except RefusedError as refused:
        return refused.reason


def test_a_node_admits_nobody_before_it_is_open() -> None:
    assert asyncio.run(reason_of(Slots(1, 1))) == "not_ready"


def test_who_finds_slots_and_queue_full_is_refused_at_once() -> None:
    async def run() -> None:
        slots, until = opened(2, 1), asyncio.Event()
        tasks = [asyncio.create_task(hold(slots, until)) for _ in range(3)]
        await settle()
        assert (slots.busy, slots.queued) == (2, 1)
        assert await reason_of(slots) == "full"
        until.set()
        await asyncio.gather(*tasks)
        assert (slots.busy, slots.queued) == (0, 0)
        assert await reason_of(slots) == "admitted"

    asyncio.run(run())


def test_who_waits_longest_is_next_and_nobody_overtakes() -> None:
    async def run() -> None:
        slots, order = opened(1, 3), []
        gates = [asyncio.Event() for _ in range(4)]
        tasks = [asyncio.create_task(hold(slots, gate, order, number)) for number, gate in enumerate(gates)]
        await settle()
        gates[0].set()
        late = asyncio.create_task(hold(slots, gates[3], order, 9))
        await settle()
        assert order == [0, 1]
        for gate in gates:
            gate.set()
        await asyncio.gather(*tasks, late)
        assert order == [0, 1, 2, 3, 9]

    asyncio.run(run())


def test_closing_refuses_those_who_wait_and_leaves_those_who_are_served() -> None:
    async def run() -> None:
        slots, until = opened(1, 1), asyncio.Event()
        served = asyncio.create_task(hold(slots, until))
        await settle()
        waits = asyncio.create_task(reason_of(slots))
        await settle()
        slots.close("draining")
        assert await waits == "draining"
        assert (slots.busy, slots.queued, await reason_of(slots)) == (1, 0, "draining")
        idle = asyncio.create_task(slots.wait_idle())
        await settle()
        assert not idle.done()
        until.set()
        await asyncio.gather(served, idle)

    asyncio.run(run())


@pytest.mark.parametrize("seed", range(20))
def test_counts_are_exact_whoever_comes_goes_or_is_cancelled(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's dice

    async def run() -> None:
        slots, inside = opened(3, 2), 0

        async def client() -> None:
            nonlocal inside
            with suppress(RefusedError):
                async with slots.admitted():
                    inside += 1
                    assert inside <= slots.slots
                    assert inside <= slots.busy
                    try:
                        await asyncio.sleep(chance.random() / 500)
                    finally:
                        inside -= 1

        tasks = []
        for _ in range(200):
            tasks.append(asyncio.create_task(client()))
            if chance.random() < 0.3:
                chance.choice(tasks).cancel()
            if chance.random() < 0.5:
                await asyncio.sleep(chance.random() / 1000)
            assert slots.queued <= 2
        await asyncio.gather(*tasks, return_exceptions=True)
        assert [task for task in tasks if not task.cancelled() and task.exception()] == []
        assert (slots.busy, slots.queued, inside) == (0, 0, 0)
        await asyncio.wait_for(slots.wait_idle(), 1)
        assert await reason_of(slots) == "admitted"

    asyncio.run(run())
