"""The pool of outgoing HTTPS connections, kept over the invocations of an execution environment."""

import ssl
from types import SimpleNamespace
from typing import Any

import aiohttp
import certifi

IDLE_SECONDS = 20
"""Services close idle connections after 20 to 60 s; what is written into one that is just being closed is lost."""

REUSED = "reused"


def client_session() -> aiohttp.ClientSession:
    """Return a session that trusts certifi's authorities, keeps no cookies, reads no proxy settings and asks no gzip.

    A request given `trace_request_ctx={}` finds in it, under `REUSED`, whether it went out on a connection used before.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(_note_reuse)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=context, keepalive_timeout=IDLE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "leanto"},
        trace_configs=[trace],
    )


async def _note_reuse(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: Any) -> None:
    if context.trace_request_ctx is not None:
        context.trace_request_ctx[REUSED] = True
