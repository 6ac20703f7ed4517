"""What the checks of one request cost: put aside before the guardrail is asked, settled by what it says it took."""

from runtime.decide.guardrail import Charge as Taken
from runtime.decide.limits import Allowance
from runtime.gateway.access import Record
from runtime.gateway.meter import Charge
from runtime.gateway.spending import Spending
from runtime.state.budgets import Reservation


class ControlMoney:
    """Money for the checks of one request; `all_by` is when it is over, by the event loop's clock."""

    def __init__(self, spending: Spending, allowance: Allowance, all_by: float, record: Record):
        self._spending = spending
        self._allowance = allowance
        self._all_by = all_by
        self._record = record
        self._held: list[Reservation] = []
        self._spent = 0
        self._estimated = False
        self._pending = 0

    async def cover(self, amount: int) -> None:
        """Put aside what is still missing for `amount` micro-dollars more; raises GatewayError as budgets do."""
        missing = self._spent + self._pending + amount - sum(one.amount for one in self._held)
        if missing > 0:
            self._held.append(await self._spending.put_aside(self._allowance, missing, self._all_by))

    async def begin(self, worst: int) -> None:
        """Note a call about to be made: should nobody hear of its end, it is charged at its worst."""
        await self.cover(worst)
        self._pending = worst

    def ended(self, taken: Taken) -> None:
        """Note what the call cost."""
        self._pending = 0
        self._spent += taken.amount
        self._estimated = self._estimated or not taken.known
        self._record.guardrail_units += taken.units

    async def settle(self) -> None:
        """Charge what was spent and give the rest back; what follows needs money of its own."""
        spent, estimated = self._spent + self._pending, self._estimated or self._pending > 0
        held, self._held = self._held, []
        self._spent, self._pending, self._estimated = 0, 0, False
        self._record.cost_micro_usd += spent
        self._record.guardrail_cost_micro_usd += spent
        self._record.cost_estimated = self._record.cost_estimated or (estimated and spent > 0)
        for index, reservation in enumerate(held):
            is_last = index == len(held) - 1
            amount = spent if is_last else min(spent, reservation.amount)
            spent -= amount
            await self._spending.close(reservation, Charge(amount, estimated and amount > 0), self._record)
