"""The answer to the client as the endpoint writes it, and the watch over a client that hangs up."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping

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


async def until_gone(receive: Receive, reply: Reply, work: Coroutine[None, None, None]) -> None:
    """Run `work`, which writes `reply`, but give it up when the client hangs up; then raises ClientGoneError.

    Giving up closes the connection to the upstream, so that it stops too. Lambda never tells of a lost client; there
    the work runs to its end.
    """
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(_hang_up(receive))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if reply.ending:
            # Servers report a disconnect at the end of each response, also of one that was taken to its last byte.
            await asyncio.wait({task})
        if not task.done():
            raise ClientGoneError
        await task
    finally:
        task.cancel()
        watch.cancel()
        await asyncio.wait({task, watch})


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
