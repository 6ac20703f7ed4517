"""Keys of the endpoint in a stack's table, as an operator sees them: created, listed, revoked."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from leanto.cli.exits import CommandError
from runtime.state.attributes import from_item, to_item
from runtime.state.keys import ACTIVE, KEY_PARTITION, REVOKED, NewKey, make_key

CONDITION_FAILED = "ConditionalCheckFailedException"


class KeyTable:
    """The keys in one table. Methods raise botocore's errors when DynamoDB refuses."""

    def __init__(self, dynamodb: Any, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def create(self, name: str, *, team: str, models: Sequence[str] = (), expires_at: datetime | None = None) -> NewKey:
        """Make a key and store its hash; `models` empty admits to all. The key itself is in the result only."""
        key = make_key()
        values: dict[str, object] = {
            "pk": KEY_PARTITION,
            "sk": key.key_id,
            "hash": key.hash,
            "name": name,
            "team": team,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "state": ACTIVE,
        }
        if models:
            values["models"] = list(models)
        if expires_at is not None:
            values["expires_at"] = int(expires_at.timestamp())
        self._dynamodb.put_item(
            TableName=self._table_name, Item=to_item(values), ConditionExpression="attribute_not_exists(pk)"
        )
        return key

    def list(self) -> Iterator[Mapping[str, Any]]:
        """Yield each key's values without its hash, oldest first."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_item({":pk": KEY_PARTITION}),
            ConsistentRead=True,
        )
        items = [from_item(item) for page in pages for item in page["Items"]]
        for item in sorted(items, key=lambda values: str(values.get("created_at", ""))):
            yield {name: value for name, value in item.items() if name not in {"pk", "hash"}}

    def revoke(self, key_id: str) -> None:
        """Turn a key off for good; raises CommandError when there is none of that id."""
        try:
            self._dynamodb.update_item(
                TableName=self._table_name,
                Key=to_item({"pk": KEY_PARTITION, "sk": key_id}),
                UpdateExpression="SET #state = :revoked, revoked_at = if_not_exists(revoked_at, :now)",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=to_item(
                    {":revoked": REVOKED, ":now": datetime.now(UTC).isoformat(timespec="seconds")}
                ),
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            raise CommandError(f"there is no key with the id {key_id!r}; `leanto keys list` shows the ids") from error
