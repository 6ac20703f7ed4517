"""Serves an ASGI application over HTTP on loopback, with the authorizer's context put in as API Gateway would."""

import asyncio
from typing import Any

from aiohttp import web

from runtime.lambda_events import EXTENSION
from runtime.lambda_lifespan import AsgiApp, Lifespan


class AsgiServer:
    """One application; `known` is what the scope's extension holds for each request."""

    def __init__(self, app: AsgiApp, known: dict[str, Any]):
        self._app = app
        self._lifespan = Lifespan(app)
        self.known = known
        self.url = ""
        self.unhandled: list[BaseException] = []

    async def start(self) -> None:
        await self._lifespan.startup()
        app = web.Application(client_max_size=0)
        app.router.add_route("*", r"/{path:[\s\S]*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])

    async def close(self) -> None:
        await self._runner.cleanup()
        await self._lifespan.shutdown()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        exchange = _Exchange(request)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": request.path.removeprefix("/v1"),
            "raw_path": request.path.encode(),
            "root_path": "",
            "query_string": request.query_string.encode(),
            "headers": [(name.lower(), value) for name, value in request.raw_headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "extensions": {EXTENSION: self.known},
            "state": dict(self._lifespan.state),
        }
        task = asyncio.ensure_future(self._app(scope, exchange.receive, exchange.send))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            exchange.gone.set()
            await asyncio.wait({task})
            raise
        except Exception as error:
            self.unhandled.append(error)
            if exchange.response is None:
                raise
            request.transport.abort()
        return exchange.response or web.Response(status=599)


class _Exchange:
    def __init__(self, request: web.Request):
        self._request = request
        self._at_end = False
        self.response: web.StreamResponse | None = None
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if not self._at_end:
            data = await self._request.content.readany()
            self._at_end = self._request.content.at_eof()
            return {"type": "http.request", "body": data, "more_body": not self._at_end}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.response = web.StreamResponse(status=message["status"])
            for name, value in message["headers"]:
                self.response.headers.add(name.decode("latin-1"), value.decode("latin-1"))
            await self.response.prepare(self._request)
            return
        await self.response.write(message.get("body", b""))
        if not message.get("more_body"):
            # As servers do: the end of the response also ends the waiting for more of the request.
            self.gone.set()
            await self.response.write_eof()
