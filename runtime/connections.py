"""The pool of outgoing HTTPS connections, kept over the invocations of an execution environment."""

import ssl
import time
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import aiohttp
import certifi

IDLE_SECONDS = 20
"""Services close idle connections after 20 to 60 s; what is written into one that is just being closed is lost."""

ALL_REQUESTS = MappingProxyType({"Accept-Encoding": "identity", "User-Agent": "leanto"})
"""Headers that every request has."""


class ThawingConnector(aiohttp.TCPConnector):
    """Forgets idle connections after a pause by the wall clock.

    Lambda freezes an environment between invocations, for hours. The monotonic clock by which aiohttp ages connections
    may stand still then, while the peer, or a NAT on the way, has long given them up: what is written into one gets no
    answer, not even a reset. `clock` is in seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time, **options: Any):
        super().__init__(**options)
        self._clock = clock
        self._last_connect = clock()

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> aiohttp.connector.Connection:
        """Return a connection for a request: a new one where all idle ones may have been frozen."""
        now = self._clock()
        # A clock that was set back says as little of the time that has passed.
        if not 0 <= now - self._last_connect <= IDLE_SECONDS:
            for idle in self._conns.values():
                for protocol, _since in idle:
                    protocol.close()
        self._last_connect = now
        return await super().connect(req, traces, timeout)


def client_session() -> aiohttp.ClientSession:
    """Return a session that trusts certifi's authorities, keeps no cookies and reads no proxy settings."""
    context = ssl.create_default_context(cafile=certifi.where())
    return aiohttp.ClientSession(
        connector=ThawingConnector(limit=0, ssl=context, keepalive_timeout=IDLE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        headers=ALL_REQUESTS,
    )
