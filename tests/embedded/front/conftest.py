"""One embedded AWS, one function host and one front for the tests of the front, all in one event loop."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from leanto.embedded.aws import AwsServer
from leanto.embedded.front.server import Front, start_front
from leanto.embedded.functions.host import FunctionHost
from tests.embedded.functions.deployed import REGION, Cloud


@dataclass(frozen=True)
class Got:
    """One response, read to its end."""

    status: int
    headers: Any
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Running:
    """The running parts, and a client of the front."""

    runner: asyncio.Runner
    cloud: Cloud
    front: Front
    session: aiohttp.ClientSession

    def call(self, method: str, path: str, **options: Any) -> Got:
        """Send one request to the front and read the response."""
        return self.runner.run(self.send(method, path, **options))

    async def send(self, method: str, path: str, **options: Any) -> Got:
        async with self.session.request(method, self.front.url + path, **options) as response:
            return Got(response.status, response.headers, await response.read())


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    with AwsServer() as server, asyncio.Runner() as runner, tempfile.TemporaryDirectory() as folder:
        host = FunctionHost(server, Path(folder))
        runner.run(host.start())
        front = runner.run(start_front(server.url, host, REGION))
        session = runner.run(_session())
        yield Running(runner, Cloud(server), front, session)
        runner.run(session.close())
        runner.run(front.close())
        runner.run(host.close())


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))


@pytest.fixture
def wait(running: Running) -> Callable[[float], None]:
    def seconds(number: float) -> None:
        running.runner.run(asyncio.sleep(number))

    return seconds
