"""The stack's table: the only DynamoDB code of the functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.aws import Aws, AwsError
from runtime.state.attributes import from_item, to_item
from runtime.state.keys import KEY_PARTITION, KeyRecord

CONTROL_PARTITION = "CONTROL"
STOP_ITEM = "STOP"
CONDITION_FAILED = "ConditionalCheckFailedException"


@dataclass(frozen=True)
class StopFlag:
    """Whether the stack is stopped, why, and since when (ISO 8601, UTC)."""

    stopped: bool
    reason: str = ""
    at: str = ""


class Table:
    """Reads and writes the items of one stack; methods raise AwsError when DynamoDB refuses or does not answer."""

    def __init__(self, aws: Aws, name: str):
        self._aws = aws
        self._name = name

    async def key(self, key_id: str) -> KeyRecord | None:
        """Return the key of that id, or None; read consistently, so that a revocation holds at once."""
        values = await self._get(KEY_PARTITION, key_id)
        return KeyRecord.from_values(values) if values else None

    async def stop_flag(self) -> StopFlag:
        """Return the stop flag; a stack that was never stopped has none and runs."""
        values = await self._get(CONTROL_PARTITION, STOP_ITEM)
        return StopFlag(bool(values.get("stopped")), str(values.get("reason", "")), str(values.get("at", "")))

    async def set_stop(self, reason: str, at: str) -> bool:
        """Set the stop flag unless it is set; returns whether this call set it. The first reason and time are kept."""
        names = {"#stopped": "stopped", "#reason": "reason", "#at": "at"}
        try:
            await self.update(
                CONTROL_PARTITION,
                STOP_ITEM,
                {
                    "UpdateExpression": "SET #stopped = :true, #reason = :reason, #at = :at",
                    "ConditionExpression": "attribute_not_exists(#stopped) OR #stopped <> :true",
                    "ExpressionAttributeNames": names,
                    "ExpressionAttributeValues": to_item({":true": True, ":reason": reason, ":at": at}),
                },
            )
        except AwsError as error:
            if error.code == CONDITION_FAILED:
                return False
            raise
        return True

    async def update(self, partition: str, sort: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Make one UpdateItem of an item, which need not exist; returns what `ReturnValues` among `fields` asks for."""
        answer = await self._dynamodb("UpdateItem", {"Key": to_item({"pk": partition, "sk": sort}), **fields})
        return from_item(answer.get("Attributes") or {})

    async def values(self, partition: str, sort: str) -> dict[str, Any]:
        """Return what an item holds, read consistently; empty when there is none."""
        return await self._get(partition, sort)

    async def query(self, partition: str) -> list[dict[str, Any]]:
        """Return all items of a partition, read as they are within a second."""
        items: list[dict[str, Any]] = []
        start: Mapping[str, Any] = {}
        while True:
            answer = await self._dynamodb(
                "Query",
                {
                    "KeyConditionExpression": "#pk = :pk",
                    "ExpressionAttributeNames": {"#pk": "pk"},
                    "ExpressionAttributeValues": to_item({":pk": partition}),
                    **({"ExclusiveStartKey": start} if start else {}),
                },
            )
            items += [from_item(item) for item in answer.get("Items") or ()]
            start = answer.get("LastEvaluatedKey") or {}
            if not start:
                return items

    async def _get(self, partition: str, sort: str) -> dict[str, Any]:
        answer = await self._dynamodb(
            "GetItem", {"Key": to_item({"pk": partition, "sk": sort}), "ConsistentRead": True}
        )
        return from_item(answer.get("Item") or {})

    async def _dynamodb(self, operation: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        body = {"TableName": self._name, **fields}
        return await self._aws.json("dynamodb", f"DynamoDB_20120810.{operation}", body, version="1.0")
