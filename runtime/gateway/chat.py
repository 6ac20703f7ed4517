"""POST /chat/completions, /completions and /embeddings: who asks, for what, where it goes, and the answer back."""

import asyncio
from collections.abc import Mapping
from typing import Any

from runtime.gateway.access import Record
from runtime.gateway.answers import ClientGoneError, GatewayError
from runtime.gateway.attempts import Attempts
from runtime.gateway.caller import Caller, caller_of
from runtime.gateway.chat_request import ChatRequest, read_chat_request
from runtime.gateway.control_reply import run_checked
from runtime.gateway.deployment import Deployment, Route
from runtime.gateway.masking import masked
from runtime.gateway.reply import Reply
from runtime.gateway.services import Services
from runtime.gateway.upstreams import data_classes_of, needs_of
from runtime.lambda_events import EXTENSION
from runtime.lambda_lifespan import Receive, Send

LAST_WORDS_SECONDS = 2.0
"""Kept from Lambda's own deadline for the error and the access line, which a killed function cannot write."""


async def answer(endpoint: str, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Serve one request; raises GatewayError for every answer that is not a provider's success."""
    services: Services = scope["state"]["services"]
    record: Record = scope["state"]["record"]
    now = asyncio.get_running_loop().time()
    record.route = f"POST /{endpoint}"
    caller = caller_of(scope)
    record.key_id, record.team = caller.key_id, caller.team
    await services.stop_switch.check()
    body = await _read_body(receive, services.deployment.limits.request_bytes)
    record.request_bytes = len(body)
    request = read_chat_request(body, endpoint)
    route = find_route(services.deployment, caller, request.model)
    record.model = route.model
    request = masked(request, route.masks)
    needs = needs_of(request, (*data_classes_of(scope), *caller.data_classes))
    first_byte_by, all_by = _deadlines(services, request, now, scope)
    reply = Reply(send)
    allowance = await services.allowances.of(caller)
    async with services.rate_limiter.admitted(allowance, request, all_by, record) as reply.before_end:
        attempts = Attempts(services, allowance, route, request, needs, first_byte_by, all_by, receive, reply, record)
        await (attempts.run() if route.content_check is None else run_checked(attempts, send))


def find_route(deployment: Deployment, caller: Caller, model: str) -> Route:
    """Return the route of a public model name; one that the key may not use is answered like one that is not there."""
    route = deployment.routes.get(model)
    if route is None or not caller.may_use(model):
        shown = model if len(model) <= 100 else model[:99] + "…"
        message = f"The model '{shown}' does not exist or this key has no access to it. GET /models lists those it has."
        raise GatewayError(404, "model_not_found", message, param="model")
    return route


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
