"""One embedded AWS and one event loop for the tests of the function host; a host of its own for each test."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from leanto.embedded.aws import AwsServer
from leanto.embedded.functions.host import FunctionHost
from tests.embedded.functions.deployed import Cloud


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    with AwsServer() as server:
        yield Cloud(server)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def host(cloud: Cloud, runner: asyncio.Runner, tmp_path: Path) -> Iterator[FunctionHost]:
    made = FunctionHost(cloud.server, tmp_path / "functions")
    runner.run(made.start())
    yield made
    runner.run(made.close())
