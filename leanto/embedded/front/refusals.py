"""Gateway responses: what API Gateway answers by itself, in its own words or in those of the API's author; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from leanto.embedded.front.catalogue import REFUSALS
from leanto.embedded.front.outcome import Outcome, context_values
from leanto.embedded.front.request import Received
from leanto.embedded.front.snapshot import GatewayResponse
from leanto.embedded.front.templates import filled

DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'
DENIED_TEMPLATE = '{"Message":$context.error.messageString}'
JSON = "application/json"
NO_MESSAGE = object()


class RefusedRequestError(Exception):
    """The request is answered by a gateway response. `status` and `message` take the place of the type's usual ones."""

    def __init__(self, response_type: str, *, status: int | None = None, message: str | None = None) -> None:
        super().__init__(response_type)
        self.response_type = response_type
        self.status = status or REFUSALS[response_type].status
        self.message = message if message is not None else REFUSALS[response_type].message


@dataclass(frozen=True)
class Answer:
    """A whole response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def refusal_answer(
    error: RefusedRequestError,
    received: Received,
    outcome: Outcome,
    responses: Mapping[str, GatewayResponse],
    stage_variables: Mapping[str, str],
) -> Answer:
    """Return the response of a refusal and note it in `outcome`."""
    fallback = "DEFAULT_4XX" if error.status < 500 else "DEFAULT_5XX"
    custom = responses.get(error.response_type) or responses.get(fallback) or GatewayResponse(None, {}, {})
    outcome.response_type, outcome.message = error.response_type, error.message
    outcome.status = custom.status or error.status
    content_type, template = _template(error.response_type, custom, received.header("accept") or "")
    context = context_values(received, outcome)
    headers = [("Content-Type", content_type), ("x-amzn-errortype", REFUSALS[error.response_type].error_type)]
    headers += _set_headers(custom, received, context, stage_variables)
    body = filled(template, context, stage_variables).encode()
    return Answer(outcome.status, tuple(headers), body)


def _template(response_type: str, custom: GatewayResponse, accept: str) -> tuple[str, str]:
    """Return (content type, template): the one that the client accepts, else the one for JSON, else the first."""
    if not custom.templates:
        return JSON, DENIED_TEMPLATE if response_type == "ACCESS_DENIED" else DEFAULT_TEMPLATE
    for content_type in (accept, JSON):
        if content_type in custom.templates:
            return content_type, custom.templates[content_type]
    return next(iter(custom.templates.items()))


def _set_headers(
    custom: GatewayResponse, received: Received, context: Mapping[str, str], stage_variables: Mapping[str, str]
) -> list[tuple[str, str]]:
    prefix = "gatewayresponse.header."
    named = {key.removeprefix(prefix): value for key, value in custom.parameters.items() if key.startswith(prefix)}
    values = {name: _value(source, received, context, stage_variables) for name, source in named.items()}
    return [(name, value) for name, value in values.items() if value is not None]


def _value(
    source: str, received: Received, context: Mapping[str, str], stage_variables: Mapping[str, str]
) -> str | None:
    """Return what a response parameter stands for: a quoted text, or a piece of the request or its context."""
    if source.startswith("'") and source.endswith("'"):
        return source[1:-1]
    kind, _, name = source.partition(".")
    match kind:
        case "context":
            return context.get(name)
        case "stageVariables":
            return stage_variables.get(name)
    where, _, name = source.removeprefix("method.request.").partition(".")
    return received.query_value(name) if where == "querystring" else received.header(name)
