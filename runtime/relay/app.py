"""The relay: passes one request to one node of the pool and its answer back, as an ASGI application.

It runs in the pool's network, which has no way out, and holds no permission but that of being there. It opens a
connection to the node that the gateway names, and sends nothing before the node has shown the certificate that it made
at its boot and registered. The answer is passed on as it comes, byte for byte.
"""

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from yarl import URL

from runtime.connections import client_session
from runtime.errors import SafeError
from runtime.lambda_lifespan import AsgiApp, Receive, Send
from runtime.relay.order import Order, Place, RefusedError, read_order
from runtime.relay.replies import head, refusal

CONNECT_SECONDS = 2.0
PASSED = ("content-type", "traceparent", "x-request-id", "accept")
"""Headers of the gateway's request that the node gets; none holds a key."""


class NodeBrokeOffError(SafeError):
    """A node broke off its answer after a part of it was passed on; the gateway is told at the end of the stream."""


def create_app(variables: Mapping[str, str]) -> AsgiApp:
    """Return the application; the variables are read when it starts, not before."""

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(scope, receive, send, variables)
        else:
            await _serve(scope, receive, send)

    return app


async def _live(scope: MutableMapping[str, Any], receive: Receive, send: Send, variables: Mapping[str, str]) -> None:
    """Hold open what requests share, from start to end; a wrong configuration is raised."""
    await receive()
    async with _open(variables) as (place, session):
        scope["state"].update(place=place, session=session)
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


@asynccontextmanager
async def _open(variables: Mapping[str, str]) -> AsyncIterator[tuple[Place, aiohttp.ClientSession]]:
    place = Place.from_variables(variables)
    async with client_session() as session:
        yield place, session


async def _serve(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """Answer one request: with what the node says, or with why it was not asked or did not answer."""
    body = await _whole(receive)
    try:
        order = read_order(scope["method"], scope["path"], scope["headers"], scope["state"]["place"])
        headers = _passed(scope["headers"])
    except RefusedError as error:
        await refusal(send, 403, "refused", str(error))
        return
    exchange = _Exchange(order, headers, body, send)
    try:
        await exchange.run(scope["state"]["session"])
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        if exchange.begun:
            raise NodeBrokeOffError(f"the node broke off its answer ({type(error).__name__})") from None
        await refusal(send, *_told(error))


class _Exchange:
    """One request to a node; `begun` is true once a part of the answer has gone out."""

    def __init__(self, order: Order, headers: Mapping[str, str], body: bytes, send: Send):
        self._order, self._headers, self._body, self._send = order, headers, body, send
        self.begun = False

    async def run(self, session: aiohttp.ClientSession) -> None:
        order, loop = self._order, asyncio.get_running_loop()
        start = loop.time()
        async with asyncio.timeout_at(start + order.first_byte_seconds) as timer:
            response = await session.post(
                URL.build(scheme="https", host=order.address, port=order.port, path=order.path),
                data=self._body,
                headers=self._headers,
                ssl=_pin(order.fingerprint),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            )
            async with response:
                timer.reschedule(start + order.all_seconds)
                await self._pass(response)

    async def _pass(self, response: aiohttp.ClientResponse) -> None:
        """Pass the answer on; the status goes out with the first piece: what breaks before can still be told."""
        chunk = await response.content.readany()
        self.begun = True
        await self._send(head(response.status, response.headers))
        while chunk:
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = await response.content.readany()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


@functools.lru_cache(maxsize=64)
def _pin(fingerprint: bytes) -> aiohttp.Fingerprint:
    """Return what holds a connection to a certificate; it is the node's own, and known by nothing but its fingerprint.

    The same object for the same fingerprint: aiohttp finds idle connections by it, and would make one a request.
    """
    return aiohttp.Fingerprint(fingerprint)


def _told(error: Exception) -> tuple[int, str, str]:
    """Return status, code and message for a node that gave no answer."""
    if isinstance(error, aiohttp.ServerFingerprintMismatch):
        return 502, "untrusted", "the node showed another certificate than it registered; nothing was sent to it"
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return 502, "unreachable", "no connection to the node could be made; nothing was sent to it"
    if isinstance(error, TimeoutError):
        return 504, "timeout", "the node did not begin to answer in time"
    return 502, "broken", "the node closed the connection before it answered"


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _passed(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return what the node gets; raises RefusedError for what would not be one header of one line there."""
    known = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
    passed = {name: known[name] for name in PASSED if name in known}
    if not all(value.isascii() and value.isprintable() for value in passed.values()):
        raise RefusedError("a header for the node is not plain text")
    return passed


app = create_app(os.environ)
