"""Every route and method of an API asks who calls."""

from collections.abc import Iterator

from policies.rest_stages import METHOD, asks_who_calls
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, each_item
from policies.stack import Item, Settings, Stack

API = "aws:apigatewayv2/api:Api"
ROUTE = "aws:apigatewayv2/route:Route"
ON_CONNECT_ONLY = "WEBSOCKET"


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at methods of REST APIs, at routes of the others, and at APIs that make their only route themselves."""
    if not stack.of(ROUTE, METHOD, API):
        raise NotApplicable("the stack has no API with routes")
    keys = bool(settings["apiKeysCount"])
    yield from each_item(stack.of(METHOD), lambda method: _method(method, keys=keys))
    yield from each_item(stack.of(ROUTE), lambda route: _route(stack, route))
    yield from each_item(stack.of(API), _quickly_made)


def _method(method: Item, *, keys: bool) -> Iterator[Outcome]:
    if asks_who_calls(method) or (keys and method.props.flag("apiKeyRequired")):
        return
    yield Problem("authorization", "anybody may call the method: expected CUSTOM, AWS_IAM or COGNITO_USER_POOLS")


def _route(stack: Stack, route: Item) -> Iterator[Outcome]:
    if route.props.text("authorizationType", "NONE").strip().upper() != "NONE":
        return
    key = route.props.text("routeKey").strip()
    if key.upper().startswith("OPTIONS ") or (key != "$connect" and _web_socket(stack, route)):
        return
    yield Problem("authorizationType", "anybody may call the route: expected JWT, CUSTOM or AWS_IAM")


def _web_socket(stack: Stack, route: Item) -> bool:
    """Tell whether a route is one of a WebSocket API, where AWS asks on connecting and not again."""
    api = stack.target(route, "apiId", API)
    return api is not None and api.props.text("protocolType").strip().upper() == ON_CONNECT_ONLY


def _quickly_made(api: Item) -> Iterator[Outcome]:
    """An API with a target makes a route to it, which cannot have an authorizer."""
    if api.props.has("target"):
        yield Problem("target", "the API makes a route to the target that anybody may call: add routes of your own")


RULE = Rule(
    id="api-route-auth",
    area="exposure",
    title="APIs ask who calls",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=(ROUTE, METHOD, API),
    guards=("authorization", "authorizationType", "authorizerId", "apiKeyRequired", "target"),
    check_stack=check_stack,
    rationale="An endpoint of a model that does not ask who calls is paid for by you and used by anybody.",
    fix="Set `authorization` (REST) or `authorizationType` (HTTP) and the id of an authorizer.",
    references={
        "checkov": ("CKV_AWS_309", "CKV_AWS_59"),
        "fsbp": ("APIGateway.8",),
        "nag": ("APIG4",),
        "trivy": ("AWS-0004",),
        "owasp-llm-2026": ("LLM06",),
    },
    parameters=(
        Parameter(
            "apiKeysCount",
            "boolean",
            True,
            "Whether a method that requires an API key asks who calls. AWS advises against API keys alone.",
        ),
    ),
)
