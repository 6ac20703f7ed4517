"""Claim: a budget's books balance to the micro-dollar, and no reservation brings them above the limit."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from runtime.aws import Aws, AwsError
from runtime.decide.limits import STACK, Counter
from runtime.state.budgets import Budgets, LimitReachedError, Reservation
from tests.runtime.ledger import LATER, MONTH, NOW, Ledger, reserve


def test_a_reservation_is_settled_to_what_was_spent(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        one, two = await reserve(budgets, 300), await reserve(budgets, 200)
        assert ledger.books() == {"committed": 500, "open": [200, 300]}
        assert await budgets.settle(one, 120)
        assert ledger.books() == {"committed": 320, "spent": 120, "estimated": 0, "open": [200]}
        assert await budgets.settle(two, 200, estimated=True)
        assert ledger.books() == {"committed": 320, "spent": 320, "estimated": 200, "open": []}

    ledger.run(test)


def test_a_second_settlement_changes_nothing(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        one = await reserve(budgets, 300)
        assert await budgets.settle(one, 120)
        before = ledger.item()
        assert not await budgets.settle(one, 300)
        assert ledger.item() == before

    ledger.run(test)


def test_the_limit_can_be_reached_and_not_passed(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        await reserve(budgets, 999)
        with pytest.raises(LimitReachedError) as error:
            await reserve(budgets, 2)
        assert error.value.counter == Counter(STACK, MONTH, 1000)
        await reserve(budgets, 1)
        with pytest.raises(LimitReachedError):
            await reserve(budgets, 1)
        await reserve(budgets, 0)
        assert ledger.books() == {"committed": 1000, "open": [0, 1, 999]}

    ledger.run(test)


def test_what_no_limit_covers_makes_no_write(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        for limit in (0, 99):
            with pytest.raises(LimitReachedError):
                await reserve(budgets, 100, limit)

    ledger.run(test)
    assert ledger.item() == {}


def test_a_limit_that_is_changed_holds_at_once(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        await reserve(budgets, 100, 100)
        await reserve(budgets, 100, 200)
        with pytest.raises(LimitReachedError):
            await reserve(budgets, 1, 150)

    ledger.run(test)


def test_a_month_begins_with_all_of_its_limit_and_its_own_item(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        last = await reserve(budgets, 1000)
        await reserve(budgets, 1000, now=NOW + 31 * 86_400)
        await budgets.settle(last, 10)

    ledger.run(test)
    assert ledger.books() == {"committed": 10, "spent": 10, "estimated": 0, "open": []}


def test_more_spent_than_reserved_is_written_down(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        await budgets.settle(await reserve(budgets, 100), 1200)
        with pytest.raises(LimitReachedError):
            await reserve(budgets, 1)

    ledger.run(test)
    assert ledger.books() == {"committed": 1200, "spent": 1200, "estimated": 0, "open": []}


@pytest.mark.parametrize("refused", [False, True], ids=["by an admitted one", "by a refused one"])
def test_what_nobody_settled_is_charged_in_full_by_the_next_request(ledger: Ledger, refused: bool) -> None:
    async def test(budgets: Budgets) -> None:
        lost = [await reserve(budgets, amount) for amount in (100, 200)]
        late = await reserve(budgets, 50, now=NOW + 1)
        try:
            last = await reserve(budgets, 900 if refused else 400, now=NOW + LATER + 1)
            await budgets.settle(last, 0)
        except LimitReachedError:
            assert refused
        assert ledger.books() == {"committed": 350, "spent": 300, "estimated": 300, "open": [50]}
        assert not await budgets.settle(lost[0], 1)
        assert await budgets.settle(late, 5)

    ledger.run(test)
    assert ledger.books() == {"committed": 305, "spent": 305, "estimated": 300, "open": []}


def test_many_that_nobody_settled_are_charged_by_and_by(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        for _ in range(30):
            await reserve(budgets, 10)
        for left in (5, 0):
            await budgets.settle(await reserve(budgets, 10, now=NOW + LATER + 1), 0)
            assert len(ledger.books()["open"]) == left

    ledger.run(test)
    assert ledger.books() == {"committed": 300, "spent": 300, "estimated": 300, "open": []}


class LostAnswers(Aws):
    """An AWS whose answers are lost on the way the first time, after the write was made."""

    async def _attempt(self, call: Any) -> bytes:
        answer = await super()._attempt(call)
        self.made = getattr(self, "made", 0) + 1
        if self.made % 2:
            raise AwsError(call.service, call.operation, "Unreachable", 0)
        return answer


def test_writes_whose_answers_are_lost_are_repeated_and_count_once(ledger: Ledger) -> None:
    async def test(budgets: Budgets) -> None:
        one = await reserve(budgets, 300)
        assert ledger.books() == {"committed": 300, "open": [300]}
        await budgets.settle(one, 120)

    replace(ledger, aws=LostAnswers).run(test)
    assert ledger.books() == {"committed": 120, "spent": 120, "estimated": 0, "open": []}


@pytest.mark.parametrize("repetition", range(5))
def test_of_64_concurrent_reservations_exactly_those_are_made_that_the_limit_covers(
    ledger: Ledger, repetition: int
) -> None:
    async def test(budgets: Budgets) -> int:
        results = await asyncio.gather(*(reserve(budgets, 100) for _ in range(64)), return_exceptions=True)
        assert all(isinstance(result, Reservation | LimitReachedError) for result in results), results
        return sum(isinstance(result, Reservation) for result in results)

    assert ledger.run(test) == 10
    assert ledger.books() == {"committed": 1000, "open": [100] * 10}


def test_a_table_that_is_not_there_admits_nothing(ledger: Ledger) -> None:
    missing = replace(ledger, name="missing")
    with pytest.raises(AwsError) as error:
        missing.run(lambda budgets: reserve(budgets, 1))
    assert error.value.code == "ResourceNotFoundException"
