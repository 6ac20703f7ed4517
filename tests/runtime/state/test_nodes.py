"""Claim: what a node says of itself is read as it was said, its orders reach it, and foreign items are passed over."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from runtime.aws import open_aws
from runtime.decide.nodes import Node
from runtime.state.nodes import KEPT_SECONDS, NodeItems
from runtime.state.table import Table

SAID = {
    "state": "ready",
    "model": "m",
    "engine": "llama.cpp",
    "address": "10.0.0.7",
    "port": 8443,
    "fingerprint": "ab" * 32,
    "slots": 4,
    "busy": 2,
    "queued": 1,
    "started": 100,
    "instance_type": "g6.xlarge",
    "zone": "eu-west-1a",
    "market": "spot",
    "tokens_per_second": 31,
    "phases": {"download": 7100, "load": 4000},
}


def with_nodes(variables: dict[str, str], table: str, test: Callable[[NodeItems], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_aws(variables) as aws:
            await test(NodeItems(Table(aws, table)))

    asyncio.run(run())


def test_a_node_is_read_as_it_said(aws_variables: dict[str, str], table_name: str, boto: Any) -> None:
    async def test(nodes: NodeItems) -> None:
        assert await nodes.beat("i-1", SAID, 500) == ""
        await nodes.beat("i-2", {"state": "booting", "started": 490}, 495)
        known = {node.id: node for node in await nodes.all()}
        assert known == {
            "i-1": Node("i-1", heartbeat=500, **SAID),  # type: ignore[arg-type]
            "i-2": Node("i-2", "booting", started=490, heartbeat=495),
        }

    with_nodes(aws_variables, table_name, test)
    key = {"pk": {"S": "NODES"}, "sk": {"S": "i-1"}}
    item = boto("dynamodb").get_item(TableName=table_name, Key=key)["Item"]
    assert item["expires"] == {"N": str(500 + KEPT_SECONDS)}


def test_an_order_reaches_the_node_with_its_next_heartbeat(aws_variables: dict[str, str], table_name: str) -> None:
    async def test(nodes: NodeItems) -> None:
        await nodes.beat("i-1", SAID, 500)
        assert await nodes.give_order("i-1", "drain") is True
        assert await nodes.beat("i-1", {"state": "ready"}, 505) == "drain"
        assert [node.order for node in await nodes.all()] == ["drain"]

    with_nodes(aws_variables, table_name, test)


def test_an_order_makes_no_node(aws_variables: dict[str, str], table_name: str) -> None:
    async def test(nodes: NodeItems) -> None:
        assert await nodes.give_order("i-gone", "drain") is False
        assert await nodes.all() == []

    with_nodes(aws_variables, table_name, test)


def test_an_item_in_another_form_is_no_node(aws_variables: dict[str, str], table_name: str) -> None:
    async def test(nodes: NodeItems) -> None:
        await nodes.beat("i-1", {**SAID, "state": "splendid"}, 500)
        await nodes.beat("i-2", {**SAID, "slots": "four"}, 500)
        await nodes.beat("i-3", {**SAID, "address": 7}, 500)
        await nodes.beat("i-4", {**SAID, "tokens_per_second": "fast", "phases": ["x"]}, 500)
        assert [(node.id, node.tokens_per_second, node.phases) for node in await nodes.all()] == [("i-4", 0.0, {})]

    with_nodes(aws_variables, table_name, test)


def test_all_pages_of_the_nodes_are_read(aws_variables: dict[str, str], table_name: str) -> None:
    async def test(nodes: NodeItems) -> None:
        # DynamoDB gives at most 1 MB at once.
        names = [f"i-{number}" for number in range(4)]
        for name in names:
            await nodes.beat(name, {**SAID, "reason": "x" * 350_000}, 500)
        assert [node.id for node in await nodes.all()] == names

    with_nodes(aws_variables, table_name, test)
