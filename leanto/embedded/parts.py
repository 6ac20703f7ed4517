"""The parts of a box that live in its event loop, and the bridge from the embedded AWS, which lives in threads."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from leanto.embedded.aws import AwsServer, InvokeRefusedError, InvokeResult
from leanto.embedded.front.server import start_front
from leanto.embedded.functions.host import FunctionHost
from leanto.embedded.provider import start_stand_in

Runner = Callable[[str, bytes, str], Awaitable[InvokeResult]]
"""Runs a function in the event loop: (name or ARN, payload, region)."""


class Invoker:
    """The embedded AWS's hook: called in its threads, it has the function run in the event loop and waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.run: Runner | None = None
        self._loop = loop

    def __call__(self, function: str, payload: bytes, region: str) -> InvokeResult:
        """Run a function; raises InvokeRefusedError while the box has nobody to run it."""
        if self.run is None or self._loop.is_closed():
            raise InvokeRefusedError(
                "ServiceException", "the box runs no functions now: it is starting or stopping", 503
            )
        return asyncio.run_coroutine_threadsafe(_wait(self.run(function, payload, region)), self._loop).result()


async def _wait(result: Awaitable[InvokeResult]) -> InvokeResult:
    return await result


async def start_provider(stack: AsyncExitStack) -> str:
    """Start the provider stand-in and return its URL."""
    stand_in = await start_stand_in()
    stack.push_async_callback(stand_in.close)
    return stand_in.url


async def start_functions(stack: AsyncExitStack, aws: AwsServer, invoker: Invoker, work_dir: Path, region: str) -> str:
    """Start the function host and the front of the APIs of a region, and return the front's URL."""
    host = FunctionHost(aws, work_dir)
    await host.start()
    stack.push_async_callback(host.close)
    invoker.run = host.run
    front = await start_front(aws.url, host, region)
    stack.push_async_callback(front.close)
    return front.url
