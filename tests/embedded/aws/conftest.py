"""One embedded AWS for the tests of this folder, and boto3 clients of it that do not retry."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from leanto.embedded.aws import AwsServer

REGION = "eu-central-1"
Connect = Callable[..., Any]


def _connect(url: str, service: str, region: str = REGION) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id="box",
        aws_secret_access_key="box",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, max_pool_connections=64),
    )


@pytest.fixture(scope="session")
def connect() -> Connect:
    """How to make a client of any server: `connect(url, service, region)`."""
    return _connect


@pytest.fixture(scope="session")
def aws() -> Iterator[AwsServer]:
    with AwsServer() as server:
        yield server


@pytest.fixture(scope="session")
def client(aws: AwsServer) -> Iterator[Connect]:
    made: dict[tuple[str, str], Any] = {}

    def get(service: str, region: str = REGION) -> Any:
        if (service, region) not in made:
            made[service, region] = _connect(aws.url, service, region)
        return made[service, region]

    yield get
    for one in made.values():
        one.close()
