"""Budgets: money is reserved before a request leaves and settled after it, by conditional writes to one item a month.

An item (`pk` BUDGETS, `sk` such as stack#2026-11) holds `committed` = all that is spent or reserved, `spent` = all that
is settled, `estimated` = the part of `spent` that was charged without knowing the usage, and an attribute for each open
reservation: `r-<id>` = [micro-dollars, epoch seconds after which nobody settles it any more]. So one write checks the
limit and notes the reservation, another settles and removes it, and no crash can come between. At all times `committed`
= `spent` + the open reservations, and no reservation is made that would bring `committed` above the limit.

A request makes two writes, and a third where it finds reservations that have run out: these are charged in full. That
takes nothing from the limit, as they are part of `committed`, so nothing depends on when it happens.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.aws import AwsError
from runtime.decide.months import month_of
from runtime.state.attributes import from_item, to_item
from runtime.state.table import CONDITION_FAILED, Table

BUDGET_PARTITION = "BUDGETS"
STACK_SCOPE = "stack"
RESERVATION_PREFIX = "r-"
MAXIMUM_SWEPT = 25
"""Reservations charged in one write; an expression may not be arbitrarily long."""

RESERVE = "SET #committed = if_not_exists(#committed, :zero) + :amount, #open = :entry"
ROOM = "attribute_not_exists(#open) AND (attribute_not_exists(#committed) OR #committed <= :room)"
SETTLE = (
    "SET #committed = #committed - :unused, #spent = if_not_exists(#spent, :zero) + :charge, "
    "#estimated = if_not_exists(#estimated, :zero) + :estimated REMOVE #open0"
)


@dataclass(frozen=True)
class Reservation:
    """Money put aside in one budget for one request, in micro-dollars; `item` names budget and month."""

    item: str
    id: str
    amount: int


class LimitReachedError(Exception):
    """What is left of the month's budget does not cover the request; `month` is such as 2026-11."""

    def __init__(self, month: str):
        super().__init__(month)
        self.month = month


class Budgets:
    """The budgets of one stack; methods raise AwsError when the table refuses or does not answer."""

    def __init__(self, table: Table):
        self._table = table

    async def reserve(self, scope: str, amount: int, *, limit: int, now: float, until: float) -> Reservation:
        """Put `amount` micro-dollars aside, or raise LimitReachedError and change nothing.

        `now` and `until`, from when on nobody will settle the reservation, are in seconds since the epoch; the month is
        that of `now`. A write whose answer is lost is made again without reserving twice.
        """
        month = month_of(now)
        reservation = Reservation(f"{scope}#{month}", secrets.token_urlsafe(9), amount)
        if amount > limit:
            raise LimitReachedError(month)
        try:
            held = await self._table.update(BUDGET_PARTITION, reservation.item, _reserving(reservation, limit, until))
        except AwsError as error:
            if error.code != CONDITION_FAILED:
                raise
            held = from_item(error.item)
            if _attribute(reservation.id) not in held:
                await self._sweep(reservation.item, held, now)
                raise LimitReachedError(month) from None
        await self._sweep(reservation.item, held, now)
        return reservation

    async def settle(self, reservation: Reservation, charge: int, *, estimated: bool = False) -> bool:
        """Charge a reservation and give the rest of it back; returns False when it is settled already.

        `charge` may be more than was reserved: what was spent is written down, and the limit is found reached later.
        """
        values = {
            ":unused": reservation.amount - charge,
            ":charge": charge,
            ":estimated": charge if estimated else 0,
            ":zero": 0,
        }
        names = {"#committed": "committed", "#spent": "spent", "#estimated": "estimated"}
        return await self._close(reservation.item, SETTLE, values, names, [reservation.id])

    async def _sweep(self, item: str, held: Mapping[str, Any], now: float) -> None:
        """Charge in full what nobody settles any more; a budget that cannot be swept now is swept later."""
        out = [
            (name.removeprefix(RESERVATION_PREFIX), int(entry[0]))
            for name, entry in held.items()
            if name.startswith(RESERVATION_PREFIX) and int(entry[1]) < now
        ][:MAXIMUM_SWEPT]
        if not out:
            return
        expression = (
            "SET #spent = if_not_exists(#spent, :zero) + :charge, "
            "#estimated = if_not_exists(#estimated, :zero) + :charge "
            f"REMOVE {', '.join(f'#open{index}' for index in range(len(out)))}"
        )
        values = {":charge": sum(amount for _, amount in out), ":zero": 0}
        known = {"#spent": "spent", "#estimated": "estimated"}
        try:
            await self._close(item, expression, values, known, [name for name, _ in out])
        except AwsError:
            return

    async def _close(
        self, item: str, expression: str, values: Mapping[str, int], names: Mapping[str, str], ids: list[str]
    ) -> bool:
        """Write `expression`, which knows them as #open0, #open1 ..., if all reservations are open; returns whether."""
        opened = {f"#open{index}": _attribute(reservation_id) for index, reservation_id in enumerate(ids)}
        fields = {
            "UpdateExpression": expression,
            "ConditionExpression": " AND ".join(f"attribute_exists({name})" for name in opened),
            "ExpressionAttributeNames": {**names, **opened},
            "ExpressionAttributeValues": to_item(values),
        }
        try:
            await self._table.update(BUDGET_PARTITION, item, fields)
        except AwsError as error:
            if error.code == CONDITION_FAILED:
                return False
            raise
        return True


def _reserving(reservation: Reservation, limit: int, until: float) -> dict[str, Any]:
    values = {
        ":zero": 0,
        ":amount": reservation.amount,
        ":room": limit - reservation.amount,
        ":entry": [reservation.amount, int(until)],
    }
    return {
        "UpdateExpression": RESERVE,
        "ConditionExpression": ROOM,
        "ExpressionAttributeNames": {"#committed": "committed", "#open": _attribute(reservation.id)},
        "ExpressionAttributeValues": to_item(values),
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _attribute(reservation_id: str) -> str:
    return RESERVATION_PREFIX + reservation_id
