"""Servers of files on loopback, and a bucket as the program makes it."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from leanto.embedded.aws import AwsServer
from tests.artefacts.stand_ins import Files, Waits, serving


@pytest.fixture
def files() -> Iterator[Files]:
    with serving(Files()) as served:
        yield served


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture(scope="session")
def s3() -> Iterator[Any]:
    with AwsServer() as server:
        client = boto3.Session("box", "box", region_name="us-east-1").client("s3", endpoint_url=server.url)
        yield client
        client.close()
