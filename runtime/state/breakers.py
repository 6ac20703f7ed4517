"""The breakers of a stack's upstreams in its table: one item, an attribute for each breaker that is not closed.

The item has `pk` BREAKERS and `sk` ALL, and attributes such as `u-openai/gpt-6-luna` = [epoch seconds until which it is
open, seconds for which it was opened]. One read tells of all; there is a write only when one opens, is probed, or
closes, and each write is made only if the breaker still is as the writer saw it: of many, one wins.
"""

from typing import Any

from runtime.aws import AwsError
from runtime.decide.breakers import CLOSED, Breaker
from runtime.state.attributes import to_item
from runtime.state.table import CONDITION_FAILED, Table

BREAKER_PARTITION = "BREAKERS"
BREAKER_ITEM = "ALL"
PREFIX = "u-"


class BreakerItem:
    """Reads and writes the breakers; methods raise AwsError when the table refuses or does not answer."""

    def __init__(self, table: Table):
        self._table = table

    async def read(self) -> dict[str, Breaker]:
        """Return the breakers that are not closed, by their upstreams' names."""
        values = await self._table.values(BREAKER_PARTITION, BREAKER_ITEM)
        return {name.removeprefix(PREFIX): _breaker(value) for name, value in values.items() if name.startswith(PREFIX)}

    async def change(self, upstream: str, before: Breaker, after: Breaker) -> bool:
        """Write a breaker if it still is as it was; returns whether it was."""
        fields = _removal(before) if after.is_closed else _setting(before, after)
        fields["ExpressionAttributeNames"] = {"#breaker": PREFIX + upstream}
        try:
            await self._table.update(BREAKER_PARTITION, BREAKER_ITEM, fields)
        except AwsError as error:
            if error.code == CONDITION_FAILED:
                return False
            raise
        return True


def _setting(before: Breaker, after: Breaker) -> dict[str, Any]:
    values: dict[str, Any] = {":after": _value(after)}
    condition = "attribute_not_exists(#breaker)"
    if not before.is_closed:
        condition, values[":before"] = "#breaker = :before", _value(before)
    return {
        "UpdateExpression": "SET #breaker = :after",
        "ConditionExpression": condition,
        "ExpressionAttributeValues": to_item(values),
    }


def _removal(before: Breaker) -> dict[str, Any]:
    return {
        "UpdateExpression": "REMOVE #breaker",
        "ConditionExpression": "#breaker = :before",
        "ExpressionAttributeValues": to_item({":before": _value(before)}),
    }


def _value(breaker: Breaker) -> list[int]:
    return [breaker.open_until, breaker.seconds]


def _breaker(value: Any) -> Breaker:
    """Return a breaker; what is not in our form counts as closed."""
    match value:
        case [int(open_until), int(seconds)]:
            return Breaker(open_until, seconds)
        case _:
            return CLOSED
