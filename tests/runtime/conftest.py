"""Servers that the tests of the runtime share: an event loop, AWS, and a stack's table in it."""

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest

from leanto.embedded.aws.server import AwsServer
from tests.runtime.background_loop import BackgroundLoop

REGION = "eu-west-1"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def background() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def aws_url() -> Iterator[str]:
    """An AWS whose conditional writes are exact under concurrency, as DynamoDB's are and plain moto's are not."""
    with AwsServer() as server:
        yield server.url


def variables_at(url: str) -> dict[str, str]:
    """Return what Lambda and the box set in a function's environment."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "canary-secret-access-key",
        "AWS_SESSION_TOKEN": "canary-session-token",
    }


def clients_at(url: str) -> Any:
    """Return what gives the boto3 client of a service, one for all tests: each takes a fifth of a second to make."""

    @cache
    def client(service: str) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=REGION, endpoint_url=url, **keys)

    return client


@pytest.fixture(scope="session")
def aws_variables(aws_url: str) -> dict[str, str]:
    return variables_at(aws_url)


@pytest.fixture(scope="session")
def boto(aws_url: str) -> Any:
    return clients_at(aws_url)


@pytest.fixture
def table_name(boto: Any) -> str:
    """A new table as a stack has it."""
    name = f"table-{next(_numbers)}"
    boto("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return name
