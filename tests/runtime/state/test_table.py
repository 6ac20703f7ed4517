"""Claim: the table gives keys and the stop flag as they were written, by us or by the command."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import boto3.dynamodb.types
import pytest

from runtime.aws import AwsError, open_aws
from runtime.state.keys import KeyRecord
from runtime.state.table import StopFlag, Table


def with_table(variables: dict[str, str], name: str, test: Callable[[Table], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with open_aws(variables) as aws:
            await test(Table(aws, name))

    asyncio.run(run())


def test_a_key_item_is_read_and_an_absent_one_is_none(
    aws_variables: dict[str, str], table_name: str, boto: Any
) -> None:
    serialize = boto3.dynamodb.types.TypeSerializer().serialize
    values = {
        "pk": "KEYS",
        "sk": "abcdefghijkl",
        "hash": "00ff",
        "name": "app",
        "team": "search",
        "models": ["small"],
        "created_at": "2026-11-24T10:00:00Z",
        "expires_at": 1_800_000_000,
        "state": "active",
    }
    bare = {"pk": "KEYS", "sk": "bcdefghijklm", "hash": "11", "name": "n", "team": "t", "state": "revoked"}
    for item in (values, bare):
        attributes = {name: serialize(value) for name, value in item.items()}
        boto("dynamodb").put_item(TableName=table_name, Item=attributes)

    async def test(table: Table) -> None:
        expected = KeyRecord("abcdefghijkl", "00ff", "app", "search", ("small",), "active", 1_800_000_000)
        assert await table.key("abcdefghijkl") == expected
        assert await table.key("bcdefghijklm") == KeyRecord("bcdefghijklm", "11", "n", "t", None, "revoked", None)
        assert await table.key("cdefghijklmn") is None

    with_table(aws_variables, table_name, test)


def test_the_first_stop_is_kept_and_later_ones_change_nothing(aws_variables: dict[str, str], table_name: str) -> None:
    async def test(table: Table) -> None:
        assert await table.stop_flag() == StopFlag(False)
        assert await table.set_stop("first", "t1") is True
        assert await table.set_stop("second", "t2") is False
        assert await table.stop_flag() == StopFlag(True, "first", "t1")

    with_table(aws_variables, table_name, test)


def test_a_stop_after_a_start_is_set_anew(aws_variables: dict[str, str], table_name: str, boto: Any) -> None:
    item = {"pk": {"S": "CONTROL"}, "sk": {"S": "STOP"}, "stopped": {"BOOL": False}, "reason": {"S": "old"}}
    boto("dynamodb").put_item(TableName=table_name, Item=item)

    async def test(table: Table) -> None:
        assert await table.set_stop("new", "t2") is True
        assert await table.stop_flag() == StopFlag(True, "new", "t2")

    with_table(aws_variables, table_name, test)


def test_a_table_that_is_not_there_is_an_error_and_never_an_absent_item(aws_variables: dict[str, str]) -> None:
    async def test(table: Table) -> None:
        for call in (table.key("abcdefghijkl"), table.stop_flag(), table.set_stop("r", "t")):
            with pytest.raises(AwsError) as error:
                await call
            assert error.value.code == "ResourceNotFoundException"

    with_table(aws_variables, "absent", test)
