"""Calls a plain handler as the shim does, once or several times in one environment."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from runtime.lambda_api import Invocation
from runtime.lambda_context import Environment, LambdaContext

Handler = Callable[[Any, LambdaContext], Awaitable[Any]]


def call(handler: Handler, variables: dict[str, str], *events: Any) -> list[Any]:
    """Return the result of each event, an exception where it raised one."""

    async def run() -> list[Any]:
        environment = Environment(variables)
        invocation = Invocation("event-1", int((time.time() + 30) * 1000), "arn", "", b"")
        results: list[Any] = []
        for event in events:
            try:
                results.append(await handler(event, LambdaContext(invocation, environment)))
            except Exception as error:
                results.append(error)
        await environment.close()
        return results

    return asyncio.run(run())
