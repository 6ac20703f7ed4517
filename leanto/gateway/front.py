"""What a gateway that runs as a server has in front of the application: paths below /v1, /health and /metrics."""

import asyncio
import json
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from leanto.gateway.prometheus import CONTENT_TYPE, Metrics
from runtime.lambda_lifespan import AsgiApp, Receive, Scope, Send

PREFIX = "/v1"


class Front:
    """ASGI application for one server; `state` is what the inner one put there at its start."""

    def __init__(self, app: AsgiApp, state: Mapping[str, Any], metrics: Metrics, *, open_metrics: bool) -> None:
        """Show the metrics to this machine only, unless `open_metrics`: they name teams and what they spent."""
        self._app = app
        self._state = state
        self._metrics = metrics
        self._open_metrics = open_metrics
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"] == "/health":
            status, word = (503, "draining") if self.draining else (200, "ok")
            await _answer(send, status, "application/json", json.dumps({"status": word}).encode())
        elif scope["path"] == "/metrics" and (self._open_metrics or _is_local(scope.get("client"))):
            await _answer(send, 200, CONTENT_TYPE, self._metrics.text())
        else:
            await self._pass_on(scope, receive, send)

    async def idle(self, seconds: float) -> bool:
        """Wait until no request is under way, each settled, at most for so long; returns whether that is so."""
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        below = path.removeprefix(PREFIX) if path.startswith(f"{PREFIX}/") else "/"
        scope = {**scope, "path": below, "raw_path": None, "root_path": "", "state": dict(self._state)}
        self._running += 1
        self._metrics.running.set(self._running)
        self._idle.clear()
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1
            self._metrics.running.set(self._running)
            if self._running == 0:
                self._idle.set()


def _is_local(client: tuple[str, int] | None) -> bool:
    try:
        return client is not None and ip_address(client[0]).is_loopback
    except ValueError:
        return False


async def _answer(send: Send, status: int, content_type: str, body: bytes) -> None:
    values = {"content-type": content_type, "content-length": str(len(body)), "cache-control": "no-store"}
    headers = [(name.encode(), value.encode("latin-1")) for name, value in values.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
