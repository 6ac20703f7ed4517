"""The process that Lambda starts: loads the handler, then serves invocations from the Runtime API until told to end.

`_HANDLER` is `module:attribute`. A coroutine function is a plain handler, `async def handle(event, context) -> result`;
any other callable is an ASGI application, served as a streamed API Gateway proxy integration. One process, one event
loop, one invocation at a time. No event, response or exception message is ever printed (`runtime.log`,
`runtime.errors`).
"""

import asyncio
import importlib
import inspect
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from runtime.errors import ConfigurationError, report_error
from runtime.lambda_api import Invocation, RuntimeApi, RuntimeApiError
from runtime.lambda_asgi import serve_request
from runtime.lambda_context import Environment, LambdaContext
from runtime.lambda_deadline import within_deadline
from runtime.lambda_lifespan import AsgiApp, Lifespan
from runtime.log import install_guards, now_iso, write_error, write_line

PlainHandler = Callable[[Any, LambdaContext], Awaitable[Any]]
Serve = Callable[[Invocation], Awaitable[None]]
TRACE_VARIABLE = "_X_AMZN_TRACE_ID"
SHUTDOWN_SECONDS = 1.5
"""Lambda kills what has not ended two seconds after SIGTERM."""


def load_handler(name: str) -> Any:
    """Return the attribute that `module:attribute` names; raises ConfigurationError if it is not there."""
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise ConfigurationError(f"the handler {name!r} is not of the form module:attribute")
    module = importlib.import_module(module_name)
    handler = getattr(module, attribute, None)
    if not callable(handler):
        raise ConfigurationError(f"the handler {name!r} names nothing that can be called")
    return handler


async def serve_event(handler: PlainHandler, invocation: Invocation, api: RuntimeApi, environment: Environment) -> None:
    """Run a plain handler for one event and give Lambda its result, or the report of its error."""
    try:
        work = handler(invocation.event(), LambdaContext(invocation, environment))
        result = await within_deadline(work, invocation.deadline_ms)
        body = json.dumps(result).encode()
    except Exception as error:
        write_error("event_failed", error, lambda_request_id=invocation.request_id)
        await api.fail(invocation.request_id, report_error(error))
    else:
        await api.respond(invocation.request_id, body)


async def prepare(name: str, api: RuntimeApi, environment: Environment) -> tuple[Serve, Callable[[], Awaitable[None]]]:
    """Load and start the handler; return what serves one invocation and what ends the handler."""
    handler = load_handler(name)
    if _is_plain(handler):
        plain: PlainHandler = handler
        return lambda invocation: serve_event(plain, invocation, api, environment), environment.close
    app: AsgiApp = handler
    lifespan = Lifespan(app)
    await lifespan.startup()
    return lambda invocation: serve_request(app, invocation, api, lifespan.state), lifespan.shutdown


def _is_plain(handler: Any) -> bool:
    """Say whether a handler takes an event and a context; an ASGI application may be a coroutine function too."""
    return inspect.iscoroutinefunction(handler) and len(inspect.signature(handler).parameters) == 2


async def serve_until(ending: asyncio.Event, api: RuntimeApi, serve: Serve) -> None:
    """Take invocations and serve them one after the other; an invocation that has begun is finished before the end."""
    end = asyncio.ensure_future(ending.wait())
    try:
        while not ending.is_set():
            coming = asyncio.ensure_future(api.next())
            await asyncio.wait({coming, end}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                await asyncio.wait({coming})
                return
            invocation = coming.result()
            os.environ[TRACE_VARIABLE] = invocation.trace_id
            try:
                await serve(invocation)
            except (OSError, EOFError, RuntimeApiError) as error:
                # Lambda did not take this response: it ended the invocation and says so itself. The next one is served.
                write_error("response_not_taken", error, lambda_request_id=invocation.request_id)
    finally:
        end.cancel()


async def run(environment: Environment) -> int:
    """Run the function in this process; returns the exit status."""
    loop = asyncio.get_running_loop()
    install_guards(loop)
    ending = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    api = RuntimeApi(environment.variable("AWS_LAMBDA_RUNTIME_API"))
    try:
        serve, end = await prepare(environment.variable("_HANDLER"), api, environment)
    except Exception as error:
        report = report_error(error, show_message=True)
        write_line({"time": now_iso(), "level": "error", "event": "init_failed", **report})
        await api.fail_init(report)
        return 1
    try:
        await serve_until(ending, api, serve)
    finally:
        await close_in_time(end)
    return 0


async def close_in_time(end: Callable[[], Awaitable[None]]) -> None:
    """End the handler; what then hangs or fails is noted, and keeps neither the process nor the error that ended it."""
    try:
        async with asyncio.timeout(SHUTDOWN_SECONDS):
            await end()
    except Exception as error:
        write_error("shutdown_failed", error)


def main() -> int:
    """Run the function that the environment variables name."""
    return asyncio.run(run(Environment(os.environ)))


if __name__ == "__main__":
    sys.exit(main())
