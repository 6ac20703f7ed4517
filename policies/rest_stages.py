"""Reads how the stages of REST APIs are protected: who asks for callers, and how often they may call."""

from collections.abc import Iterator

from policies.iam_documents import any_known
from policies.stack import Item, Stack

API = "aws:apigateway/restApi:RestApi"
METHOD = "aws:apigateway/method:Method"
STAGE = "aws:apigateway/stage:Stage"
METHOD_SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
EVERY_METHOD = "*/*"
LIMITS = ("throttlingRateLimit", "throttlingBurstLimit")


def asks_who_calls(method: Item) -> bool:
    """Tell whether a method has an authorizer, or AWS check signatures; requests for options carry no identity."""
    return preflight(method) or method.props.text("authorization", "NONE").strip().upper() != "NONE"


def preflight(method: Item) -> bool:
    """Tell whether a method answers what browsers ask before they call."""
    return method.props.text("httpMethod").strip().upper() == "OPTIONS"


def same_api(stack: Stack, one: Item, other: Item) -> bool:
    """Tell whether two resources belong to one REST API. Raises Unread when that is not known."""
    ours, theirs = stack.targets(one, "restApi", API), stack.targets(other, "restApi", API)
    if ours or theirs:
        return bool(set(ours) & set(theirs))
    return one.props.text("restApi") == other.props.text("restApi")


def methods(stack: Stack, stage: Item) -> tuple[Item, ...]:
    """Return the methods of a stage's API."""
    return tuple(row for row in stack.of(METHOD) if same_api(stack, stage, row))


def _of(stack: Stack, stage: Item, row: Item) -> bool:
    if not same_api(stack, stage, row):
        return False
    if stage in stack.targets(row, "stageName", STAGE):
        return True
    return row.props.text("stageName") == stage.props.text("stageName")


def for_every_method(settings: Item) -> bool:
    """Tell whether settings are about all methods of their stage."""
    return settings.props.text("methodPath").strip().strip("/") == EVERY_METHOD


def missing_limits(settings: Item) -> Iterator[str]:
    """Yield the paths of the limits that settings leave out. A negative limit is none."""
    block = settings.props.block("settings")
    for key in LIMITS:
        value = block.number(key)
        if value is None or value < 0:
            yield block.at(key)


def has_settings(stack: Stack, stage: Item) -> bool:
    """Tell whether there are settings for all methods of a stage. Raises Unread when that is not known."""
    return any_known(stack.of(METHOD_SETTINGS), lambda row: _for_all_of(stack, stage, row))


def throttled(stack: Stack, stage: Item) -> bool:
    """Tell whether a stage limits all of its methods. Raises Unread when that is not known."""
    return any_known(
        stack.of(METHOD_SETTINGS), lambda row: _for_all_of(stack, stage, row) and not any(missing_limits(row))
    )


def _for_all_of(stack: Stack, stage: Item, row: Item) -> bool:
    return for_every_method(row) and _of(stack, stage, row)


def private(stack: Stack, stage: Item) -> bool:
    """Tell whether a stage's API is served in VPCs only. Raises Unread when that is not known."""
    api = stack.target(stage, "restApi", API)
    if api is None:
        return False
    return "PRIVATE" in {kind.strip().upper() for kind in api.props.block("endpointConfiguration").texts("types")}


def authorized(stack: Stack, stage: Item) -> bool:
    """Tell whether every method of a stage's API asks who calls, and there is one. Raises Unread when not known."""
    rows = methods(stack, stage)
    return bool(rows) and not any_known(rows, lambda row: not asks_who_calls(row))
