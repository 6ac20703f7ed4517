"""The front of a node: admits requests for the model, passes them to the engine and its answer back as it comes.

Only the paths by which models are asked are passed on; the engine's administration is behind them and stays there.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import HttpVersion11, web

from runtime.decide.relaying import PATHS, REASON
from runtime.node.engine import Engine
from runtime.node.slots import RefusedError, Slots

MAXIMUM_BODY_BYTES = 10 * 1024 * 1024
PASSED_TO_ENGINE = ("content-type", "accept", "traceparent", "x-request-id")
PASSED_BACK = ("content-type", "x-request-id")
MESSAGES = {
    "full": "All slots of this node are taken, and those who wait are as many as may.",
    "draining": "This node takes no new requests: it is about to end.",
    "not_ready": "The engine of this node does not serve at present.",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_front(engine: Engine, slots: Slots, describe: Callable[[], dict[str, Any]]) -> web.Application:
    """Return the application; `describe` gives what `/health` tells, which is no secret."""

    async def health(_request: web.Request) -> web.Response:
        told = describe()
        return web.json_response(told, status=503 if slots.closed_for else 200)

    app = web.Application(client_max_size=MAXIMUM_BODY_BYTES, middlewares=[_own_errors])
    front = _Front(engine, slots)
    for path in PATHS:
        app.router.add_post(path, front.serve, expect_handler=_expected)
    app.router.add_get("/health", health, expect_handler=_expected)
    app.router.add_route("*", r"/{path:[\s\S]*}", _unknown, expect_handler=_expected)
    return app


class _Front:
    def __init__(self, engine: Engine, slots: Slots):
        self._engine, self._slots = engine, slots

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one request; a client that goes away cancels this, which frees the engine's slot too."""
        try:
            async with self._slots.admitted():
                return await self._pass(request, await request.read())
        except RefusedError as refused:
            return _refusal(503, refused.reason, MESSAGES[refused.reason])

    async def _pass(self, request: web.Request, body: bytes) -> web.StreamResponse:
        given = {name: request.headers[name] for name in PASSED_TO_ENGINE if name in request.headers}
        headers = {name: value for name, value in given.items() if value.isascii()}  # others cannot be sent on
        url = f"{self._engine.url}{request.path}"
        response: web.StreamResponse | None = None
        try:
            async with self._engine.session.post(
                url, data=body, headers=headers | self._engine.headers, allow_redirects=False
            ) as answer:
                chunk = await answer.content.readany()
                response = web.StreamResponse(status=answer.status, headers=_back(answer))
                await response.prepare(request)
                while chunk:
                    await response.write(chunk)
                    chunk = await answer.content.readany()
        except (aiohttp.ClientError, ConnectionError):
            if response is None:
                return _refusal(502, "engine_broken", "The engine of this node broke off before it answered.")
            # Not as if the answer were whole: the connection ends in its middle.
            if request.transport is not None:
                request.transport.abort()
            return response
        await response.write_eof()
        return response


def _back(answer: aiohttp.ClientResponse) -> dict[str, str]:
    return {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}


def _refusal(status: int, reason: str, message: str) -> web.Response:
    body = {"error": {"message": message, "type": "server_error", "param": None, "code": f"node_{reason}"}}
    return web.json_response(body, status=status, headers={REASON: reason})


async def _unknown(request: web.Request) -> web.StreamResponse:
    raise web.HTTPMethodNotAllowed(request.method, ["POST"]) if request.path in PATHS else web.HTTPNotFound


async def _expected(request: web.Request) -> web.StreamResponse | None:
    """Answer an `Expect` header; that of aiohttp fails over words that are no text."""
    if request.headers.get("Expect", "").lower() != "100-continue":
        return _refusal(417, "refused", "The only expectation that is met is 100-continue.")
    if request.version >= HttpVersion11 and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return None


@web.middleware
async def _own_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer in OpenAI's form what aiohttp refuses by itself: other paths, other methods, bodies that are no bodies."""
    try:
        return await handler(request)
    except web.RequestPayloadError:
        return _refusal(400, "refused", "The body of the request is not in the encoding that its headers name.")
    except web.HTTPException as error:
        reason = {404: "unknown_path", 405: "unknown_path", 413: "too_large"}.get(error.status, "refused")
        return _refusal(error.status, reason, f"This node takes POST at {', '.join(PATHS)} and nothing else.")
