"""Calls the function behind a method and hands its answer on: whole, or piece by piece."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from leanto.embedded.aws.invocation import InvokeRefusedError
from leanto.embedded.front.functions import Functions, NotPermittedError
from leanto.embedded.front.outcome import Outcome
from leanto.embedded.front.proxy import Head, MalformedResponseError, streamed_response, whole_response
from leanto.embedded.front.refusals import RefusedRequestError
from leanto.embedded.front.request import Received
from leanto.embedded.front.snapshot import Method
from leanto.embedded.functions.exchange import BrokenResponseError, Failure
from leanto.embedded.functions.invocation import Invocation

STREAM_IDLE_SECONDS = 300.0
"""How long a stream of a regional API may be silent
(https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html)."""


class CutOffError(Exception):
    """A response that has begun cannot be completed."""


@dataclass(frozen=True)
class Reply:
    """A response whose status is known; `pieces` raises CutOffError when it breaks off."""

    head: Head
    pieces: AsyncGenerator[bytes, None]
    invocation: Invocation

    async def close(self) -> None:
        """Read no more; what the function still sends is dropped."""
        await self.pieces.aclose()
        self.invocation.abandon()


class Integrations:
    """Calls functions. A call that nobody waits for any more goes on to its end, as in Lambda."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._left: set[asyncio.Task[Any]] = set()

    async def call(self, method: Method, received: Received, event: Mapping[str, Any], outcome: Outcome) -> Reply:
        """Return the function's reply; raises RefusedRequestError when there is none."""
        begun = time.monotonic()
        deadline = begun + method.timeout_seconds
        payload = json.dumps(event).encode()
        work = asyncio.ensure_future(self._reply(method, _source_arn(received, method), payload, deadline, outcome))
        try:
            done, _ = await asyncio.wait({work}, timeout=method.timeout_seconds)
        except asyncio.CancelledError:
            self._leave(work)
            raise
        outcome.integration_latency_ms = int((time.monotonic() - begun) * 1000)
        if not done:
            self._leave(work)
            outcome.integration_error = "Execution failed due to a timeout error"
            raise RefusedRequestError("INTEGRATION_TIMEOUT")
        return work.result()

    async def _reply(self, method: Method, source_arn: str, payload: bytes, deadline: float, outcome: Outcome) -> Reply:
        invocation = await self._invoke(method.uri, source_arn, payload, outcome)
        if invocation.failure is not None:
            raise _failed(invocation.failure, outcome)
        try:
            if method.streams:
                pieces = invocation.pieces()
                head, first = await streamed_response(pieces)
                return Reply(head, _timed(pieces, first, deadline), invocation)
            body, failure = await invocation.read()
            if failure is not None:
                raise _failed(failure, outcome)
            head, content = whole_response(body)
            return Reply(head, _once(content), invocation)
        except BrokenResponseError as error:
            raise _failed(error.failure, outcome) from error
        except MalformedResponseError as error:
            outcome.integration_error = f"Malformed Lambda proxy response: {error}"
            raise RefusedRequestError("INTEGRATION_FAILURE", status=502) from error

    async def _invoke(self, uri: str, source_arn: str, payload: bytes, outcome: Outcome) -> Invocation:
        try:
            invocation = await self._functions.invoke(uri, source_arn, payload)
        except NotPermittedError as error:
            outcome.integration_error = str(error)
            raise RefusedRequestError("API_CONFIGURATION_ERROR") from error
        except InvokeRefusedError as error:
            outcome.integration_status, outcome.integration_error = error.status, error.message
            if error.status == 413:
                raise RefusedRequestError("REQUEST_TOO_LARGE") from error
            raise RefusedRequestError("INTEGRATION_FAILURE", status=500) from error
        outcome.integration_status = 200
        return invocation

    def _leave(self, work: asyncio.Task[Reply]) -> None:
        """Let the work end by itself, and its reply drain."""
        task = asyncio.create_task(_drain(work))
        self._left.add(task)
        task.add_done_callback(self._left.discard)


async def _drain(work: asyncio.Task[Reply]) -> None:
    with suppress(RefusedRequestError, CutOffError):
        reply = await work
        await reply.close()


def _failed(failure: Failure, outcome: Outcome) -> RefusedRequestError:
    """Return the refusal for a function that failed. Only the kind of its error is noted: texts may quote requests."""
    outcome.integration_error = f"Lambda execution failed due to customer function error: {failure.error_type}"
    return RefusedRequestError("INTEGRATION_FAILURE", status=502)


async def _once(content: bytes) -> AsyncGenerator[bytes, None]:
    if content:
        yield content


async def _timed(pieces: AsyncGenerator[bytes, None], first: bytes, deadline: float) -> AsyncGenerator[bytes, None]:
    """Yield the pieces of a stream, until it is silent for too long or takes too long in all."""
    try:
        if first:
            yield first
        while True:
            seconds = min(STREAM_IDLE_SECONDS, deadline - time.monotonic())
            try:
                yield await asyncio.wait_for(anext(pieces), max(seconds, 0))
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise CutOffError("the integration timed out in mid-stream") from error
            except BrokenResponseError as error:
                raise CutOffError(error.failure.error_type) from error
    finally:
        await pieces.aclose()


def _source_arn(received: Received, method: Method) -> str:
    """Return the ARN for which the function must have been permitted: stage, method and path of the resource."""
    return f"{received.api.execution_arn}/{received.api.stage}/{received.method}/{method.path.lstrip('/')}"
