"""The nodes of the pool in the stack's table: one item a node, which the node itself writes every few seconds.

The item has `pk` NODES and `sk` the instance's id; its other attributes are those of `runtime.decide.nodes.Node`, and
`expires`, the time in epoch seconds after which DynamoDB deletes it. What others want of a node stands in `order`; the
node reads it in the answer to its own heartbeat.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from runtime.aws import AwsError
from runtime.decide.nodes import STATES, Node
from runtime.state.attributes import to_item
from runtime.state.table import CONDITION_FAILED, Table

NODE_PARTITION = "NODES"
KEPT_SECONDS = 24 * 3600
"""How long a node's last word is kept after its last heartbeat."""

_NUMBERS = frozenset({"port", "slots", "busy", "queued", "heartbeat", "started"})
_TEXTS = frozenset(field.name for field in fields(Node)) - _NUMBERS - {"id", "phases", "tokens_per_second"}


class NodeItems:
    """Reads and writes the nodes; methods raise AwsError when the table refuses or does not answer."""

    def __init__(self, table: Table):
        self._table = table

    async def all(self) -> list[Node]:
        """Return every node that the table knows, those that are long gone too."""
        items = await self._table.query(NODE_PARTITION)
        return [node for item in items if (node := _node(item)) is not None]

    async def beat(self, node_id: str, values: Mapping[str, object], now: int) -> str:
        """Write what a node says of itself at `now` (epoch seconds); returns the order that others left, or ""."""
        written = {**values, "heartbeat": now, "expires": now + KEPT_SECONDS}
        names = {f"#{name}": name for name in written}
        setting = ", ".join(f"#{name} = :{name}" for name in written)
        after = await self._table.update(
            NODE_PARTITION,
            node_id,
            {
                "UpdateExpression": f"SET {setting}",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": to_item({f":{name}": value for name, value in written.items()}),
                "ReturnValues": "ALL_NEW",
            },
        )
        order = after.get("order")
        return order if isinstance(order, str) else ""

    async def give_order(self, node_id: str, order: str) -> bool:
        """Leave an order for a node; returns whether there is such a node."""
        try:
            await self._table.update(
                NODE_PARTITION,
                node_id,
                {
                    "UpdateExpression": "SET #order = :order",
                    "ConditionExpression": "attribute_exists(sk)",
                    "ExpressionAttributeNames": {"#order": "order"},
                    "ExpressionAttributeValues": to_item({":order": order}),
                },
            )
        except AwsError as error:
            if error.code == CONDITION_FAILED:
                return False
            raise
        return True


def _node(item: Mapping[str, Any]) -> Node | None:
    """Return a node; None for what is not in our form, which is then not chosen."""
    values: dict[str, Any] = {name: item[name] for name in _NUMBERS | _TEXTS if name in item}
    wrong = any(not isinstance(values[name], int) for name in _NUMBERS & values.keys())
    wrong = wrong or any(not isinstance(values[name], str) for name in _TEXTS & values.keys())
    if wrong or values.get("state") not in STATES or not isinstance(item.get("sk"), str):
        return None
    phases = item.get("phases")
    return Node(
        id=item["sk"],
        **values,
        tokens_per_second=_rate(item.get("tokens_per_second")),
        phases=_phases(phases) if isinstance(phases, dict) else {},
    )


def _rate(value: Any) -> float:
    try:
        return max(0.0, float(value or 0))
    except (TypeError, ValueError):
        return 0.0


def _phases(phases: Mapping[str, Any]) -> dict[str, int]:
    return {name: value for name, value in phases.items() if isinstance(value, int)}
