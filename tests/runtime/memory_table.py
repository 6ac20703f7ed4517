"""A table in memory with DynamoDB's expressions as our code writes them, and a scheduler that decides who writes when.

Pure: no clock, no network. Each write is one step; between two of them any other task may make its own. A write may be
lost before it was made, or its answer after, as on the way to DynamoDB.
"""

import asyncio
import random
import re
from collections.abc import Mapping
from typing import Any

from runtime.aws import AwsError
from runtime.state.attributes import from_attribute, from_item, to_item
from runtime.state.table import CONDITION_FAILED

Items = dict[tuple[str, str], dict[str, Any]]

_TERM = re.compile(
    r"attribute_(?P<not>not_)?exists\((?P<exists>#\w+)\)|(?P<left>#\w+) (?P<compare><=|=|<|>) (?P<right>:\w+)"
    r"|(?P<negated>NOT )?(?P<between>#\w+) BETWEEN (?P<low>:\w+) AND (?P<high>:\w+)"
)


class MemoryTable:
    """Takes the place of `Table` for `update` and `values`; `chance` decides the order and what is lost."""

    def __init__(self, chance: random.Random, *, lost: float = 0.0) -> None:
        self.items: Items = {}
        self.writes = 0
        self._chance = chance
        self._lost = lost

    async def update(self, partition: str, sort: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Make one conditional write, after others were given their turns."""
        for _ in range(3):  # the client repeats what may pass
            await self._turn()
            if self._chance.random() < self._lost:
                continue
            answer = self._write(partition, sort, fields)
            if self._chance.random() >= self._lost:
                return answer
        raise AwsError("dynamodb", "UpdateItem", "Unreachable", 0)

    async def values(self, partition: str, sort: str) -> dict[str, Any]:
        """Read an item."""
        await self._turn()
        return dict(self.items.get((partition, sort), {}))

    async def _turn(self) -> None:
        for _ in range(self._chance.randrange(4)):
            await asyncio.sleep(0)

    def _write(self, partition: str, sort: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        item = self.items.get((partition, sort), {})
        names = fields.get("ExpressionAttributeNames", {})
        values = {name: from_attribute(value) for name, value in fields.get("ExpressionAttributeValues", {}).items()}
        self.writes += 1
        if not _holds(fields.get("ConditionExpression", ""), item, names, values):
            shown = to_item(item) if item and fields.get("ReturnValuesOnConditionCheckFailure") else {}
            raise AwsError("dynamodb", "UpdateItem", CONDITION_FAILED, 400, "", shown)
        self.items[partition, sort] = _updated(fields["UpdateExpression"], item, names, values)
        return from_item(to_item(self.items[partition, sort])) if fields.get("ReturnValues") == "ALL_NEW" else {}


def _holds(condition: str, item: Mapping[str, Any], names: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    """Evaluate a condition: each term becomes True or False, and what is left are and, or and brackets."""

    def term(match: re.Match[str]) -> str:
        if match["exists"]:
            return str((names[match["exists"]] in item) != bool(match["not"]))
        if match["between"]:
            held = item.get(names[match["between"]])
            inside = held is not None and values[match["low"]] <= held <= values[match["high"]]
            return str(inside != bool(match["negated"]))
        held, wanted = item.get(names[match["left"]]), values[match["right"]]
        compare = {"<=": "__le__", "=": "__eq__", "<": "__lt__", ">": "__gt__"}[match["compare"]]
        return str(held is not None and bool(getattr(held, compare)(wanted)))

    left = _TERM.sub(term, condition)
    assert re.fullmatch(r"(True|False| AND | OR |[()])*", left), condition
    return not left or bool(eval(left.replace("AND", "and").replace("OR", "or")))  # noqa: S307 - matched just above


def _updated(
    expression: str, item: Mapping[str, Any], names: Mapping[str, str], values: Mapping[str, Any]
) -> dict[str, Any]:
    new = dict(item)
    parts = re.split(r"\b(SET|ADD|REMOVE) ", expression)[1:]
    for clause, text in zip(parts[::2], parts[1::2], strict=True):
        for action in text.strip().split(", "):
            match clause, action.split():
                case "SET", [name, "=", value]:
                    new[names[name]] = values[value]
                case "ADD", [name, value]:
                    new[names[name]] = new.get(names[name], 0) + values[value]
                case "REMOVE", [name]:
                    new.pop(names[name], None)
                case _:
                    raise AssertionError(action)
    return new
