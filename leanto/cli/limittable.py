"""Limits of keys, teams and the stack in its table, as an operator sees them: shown, set, topped up."""

from collections.abc import Mapping
from typing import Any

from leanto.cli.exits import CommandError
from runtime.decide.limits import FIELDS, LimitBook
from runtime.state.attributes import from_item, to_item
from runtime.state.budgets import BUDGET_PARTITION
from runtime.state.keys import KEY_PARTITION
from runtime.state.limits import LIMIT_ITEM, LIMIT_PARTITION

PERIODS_CHANGED = "the limits were changed by somebody else at this moment: look at them and give the command again"


class LimitTable:
    """The limits in one table. Methods raise botocore's errors when DynamoDB refuses."""

    def __init__(self, dynamodb: Any, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def book(self) -> LimitBook:
        """Return all limits."""
        return LimitBook(self._item(LIMIT_PARTITION, LIMIT_ITEM))

    def month(self, month: str) -> Mapping[str, Any]:
        """Return a month's item of the budgets; empty when nothing was asked in it."""
        return self._item(BUDGET_PARTITION, f"stack#{month}")

    def set(self, scope: str, values: Mapping[str, int | None]) -> None:
        """Set limits of a scope by their fields; None takes one away.

        A key's item is marked in the same step, so that the key is never admitted without them; raises CommandError
        when there is no key of that id.
        """
        kind, _, name = scope.partition("#")
        change = {"Update": limit_change(self._table_name, scope, values)}
        if kind != "key":
            self._dynamodb.transact_write_items(TransactItems=[change])
            return
        book = self.book()
        left = {field for field in FIELDS if book.limit(scope, field) is not None} - set(values)
        mark = {
            "TableName": self._table_name,
            "Key": to_item({"pk": KEY_PARTITION, "sk": name}),
            "UpdateExpression": "SET #limited = :limited",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeNames": {"#limited": "limited"},
            "ExpressionAttributeValues": to_item(
                {":limited": bool(left) or any(v is not None for v in values.values())}
            ),
        }
        try:
            self._dynamodb.transact_write_items(TransactItems=[change, {"Update": mark}])
        except self._dynamodb.exceptions.TransactionCanceledException as error:
            raise CommandError(f"there is no key with the id {name!r}; `leanto keys list` shows the ids") from error

    def top_up(self, scope: str, period: str, amount: int, before: int) -> None:
        """Raise a scope's limit in one month or day by `amount` micro-dollars, on top of the `before` that it has.

        Raises CommandError when that is no longer so: a call whose answer was lost raises nothing twice.
        """
        names = {"#period": f"{period}#{scope}"}
        condition = "#period = :before" if before else "attribute_not_exists(#period)"
        values = {":after": before + amount} | ({":before": before} if before else {})
        try:
            self._dynamodb.update_item(
                TableName=self._table_name,
                Key=to_item({"pk": LIMIT_PARTITION, "sk": LIMIT_ITEM}),
                UpdateExpression="SET #period = :after",
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=to_item(values),
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            raise CommandError(PERIODS_CHANGED) from error

    def _item(self, partition: str, sort: str) -> Mapping[str, Any]:
        answer = self._dynamodb.get_item(
            TableName=self._table_name, Key=to_item({"pk": partition, "sk": sort}), ConsistentRead=True
        )
        return from_item(answer.get("Item") or {})


def limit_change(table_name: str, scope: str, values: Mapping[str, int | None]) -> dict[str, Any]:
    """Return the write that sets limits of a scope, None = takes one away; a step of a transaction."""
    names = {f"#l{index}": f"{field}#{scope}" for index, field in enumerate(values)}
    given = {f":l{index}": value for index, value in enumerate(values.values()) if value is not None}
    setting = [f"#l{index} = :l{index}" for index, value in enumerate(values.values()) if value is not None]
    removing = [f"#l{index}" for index, value in enumerate(values.values()) if value is None]
    clauses = [
        *(["SET " + ", ".join(setting)] if setting else []),
        *(["REMOVE " + ", ".join(removing)] if removing else []),
    ]
    change: dict[str, Any] = {
        "TableName": table_name,
        "Key": to_item({"pk": LIMIT_PARTITION, "sk": LIMIT_ITEM}),
        "UpdateExpression": " ".join(clauses),
        "ExpressionAttributeNames": names,
    }
    if given:
        change["ExpressionAttributeValues"] = to_item(given)
    return change
