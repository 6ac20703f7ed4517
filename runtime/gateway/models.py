"""GET /models: the public models that the caller's key is for."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from runtime.gateway.access import Record
from runtime.gateway.caller import caller_of
from runtime.gateway.services import Services


async def list_models(request: Request) -> JSONResponse:
    """Return the models in OpenAI's shape, in the deployment's order."""
    services: Services = request.state.services
    record: Record = request.state.record
    record.route = "GET /models"
    caller = caller_of(request.scope)
    record.key_id, record.team = caller.key_id, caller.team
    await services.stop_switch.check()
    routes = [route for route in services.deployment.routes.values() if caller.may_use(route.model)]
    data = [
        {"id": route.model, "object": "model", "created": route.created, "owned_by": services.deployment.stack}
        for route in routes
    ]
    return JSONResponse({"object": "list", "data": data})
