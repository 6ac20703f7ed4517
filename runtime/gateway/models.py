"""GET /models and /models/{model}: the public models that the caller's key is for."""

from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse

from runtime.gateway.access import Record
from runtime.gateway.caller import Caller, caller_of
from runtime.gateway.chat import find_route
from runtime.gateway.deployment import Route
from runtime.gateway.services import Services


async def list_models(request: Request) -> JSONResponse:
    """Return the models in OpenAI's shape, in the deployment's order."""
    services, caller = await _begin(request, "GET /models")
    routes = [route for route in services.deployment.routes.values() if caller.may_use(route.model)]
    return JSONResponse({"object": "list", "data": [_shown(route, services) for route in routes]})


async def show_model(request: Request) -> JSONResponse:
    """Return one model; raises GatewayError 404 for one that is not there or that the key is not for."""
    services, caller = await _begin(request, "GET /models/{model}")
    # Clients write a slash in a name as %2F, which API Gateway or the server has undone, or not. No name has a %.
    route = find_route(services.deployment, caller, unquote(request.path_params["model"]))
    return JSONResponse(_shown(route, services))


async def _begin(request: Request, route: str) -> tuple[Services, Caller]:
    services: Services = request.state.services
    record: Record = request.state.record
    record.route = route
    caller = caller_of(request.scope)
    record.key_id, record.team = caller.key_id, caller.team
    await services.stop_switch.check()
    return services, caller


def _shown(route: Route, services: Services) -> dict[str, Any]:
    return {"id": route.model, "object": "model", "created": route.created, "owned_by": services.deployment.stack}
