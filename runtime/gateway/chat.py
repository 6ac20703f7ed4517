"""POST /chat/completions: who asks, for what, where it goes, and the answer back."""

import asyncio
from collections.abc import Mapping
from typing import Any

from runtime.gateway.access import Record
from runtime.gateway.answers import NO_RETRY, ClientGoneError, GatewayError
from runtime.gateway.caller import Caller, caller_of
from runtime.gateway.chat_request import ChatRequest, read_chat_request
from runtime.gateway.deployment import Deployment, ProviderUpstream, Route
from runtime.gateway.passthrough import Attempt, pass_through
from runtime.gateway.reply import Reply, until_gone
from runtime.gateway.services import Services
from runtime.lambda_events import EXTENSION
from runtime.lambda_lifespan import Receive, Send

ROUTE = "POST /chat/completions"
LAST_WORDS_SECONDS = 2.0
"""Kept from Lambda's own deadline for the error and the access line, which a killed function cannot write."""

LOCAL_RETRY_SECONDS = 60


async def chat_completions(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Serve one request; raises GatewayError for every answer that is not a provider's success."""
    services: Services = scope["state"]["services"]
    record: Record = scope["state"]["record"]
    now = asyncio.get_running_loop().time()
    record.route = ROUTE
    caller = caller_of(scope)
    record.key_id, record.team = caller.key_id, caller.team
    await services.stop_switch.check()
    body = await _read_body(receive, services.deployment.limits.request_bytes)
    record.request_bytes = len(body)
    request = read_chat_request(body)
    route = find_route(services.deployment, caller, request.model)
    record.model = route.model
    upstream, record.overflow = choose_upstream(route)
    record.upstream = upstream.name
    key = await services.provider_keys.get(upstream.provider.name)
    first_byte_by, all_by = _deadlines(services, request, now, scope)
    hold = await services.spending.reserve(upstream.price, request, all_by)
    attempt = Attempt(upstream, key, request, hold, first_byte_by, all_by)
    reply = Reply(send)
    try:
        await until_gone(receive, reply, pass_through(services.session, attempt, reply, record))
    finally:
        await hold.settle(record)
        if reply.key_refused:
            services.provider_keys.refused(upstream.provider.name)


def find_route(deployment: Deployment, caller: Caller, model: str) -> Route:
    """Return the route of a public model name; one that the key may not use is answered like one that is not there."""
    route = deployment.routes.get(model)
    if route is None or not caller.may_use(model):
        shown = model if len(model) <= 100 else model[:99] + "…"
        message = f"The model '{shown}' does not exist or this key has no access to it. GET /models lists those it has."
        raise GatewayError(404, "model_not_found", message, param="model")
    return route


def choose_upstream(route: Route) -> tuple[ProviderUpstream, str]:
    """Return the first upstream of a route that can answer, and why those before it could not.

    Raises GatewayError 503 when none can.
    """
    passed_over: list[str] = []
    for upstream in route.upstreams:
        if isinstance(upstream, ProviderUpstream):
            return upstream, "; ".join(passed_over)
        passed_over.append(f"{upstream.name}: no node of the pool serves")
    message = f"The model '{route.model}' is served by the stack's own GPU pool only, and no node of it serves yet."
    headers = {**NO_RETRY, "retry-after": str(LOCAL_RETRY_SECONDS)}
    raise GatewayError(503, "local_unavailable", message, headers=headers)


def _deadlines(services: Services, request: ChatRequest, now: float, scope: Mapping[str, Any]) -> tuple[float, float]:
    """Return until when the first byte and all of the answer must be there: by the stack's bounds, or Lambda's."""
    limits = services.deployment.limits
    known = (scope.get("extensions") or {}).get(EXTENSION) or {}
    all_by = now + limits.request_timeout_seconds
    if "deadline" in known:
        all_by = min(all_by, known["deadline"] - LAST_WORDS_SECONDS)
    return min(all_by, now + limits.first_byte_timeout_seconds) if request.stream else all_by, all_by


async def _read_body(receive: Receive, limit: int) -> bytes:
    """Return the whole body; raises GatewayError 413 as soon as it is longer than `limit` bytes."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            message_text = f"The body is longer than the {limit} bytes that this stack takes."
            raise GatewayError(413, "request_too_large", message_text)
    return bytes(body)
