"""Keys of the endpoint in a stack's table, as an operator sees them: created, listed, revoked."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from leanto.cli.exits import CommandError
from leanto.cli.limittable import limit_change
from runtime.decide.limits import key_scope
from runtime.state.attributes import from_item, to_item
from runtime.state.keys import ACTIVE, KEY_PARTITION, REVOKED, NewKey, make_key

NO_LIMITS: Mapping[str, int] = MappingProxyType({})


class KeyTable:
    """The keys in one table. Methods raise botocore's errors when DynamoDB refuses."""

    def __init__(self, dynamodb: Any, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def create(
        self,
        name: str,
        *,
        team: str,
        models: Sequence[str] = (),
        expires_at: datetime | None = None,
        data_class: str = "",
        limits: Mapping[str, int] = NO_LIMITS,
    ) -> NewKey:
        """Make a key and store its hash, with its limits in one step; `models` empty admits to all.

        The key itself is in the result only. `data_class` empty bounds nothing. `limits` are by their fields, see
        `runtime.decide.limits`.
        """
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
        if data_class:
            values["data_class"] = data_class
        steps: list[dict[str, Any]] = []
        if limits:
            values["limited"] = True
            steps.append({"Update": limit_change(self._table_name, key_scope(key.key_id), limits)})
        put = {"TableName": self._table_name, "Item": to_item(values)}
        steps.append({"Put": {**put, "ConditionExpression": "attribute_not_exists(pk)"}})
        self._dynamodb.transact_write_items(TransactItems=steps)
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
