"""Claim: in whatever order requests come, end, come to nothing and are found again, the books are those of a ledger."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.state.budgets import Budgets, LimitReachedError, Reservation
from tests.runtime.ledger import LATER, NOW, Ledger, reserve

LIMIT = 1000
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(0, 700)),
        st.tuples(st.just("settle"), st.integers(0, 9), st.integers(0, 120), st.booleans()),
        st.tuples(st.just("wait"), st.integers(1, 80)),
    ),
    max_size=16,
)


@dataclass
class Model:
    """What the item must hold, kept by plain arithmetic beside it."""

    budgets: Budgets
    now: float = NOW
    spent: int = 0
    estimated: int = 0
    open: dict[str, tuple[int, float]] = field(default_factory=dict)
    made: list[Reservation] = field(default_factory=list)

    @property
    def committed(self) -> int:
        return self.spent + sum(amount for amount, _ in self.open.values())

    async def wait(self, seconds: int) -> None:
        self.now += seconds

    async def reserve(self, amount: int) -> None:
        fits = self.committed + amount <= LIMIT
        try:
            one = await reserve(self.budgets, amount, LIMIT, self.now)
        except LimitReachedError:
            assert not fits
        else:
            assert fits
            self.made.append(one)
            self.open[one.id] = (amount, self.now + LATER)
        for name in [name for name, (_, until) in self.open.items() if until < self.now]:
            lost, _ = self.open.pop(name)
            self.spent, self.estimated = self.spent + lost, self.estimated + lost

    async def settle(self, index: int, percent: int, estimated: bool) -> None:
        if index < len(self.made):
            one = self.made[index]
            charge = one.amount * percent // 100
            is_open = self.open.pop(one.id, None) is not None
            assert await self.budgets.settle(one, charge, estimated=estimated) is is_open
            self.spent += charge if is_open else 0
            self.estimated += charge if is_open and estimated else 0


@settings(max_examples=25, deadline=None)
@given(OPERATIONS)
def test_the_books_balance_whatever_comes_in_whatever_order(
    shared_ledger: Ledger, operations: list[tuple[Any, ...]]
) -> None:
    async def history(budgets: Budgets) -> Model:
        model = Model(budgets)
        for operation, *arguments in operations:
            await getattr(model, operation)(*arguments)
        return model

    shared_ledger.clear()
    model = shared_ledger.run(history)
    zeros = {"committed": 0, "spent": 0, "estimated": 0}
    assert zeros | shared_ledger.books() == {
        "committed": model.committed,
        "spent": model.spent,
        "estimated": model.estimated,
        "open": sorted(amount for amount, _ in model.open.values()),
    }
