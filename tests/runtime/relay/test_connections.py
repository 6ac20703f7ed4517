"""Claim: the relay uses its connection to a node again, and never for whoever asks for another certificate."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from runtime.lambda_lifespan import Lifespan
from runtime.relay.app import create_app
from tests.runtime.certificates import Certificate, make_certificate

PATH = "/v1/chat/completions"


class CountingSite:
    """A node that counts the connections on which it was asked."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        app = web.Application()
        app.router.add_post(PATH, self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def start(self, certificate: Certificate) -> int:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=certificate.context()).start()
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.ports.append(request.get_extra_info("peername")[1])
        return web.Response(text="answer")


async def ask(app: Any, state: dict[str, Any], port: int, fingerprint: str) -> int:
    order = {
        "x-leanto-node": f"127.0.0.1:{port}",
        "x-leanto-fingerprint": fingerprint,
        "x-leanto-first-byte-seconds": "5",
        "x-leanto-deadline-seconds": "5",
    }
    headers = [(name.encode(), value.encode()) for name, value in order.items()]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": PATH, "headers": headers, "state": state}, receive, send)
    return int(sent[0]["status"])


def test_requests_one_after_the_other_share_a_connection(tmp_path: Path) -> None:
    async def run() -> None:
        certificate = make_certificate(tmp_path)
        node = CountingSite()
        port = await node.start(certificate)
        app = create_app({"LEANTO_NODE_NETWORKS": "127.0.0.1/32", "LEANTO_NODE_PORT": str(port)})
        lifespan = Lifespan(app)
        await lifespan.startup()
        answers = [await ask(app, lifespan.state, port, certificate.fingerprint) for _ in range(5)]
        assert (answers, len(set(node.ports))) == ([200] * 5, 1)
        # What was pinned to one certificate is never used for who asks for another.
        assert await ask(app, lifespan.state, port, "0" * 64) == 502
        assert len(node.ports) == 5
        await lifespan.shutdown()
        await node.close()

    asyncio.run(run())
