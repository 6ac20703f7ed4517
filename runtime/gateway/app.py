"""The gateway as an ASGI application: in Lambda it is served by `runtime.lambda_shim`, elsewhere by any ASGI server."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.exceptions import HTTPException
from starlette.routing import Route, Router

from runtime.decide.endpoints import ENDPOINTS
from runtime.gateway.access import AccessLog
from runtime.gateway.answers import GatewayError
from runtime.gateway.audit import Tell, teller
from runtime.gateway.chat import answer
from runtime.gateway.models import list_models, show_model
from runtime.gateway.services import Services, open_services
from runtime.lambda_lifespan import AsgiApp, Receive, Scope, Send

Layer = Callable[[AsgiApp], AsgiApp]


class Asked:
    """An endpoint by which models are asked, in the form in which Starlette takes a bare ASGI application as one."""

    def __init__(self, endpoint: str):
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await answer(self._endpoint, scope, receive, send)


class Direct:
    """ASGI application; a request to an endpoint by which models are asked goes there at once, the rest to the router.

    What Starlette does on the way to one of its routes takes longer than much of what is done here for a request.
    """

    def __init__(self, router: Router):
        self._router = router
        self._asked = {f"/{endpoint}": Asked(endpoint) for endpoint in ENDPOINTS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; raises GatewayError for a path or a method that there is not."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self._asked:
            await self._asked[scope["path"]](scope, receive, send)
            return
        scope["app"] = self  # without one, the router answers refusals itself
        try:
            await self._router(scope, receive, send)
        except HTTPException as error:
            raise _refusal(error.status_code) from None


def create_app(variables: Mapping[str, str]) -> AsgiApp:
    """Return the application as Lambda runs it; the variables are read when it starts, not before."""
    return assemble(lambda: open_services(variables), teller(variables))


def assemble(opening: Callable[[], AbstractAsyncContextManager[Services]], tell: Tell, *inner: Layer) -> AsgiApp:
    """Return the application over what `opening` opens at its start.

    `tell` gets each request's record at its end; `inner` are layers within the one that answers errors.
    """

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[dict[str, Services]]:
        async with opening() as services:
            yield {"services": services}

    router = Router(
        routes=[
            *(Route(f"/{endpoint}", Asked(endpoint), methods=["POST"]) for endpoint in ENDPOINTS),
            Route("/models", list_models, methods=["GET"]),
            Route("/models/{model:path}", show_model, methods=["GET"]),
        ],
        # With a slash too many a path is not there: the redirect would go to the host that the client names.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app: AsgiApp = Direct(router)
    for layer in reversed(inner):
        app = layer(app)
    return AccessLog(app, tell)


def _refusal(status: int) -> GatewayError:
    code = {404: "unknown_url", 405: "method_not_supported"}.get(status, "invalid_request")
    paths = ", ".join(f"/{endpoint}" for endpoint in ENDPOINTS)
    return GatewayError(status, code, f"There is only POST {paths}, and GET /models and /models/{{model}} here.")


app = create_app(os.environ)
