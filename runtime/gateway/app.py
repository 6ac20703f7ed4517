"""The gateway as an ASGI application: in Lambda it is served by `runtime.lambda_shim`, elsewhere by any ASGI server."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from runtime.decide.endpoints import ENDPOINTS
from runtime.gateway.access import AccessLog
from runtime.gateway.answers import GatewayError
from runtime.gateway.audit import Tell, teller
from runtime.gateway.chat import answer
from runtime.gateway.models import list_models, show_model
from runtime.gateway.services import Services, open_services


class Asked:
    """An endpoint by which models are asked, in the form in which Starlette takes a bare ASGI application as one."""

    def __init__(self, endpoint: str):
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await answer(self._endpoint, scope, receive, send)


def create_app(variables: Mapping[str, str]) -> Starlette:
    """Return the application as Lambda runs it; the variables are read when it starts, not before."""
    return assemble(lambda: open_services(variables), teller(variables))


def assemble(opening: Callable[[], AbstractAsyncContextManager[Services]], tell: Tell, *inner: Middleware) -> Starlette:
    """Return the application over what `opening` opens at its start.

    `tell` gets each request's record at its end; `inner` are layers within the one that answers errors.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Services]]:
        async with opening() as services:
            yield {"services": services}

    app = Starlette(
        routes=[
            *(Route(f"/{endpoint}", Asked(endpoint), methods=["POST"]) for endpoint in ENDPOINTS),
            Route("/models", list_models, methods=["GET"]),
            Route("/models/{model:path}", show_model, methods=["GET"]),
        ],
        middleware=[Middleware(AccessLog, tell=tell), *inner],
        exception_handlers={HTTPException: _refuse},
        lifespan=lifespan,
    )
    # A path with a slash too many is not there: the redirect would go to the host that the client names, without /v1.
    app.router.redirect_slashes = False
    return app


async def _refuse(_request: Request, error: Exception) -> Response:
    """Turn Starlette's own refusals, of paths and methods, into ours; they reach the client from the access layer."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "unknown_url", 405: "method_not_supported"}.get(status, "invalid_request")
    paths = ", ".join(f"/{endpoint}" for endpoint in ENDPOINTS)
    raise GatewayError(status, code, f"There is only POST {paths}, and GET /models and /models/{{model}} here.")


app = create_app(os.environ)
