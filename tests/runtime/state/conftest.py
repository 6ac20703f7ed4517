"""A table whose conditional writes are exact under concurrency, as DynamoDB's are and plain moto's are not."""

from collections.abc import Iterator

import boto3
import pytest

from leanto.embedded.aws.server import AwsServer
from tests.runtime.ledger import Ledger


@pytest.fixture(scope="module")
def shared_ledger() -> Iterator[Ledger]:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    with AwsServer() as server:
        client = boto3.client("dynamodb", region_name="eu-west-1", endpoint_url=server.url, **keys)
        client.create_table(
            TableName="ledger",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Ledger(server.url, client, "ledger")


@pytest.fixture
def ledger(shared_ledger: Ledger) -> Iterator[Ledger]:
    yield shared_ledger
    shared_ledger.clear()
