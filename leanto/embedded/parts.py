"""The parts of a box that live in its event loop, and the bridge from the embedded AWS, which lives in threads."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

from leanto.embedded.aws import AwsServer, InvokeRefusedError, InvokeResult
from leanto.embedded.aws.invocation import InvokeBrokenError
from leanto.embedded.front.server import start_front
from leanto.embedded.functions.exchange import BrokenResponseError, Failure
from leanto.embedded.functions.host import FunctionHost
from leanto.embedded.functions.invocation import Invocation
from leanto.embedded.instances.addresses import Loopback
from leanto.embedded.instances.host import InstanceHost
from leanto.embedded.provider import start_stand_in

Result = TypeVar("Result")

Runner = Callable[[str, bytes, str], Awaitable[InvokeResult]]
"""Runs a function in the event loop: (name or ARN, payload, region)."""

Starter = Callable[[str, bytes, str], Awaitable[Invocation]]
"""Begins to run a function in the event loop."""


class Invoker:
    """The embedded AWS's hook: called in its threads, it has the function run in the event loop and waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.run: Runner | None = None
        self.begin: Starter | None = None
        self._loop = loop

    def __call__(self, function: str, payload: bytes, region: str) -> InvokeResult:
        """Run a function; raises InvokeRefusedError while the box has nobody to run it."""
        if self.run is None or self._loop.is_closed():
            raise _nobody()
        return self._wait(self.run(function, payload, region))

    def stream(self, function: str, payload: bytes, region: str) -> Iterator[bytes]:
        """Run a function and return its response as it comes; raises InvokeRefusedError as above."""
        if self.begin is None or self._loop.is_closed():
            raise _nobody()
        return self._pieces(self._wait(self.begin(function, payload, region)))

    def _pieces(self, invocation: Invocation) -> Iterator[bytes]:
        if invocation.failure is not None:
            raise _broken(invocation.failure)
        pieces = invocation.pieces()
        try:
            while (piece := self._wait(anext(pieces, None))) is not None:
                yield piece
        except BrokenResponseError as error:
            raise _broken(error.failure) from None
        finally:
            # The caller may have gone: the function then runs to its end, and nobody waits for its bytes.
            self._wait(pieces.aclose())

    def _wait(self, work: Awaitable[Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(_result(work), self._loop).result()


async def _result(work: Awaitable[Result]) -> Result:
    return await work


def _nobody() -> InvokeRefusedError:
    return InvokeRefusedError("ServiceException", "the box runs no functions now: it is starting or stopping", 503)


def _broken(by: Failure) -> InvokeBrokenError:
    return InvokeBrokenError(by.error_type, by.message)


async def start_provider(stack: AsyncExitStack) -> str:
    """Start the provider stand-in and return its URL."""
    stand_in = await start_stand_in()
    stack.push_async_callback(stand_in.close)
    return stand_in.url


def claim_addresses(stack: AsyncExitStack) -> Loopback | None:
    """Return the loopback addresses of the box's instances; None on a system that has no such ones."""
    loopback = Loopback.claim()
    if loopback is not None:
        stack.callback(loopback.close)
    return loopback


def start_instances(
    stack: AsyncExitStack, aws: AwsServer, loopback: Loopback | None, work_dir: Path, region: str
) -> None:
    """Run what the emulated EC2 of a region starts."""
    host = InstanceHost(aws, region, loopback, work_dir)
    host.start()
    stack.push_async_callback(host.close)


async def start_functions(
    stack: AsyncExitStack, aws: AwsServer, invoker: Invoker, loopback: Loopback | None, work_dir: Path, region: str
) -> str:
    """Start the function host and the front of the APIs of a region, and return the front's URL."""
    host = FunctionHost(aws, work_dir, loopback=loopback)
    await host.start()
    stack.push_async_callback(host.close)
    invoker.run = host.run
    invoker.begin = lambda function, payload, region: host.invoke(function, payload, region=region)
    front = await start_front(aws.url, host, region)
    stack.push_async_callback(front.close)
    return front.url
