"""What a request needs of its route's upstreams, and what a client is told when none of them is asked; pure."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.decide.data_classes import DATA_CLASSES, places_of
from runtime.decide.endpoints import CHAT, COMPLETIONS, ENDPOINTS, INPUTS, RESPONSES
from runtime.decide.images import image_parts, is_by_address
from runtime.decide.routing import IMAGE_ADDRESSES, IMAGE_PRICES, TOOLS, VISION, Needs, PassedOver, Plan, Target
from runtime.gateway.answers import NO_RETRY, GatewayError
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.deployment import LocalUpstream, Route

CHARACTERS_PER_TOKEN = 4
"""Of English; other languages have fewer, so that their requests look shorter than they are, seldom longer."""

DATA_CLASS_HEADER = b"x-leanto-data-class"

MAXIMA = ("max_completion_tokens", "max_tokens", "max_output_tokens")


def data_classes_of(scope: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the data classes that a request's headers state; raises GatewayError 400 for one that there is not."""
    values = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == DATA_CLASS_HEADER]
    found = tuple(part.strip().lower() for value in values for part in value.split(","))
    if any(name not in DATA_CLASSES for name in found):
        allowed = ", ".join(DATA_CLASSES)
        raise GatewayError(400, "invalid_data_class", f"The header x-leanto-data-class must be one of: {allowed}.")
    return found


def needs_of(request: ChatRequest, data_classes: Sequence[str]) -> Needs:
    """Return what a request needs; of several data classes all hold, and one that there is not allows no place."""
    fields = request.fields
    abilities = {request.endpoint}
    if fields.get("tools") or fields.get("functions"):
        abilities.add(TOOLS)
    for part in image_parts(fields, request.endpoint):
        abilities |= {VISION, IMAGE_PRICES, *((IMAGE_ADDRESSES,) if is_by_address(part) else ())}
    maxima = [fields.get(name) for name in MAXIMA]
    return Needs(
        prompt_tokens=None if VISION in abilities else len(request.text) // CHARACTERS_PER_TOKEN,
        output_tokens=max((value for value in maxima if isinstance(value, int)), default=None),
        abilities=frozenset(abilities),
        places=places_of(data_classes),
    )


LOCAL_ENDPOINTS = frozenset({CHAT, COMPLETIONS})
"""Where the pool's engines answer as they are started: embeddings would need one started for nothing else."""


def local_target(upstream: LocalUpstream, unready: str, ready_in_seconds: float) -> Target:
    """Return what routing looks at in a model of the pool, as its nodes are now."""
    return Target(
        upstream.name,
        is_local=True,
        lacks=(frozenset(ENDPOINTS) - LOCAL_ENDPOINTS) | {VISION} | upstream.lacks,
        context_tokens=upstream.context_tokens,
        maximum_output_tokens=upstream.context_tokens,
        unready=unready,
        ready_in_seconds=ready_in_seconds,
    )


def told(route: Route, passed_over: Sequence[PassedOver]) -> list[str]:
    """Return the reasons why upstreams were passed over, each with the upstream's name."""
    return [f"{route.upstreams[one.target].name}: {one.reason}" for one in passed_over]


def refusal(route: Route, plan: Plan, endpoint: str = CHAT) -> GatewayError:
    """Return the answer to a request that no upstream of its route is asked for: what passes first, then what does not.

    `endpoint` is where it was sent to. The reasons name upstreams, which the header of an answer does too.
    """
    own = {index for index, upstream in enumerate(route.upstreams) if isinstance(upstream, LocalUpstream)}
    waits = [one.seconds for one in plan.passed_over if one.seconds > 0 and one.target not in own]
    starts = [one.seconds for one in plan.passed_over if one.seconds > 0 and one.target in own]
    reasons = "; ".join(told(route, plan.passed_over))
    if waits:
        message = f"The upstreams of the model '{route.model}' fail at present ({reasons})."
        headers = {"retry-after": str(math.ceil(min(waits)))}
        return GatewayError(503, "upstream_unavailable", message, headers=headers)
    if starts:
        message = f"No node of the stack's own GPU pool serves the model '{route.model}' yet ({reasons})."
        headers = {**NO_RETRY, "retry-after": str(math.ceil(min(starts)))}
        return GatewayError(503, "local_unavailable", message, headers=headers)
    params = [one.param for one in plan.passed_over]
    if "data_class" in params:
        message = f"The model '{route.model}' has no upstream where the request's data class allows it ({reasons})."
        return GatewayError(400, "data_class_not_served", message)
    param = "tools" if TOOLS in params else INPUTS[endpoint]
    param = "model" if any(name in ENDPOINTS for name in params) else param
    message = f"The model '{route.model}' does not take everything that the request has ({reasons})."
    is_unpriced = set(params) == {IMAGE_PRICES} and endpoint != RESPONSES
    return GatewayError(400, "unpriced_request" if is_unpriced else "unsupported_parameter", message, param=param)
