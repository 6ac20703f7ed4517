"""Budgets: money is reserved before a request leaves and settled after it, by conditional writes to one item a month.

The item (`pk` BUDGETS, `sk` such as stack#2026-11) holds `committed` = all that is spent or reserved, `spent` = all
that is settled, `estimated` = the part of `spent` that was charged without knowing the usage, and an attribute for each
open reservation: `r-<id>` = [micro-dollars, epoch seconds after which nobody settles it any more, scopes ...]. What is
committed of a key or a team stands beside it, as `key#<id>` and `team#<name>`, and of a limited day as `d25#key#<id>`.
So one write checks the limits of all scopes and notes the reservation, another settles and removes it, and no crash can
come between. At all times `committed` = `spent` + the open reservations = the sum over the keys, and no reservation is
made that would bring any of them above its limit.

A request makes two writes, and a third where it finds reservations that have run out: these are charged in full. That
takes nothing from the limits, as they are part of what is committed, so nothing depends on when it happens.
"""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from runtime.aws import AwsError
from runtime.decide.limits import STACK, Counter, first_full, past_days
from runtime.decide.months import month_of
from runtime.state.attributes import from_item, to_item
from runtime.state.table import CONDITION_FAILED, Table

BUDGET_PARTITION = "BUDGETS"
RESERVATION_PREFIX = "r-"
MAXIMUM_SWEPT = 25
"""Reservations charged in one write; an expression may not be arbitrarily long."""


@dataclass(frozen=True)
class Reservation:
    """Money put aside for one request, in micro-dollars; `item` names the month, `counters` its attributes."""

    item: str
    id: str
    amount: int
    counters: tuple[str, ...] = ("committed",)


class LimitReachedError(Exception):
    """What is left of a budget does not cover the request; `counter` says whose, and of which month or day."""

    def __init__(self, counter: Counter):
        super().__init__(f"{counter.scope} {counter.period}")
        self.counter = counter


class Budgets:
    """The budgets of one stack; methods raise AwsError when the table refuses or does not answer."""

    def __init__(self, table: Table):
        self._table = table

    async def reserve(self, counters: Sequence[Counter], amount: int, *, now: float, until: float) -> Reservation:
        """Put `amount` micro-dollars aside in all `counters` at once, or raise LimitReachedError and change nothing.

        `now` and `until`, from when on nobody will settle the reservation, are in seconds since the epoch; the month is
        that of `now`. A write whose answer is lost is made again without reserving twice.
        """
        if full := first_full(counters, {}, amount):
            raise LimitReachedError(full)
        names = tuple(counter.name for counter in counters)
        reservation = Reservation(f"{STACK}#{month_of(now)}", secrets.token_urlsafe(9), amount, names)
        try:
            held = await self._table.update(
                BUDGET_PARTITION, reservation.item, _reserving(reservation, counters, until)
            )
        except AwsError as error:
            if error.code != CONDITION_FAILED:
                raise
            held = from_item(error.item)
            if _attribute(reservation.id) not in held:
                await self._sweep(reservation.item, held, now)
                if full := first_full(counters, held, amount):
                    raise LimitReachedError(full) from None
                raise
        await self._sweep(reservation.item, held, now)
        return reservation

    async def settle(self, reservation: Reservation, charge: int, *, estimated: bool = False) -> bool:
        """Charge a reservation and give the rest of it back; returns False when it is settled already.

        `charge` may be more than was reserved: what was spent is written down, and the limit is found reached later.
        """
        less = {f"#c{index}": name for index, name in enumerate(reservation.counters)}
        values = {
            ":less": charge - reservation.amount,
            ":charge": charge,
            ":estimated": charge if estimated else 0,
        }
        added = [f"{name} :less" for name in less]
        expression = f"ADD {', '.join(added)}, #spent :charge, #estimated :estimated REMOVE #open0"
        names = {"#spent": "spent", "#estimated": "estimated", **less}
        return await self._close(reservation.item, expression, values, names, [reservation.id])

    async def _sweep(self, item: str, held: Mapping[str, Any], now: float) -> None:
        """Charge in full what nobody settles any more, and drop past days; what cannot be done now is done later."""
        out = [
            (name.removeprefix(RESERVATION_PREFIX), int(entry[0]))
            for name, entry in held.items()
            if name.startswith(RESERVATION_PREFIX) and int(entry[1]) < now
        ][:MAXIMUM_SWEPT]
        past = {f"#p{index}": name for index, name in enumerate(past_days(held, now)) if index < MAXIMUM_SWEPT}
        if not out and not past:
            return
        removed = [*(f"#open{index}" for index in range(len(out))), *past]
        expression = f"ADD #spent :charge, #estimated :charge REMOVE {', '.join(removed)}"
        values = {":charge": sum(amount for _, amount in out)}
        known = {"#spent": "spent", "#estimated": "estimated", **past}
        with suppress(AwsError):
            await self._close(item, expression, values, known, [name for name, _ in out])

    async def _close(
        self, item: str, expression: str, values: Mapping[str, int], names: Mapping[str, str], ids: list[str]
    ) -> bool:
        """Write `expression`, which knows them as #open0, #open1 ..., if all reservations are open; returns whether."""
        opened = {f"#open{index}": _attribute(reservation_id) for index, reservation_id in enumerate(ids)}
        fields: dict[str, Any] = {
            "UpdateExpression": expression,
            "ExpressionAttributeNames": {**names, **opened},
            "ExpressionAttributeValues": to_item(values),
        }
        if opened:
            fields["ConditionExpression"] = " AND ".join(f"attribute_exists({name})" for name in opened)
        try:
            await self._table.update(BUDGET_PARTITION, item, fields)
        except AwsError as error:
            if error.code == CONDITION_FAILED:
                return False
            raise
        return True


def _reserving(reservation: Reservation, counters: Sequence[Counter], until: float) -> dict[str, Any]:
    names = {f"#c{index}": counter.name for index, counter in enumerate(counters)}
    scopes = dict.fromkeys(counter.scope for counter in counters if counter.scope != STACK)
    values: dict[str, Any] = {":amount": reservation.amount, ":entry": [reservation.amount, int(until), *scopes]}
    room = ["attribute_not_exists(#open)"]
    for index, counter in enumerate(counters):
        if counter.limit is not None:
            values[f":room{index}"] = counter.limit - reservation.amount
            room.append(f"(attribute_not_exists(#c{index}) OR #c{index} <= :room{index})")
    return {
        "UpdateExpression": f"SET #open = :entry ADD {', '.join(f'{name} :amount' for name in names)}",
        "ConditionExpression": " AND ".join(room),
        "ExpressionAttributeNames": {**names, "#open": _attribute(reservation.id)},
        "ExpressionAttributeValues": to_item(values),
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _attribute(reservation_id: str) -> str:
    return RESERVATION_PREFIX + reservation_id
