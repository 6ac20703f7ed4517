"""The answer to the client as the endpoint writes it, and the watch over a client that hangs up."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from runtime.gateway.answers import ClientGoneError
from runtime.lambda_lifespan import Receive, Send


class Reply:
    """One HTTP response; `key_refused` is set when the upstream refused the stack's key.

    `before_end` is awaited before the last piece goes out: Lambda may stand still once the answer has ended.
    """

    def __init__(self, send: Send):
        self._send = send
        self.started = False
        self.ending = False
        self.key_refused = False
        self.before_end: Callable[[], Awaitable[None]] | None = None

    async def start(self, status: int, content_type: str, headers: Mapping[str, str]) -> None:
        """Send status and headers."""
        self.started = True
        values = {"content-type": content_type, "cache-control": "no-store", **headers}
        encoded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in values.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def write(self, data: bytes) -> None:
        """Send a piece of the body at once."""
        if data:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes) -> None:
        """Send the last piece of the body."""
        if self.before_end is not None:
            await self.before_end()
        self.ending = True
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def whole(self, status: int, content_type: str, headers: Mapping[str, str], data: bytes) -> None:
        """Send an answer that is whole, and says so in its length."""
        await self.start(status, content_type, {"content-length": str(len(data)), **headers})
        await self.end(data)


async def until_gone(receive: Receive, reply: Reply, work: Coroutine[None, None, None]) -> None:
    """Run `work`, which writes `reply`, but give it up when the client hangs up; then raises ClientGoneError.

    Giving up closes the connection to the upstream, so that it stops too. Lambda never tells of a lost client; there
    the work runs to its end.
    """
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine runs in one
    earlier = task.cancelling()
    watch = asyncio.ensure_future(_hang_up(receive, reply, task))
    try:
        await work
    except asyncio.CancelledError:
        if _told(watch) and task.cancelling() == earlier + 1:
            raise ClientGoneError from None
        raise
    finally:
        if _told(watch):
            task.uncancel()
        watch.cancel()


async def _hang_up(receive: Receive, reply: Reply, task: asyncio.Task[Any]) -> bool:
    """Cancel the task when the client hangs up; returns whether it has done so.

    Servers report a disconnect at the end of each response, also of one that was taken to its last byte.
    """
    while (await receive())["type"] != "http.disconnect":
        pass
    return not reply.ending and task.cancel()


def _told(watch: asyncio.Future[bool]) -> bool:
    return watch.done() and not watch.cancelled() and watch.exception() is None and watch.result()
