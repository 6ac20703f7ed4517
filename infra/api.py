"""What the API looks like, as data: its methods, its own answers, and a mark that changes with any of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from infra.naming import Names
from infra.rendering import compact, render_json

STREAMING_API = "2021-11-15"
INVOKE_API = "2015-03-31"
RETRY_AFTER = frozenset({"THROTTLED", "AUTHORIZER_FAILURE"})
"""Answers after which a client may try again at once: its library reads the header."""


PATH_PART = "{proxy+}"
"""Every path below the stage, which is named v1 like the first part of OpenAI's paths: the gateway knows its own."""

HTTP_METHODS = ("GET", "POST")
"""Throttles hold for each method of each path, and API Gateway takes ANY for seven. So one POST stands for all by which
models are asked: what the stack spends has one rate, however many endpoints there are. What is only read has its own
and takes none of that one."""


@dataclass(frozen=True)
class GatewayResponse:
    """What API Gateway answers by itself in one case; without a status, the case keeps its own."""

    kind: str
    status: str | None
    body: str
    headers: Mapping[str, str]


def gateway_responses(maximum_request_bytes: int) -> tuple[GatewayResponse, ...]:
    """Return API Gateway's own answers, in the shape of OpenAI's errors."""
    answers = render_json("front/responses.json.j2", maximum_request_bytes=maximum_request_bytes)
    return tuple(
        GatewayResponse(kind, answer["status"], compact(answer["body"]), _headers(kind))
        for kind, answer in sorted(answers.items())
    )


def _headers(kind: str) -> dict[str, str]:
    headers = {"gatewayresponse.header.x-request-id": "context.requestId"}
    if kind in RETRY_AFTER:
        headers["gatewayresponse.header.retry-after"] = "'1'"
    return headers


def streaming_uri(names: Names, function_arn: str) -> str:
    """Return the URI by which API Gateway invokes a function and passes its answer on as it comes."""
    return f"{_functions(names)}/{STREAMING_API}/functions/{function_arn}/response-streaming-invocations"


def invoke_uri(names: Names, function_arn: str) -> str:
    """Return the URI by which API Gateway invokes a function and waits for its answer."""
    return f"{_functions(names)}/{INVOKE_API}/functions/{function_arn}/invocations"


def _functions(names: Names) -> str:
    return f"arn:{names.place.partition}:apigateway:{names.place.region}:lambda:path"


def fingerprint(responses: tuple[GatewayResponse, ...], details: Any) -> str:
    """Return a mark of the API's definition: a deployment is a copy of it, and a changed API needs a new copy."""
    definition = {"path": PATH_PART, "methods": HTTP_METHODS, "responses": [asdict(one) for one in responses]}
    return hashlib.sha256(compact({**definition, "details": details}).encode()).hexdigest()
