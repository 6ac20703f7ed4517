"""One request over the pool of outgoing connections, without what aiohttp's client does around it.

Of the processor time of a request that the gateway passes on, that client would take half: for redirects, cookies,
proxies, hooks and payloads of other kinds. What keeps a request safe is aiohttp's own here too: the pool, TLS with its
checks, and the parser of answers.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from weakref import WeakSet

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDictProxy
from yarl import URL

from runtime.connections import ALL_REQUESTS

CONNECT_SECONDS = 5.0
KNOWN_PEERS = 256
SWITCHING_PROTOCOLS = 101

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
_used: WeakSet[object] = WeakSet()
"""Connections that have carried a request."""


@dataclass(frozen=True)
class Answer:
    """The head of an answer, and the stream that its body comes in."""

    status: int
    headers: CIMultiDictProxy[str] = field(repr=False)
    content: aiohttp.StreamReader = field(repr=False)
    connection: aiohttp.connector.Connection = field(repr=False)

    @property
    def content_type(self) -> str:
        """The media type of the body, without its parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def close(self) -> None:
        """Give the connection back if the answer was read to its end; else nobody can use it any more."""
        if self.content.is_eof():
            self.connection.release()
        else:
            self.connection.close()


class Exchange:
    """One request to be posted; `reused` tells once it is sent whether that was on a connection used before."""

    def __init__(self, url: str, headers: Mapping[str, str], body: bytes):
        """Take a URL that is encoded already; raises ValueError for a header that would end before its end."""
        self._peer, first, own = _peer(url)
        all_headers = {**own, **headers, "Content-Length": str(len(body))}
        lines = [f"{name}: {value}\r\n" for name, value in all_headers.items()]
        head = f"{first}{''.join(lines)}\r\n"
        if not head.count("\r") == head.count("\n") == len(lines) + 2:
            raise ValueError("a header of a request has a line break in it")
        self._bytes = head.encode() + body
        self.reused = False

    async def post(self, connector: aiohttp.BaseConnector) -> Answer:
        """Send the request and wait for the head of the answer; raises aiohttp.ClientError."""
        try:
            connection = await connector.connect(self._peer, [], _TIMEOUT)
        except TimeoutError:
            raise aiohttp.ConnectionTimeoutError from None
        try:
            return await self._ask(connection)
        except BaseException as error:
            # Its answer may still come, and must not be taken for that to the next request.
            connection.close()
            if isinstance(error, HttpProcessingError):
                raise aiohttp.ClientResponseError(self._peer.request_info, (), status=error.code) from None
            raise

    async def _ask(self, connection: aiohttp.connector.Connection) -> Answer:
        protocol, transport = connection.protocol, connection.transport
        if protocol is None or transport is None:
            raise aiohttp.ServerDisconnectedError
        self.reused = protocol in _used
        _used.add(protocol)
        protocol.set_response_params(read_until_eof=True)
        # As a whole: it is in memory, and nothing else is to be done before the answer.
        transport.write(self._bytes)
        head, content = await protocol.read()
        while 100 <= head.code < 200 and head.code != SWITCHING_PROTOCOLS:
            head, content = await protocol.read()
        return Answer(head.code, head.headers, content, connection)


@lru_cache(KNOWN_PEERS)
def _peer(url: str) -> tuple[aiohttp.ClientRequest, str, Mapping[str, str]]:
    """Return what the pool asks of a request, which is where to connect to; its first line; more headers."""
    encoded = URL(url, encoded=True)
    request = aiohttp.ClientRequest("POST", encoded, loop=asyncio.get_running_loop())
    own = {"Host": encoded.host_port_subcomponent or "", **ALL_REQUESTS}
    return request, f"POST {encoded.raw_path_qs} HTTP/1.1\r\n", MappingProxyType(own)
