"""Conditional writes are exact under concurrency: this is what budgets rest on."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

WRITERS = 64
BUDGET = 10
REPETITIONS = 3


@pytest.fixture(scope="module")
def table(client: Callable[..., Any]) -> str:
    client("dynamodb").create_table(
        TableName="budgets",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "budgets"


def reservation(table: str) -> dict[str, Any]:
    return {
        "TableName": table,
        "Key": {"pk": {"S": "team"}},
        "UpdateExpression": "SET remaining = remaining - :one",
        "ConditionExpression": "remaining >= :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """Threads of the server, which runs in this process, interrupt each other as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def outcomes(attempt: Callable[[int], Any]) -> Counter[str]:
    def outcome(number: int) -> str:
        try:
            attempt(number)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "done"

    with ThreadPoolExecutor(WRITERS) as pool:
        return Counter(pool.map(outcome, range(WRITERS)))


@pytest.mark.usefixtures("frequent_switches")
@pytest.mark.parametrize("repetition", range(REPETITIONS))
@pytest.mark.parametrize("way", ["UpdateItem", "TransactWriteItems"])
def test_of_64_concurrent_reservations_exactly_the_budget_succeeds(
    client: Callable[..., Any], table: str, way: str, repetition: int
) -> None:
    dynamodb = client("dynamodb")
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "team"}, "remaining": {"N": str(BUDGET)}})
    ways: dict[str, Callable[[int], Any]] = {
        "UpdateItem": lambda _: dynamodb.update_item(**reservation(table)),
        "TransactWriteItems": lambda number: dynamodb.transact_write_items(
            TransactItems=[
                {"Update": reservation(table)},
                {"Put": {"TableName": table, "Item": {"pk": {"S": f"reservation-{repetition}-{number}"}}}},
            ]
        ),
    }
    refused = {"UpdateItem": "ConditionalCheckFailedException", "TransactWriteItems": "TransactionCanceledException"}
    assert outcomes(ways[way]) == {"done": BUDGET, refused[way]: WRITERS - BUDGET}
    left = dynamodb.get_item(TableName=table, Key={"pk": {"S": "team"}})["Item"]["remaining"]["N"]
    assert left == "0"


def test_a_transaction_sent_twice_with_one_token_applies_once(client: Callable[..., Any], table: str) -> None:
    dynamodb = client("dynamodb")
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "team"}, "remaining": {"N": "10"}})
    for _ in range(2):
        dynamodb.transact_write_items(TransactItems=[{"Update": reservation(table)}], ClientRequestToken="token-1")
    left = dynamodb.get_item(TableName=table, Key={"pk": {"S": "team"}})["Item"]["remaining"]["N"]
    assert left == "9"


def test_a_token_used_for_other_writes_is_refused(client: Callable[..., Any], table: str) -> None:
    dynamodb = client("dynamodb")
    first = {"Put": {"TableName": table, "Item": {"pk": {"S": "first"}}}}
    second = {"Put": {"TableName": table, "Item": {"pk": {"S": "second"}}}}
    dynamodb.transact_write_items(TransactItems=[first], ClientRequestToken="token-2")
    with pytest.raises(dynamodb.exceptions.IdempotentParameterMismatchException):
        dynamodb.transact_write_items(TransactItems=[second], ClientRequestToken="token-2")


def test_a_cancelled_transaction_does_not_use_up_its_token(client: Callable[..., Any], table: str) -> None:
    dynamodb = client("dynamodb")
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "team"}, "remaining": {"N": "0"}})
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[{"Update": reservation(table)}], ClientRequestToken="token-3")
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "team"}, "remaining": {"N": "1"}})
    dynamodb.transact_write_items(TransactItems=[{"Update": reservation(table)}], ClientRequestToken="token-3")
    left = dynamodb.get_item(TableName=table, Key={"pk": {"S": "team"}})["Item"]["remaining"]["N"]
    assert left == "0"
