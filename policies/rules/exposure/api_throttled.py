"""Every stage of an API limits how often it is called."""

from collections.abc import Iterator
from decimal import Decimal

from policies.reading import Block, Value
from policies.rest_stages import METHOD_SETTINGS, STAGE, has_settings
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, each, each_item
from policies.stack import Item, Settings, Stack

STAGE_V2 = "aws:apigatewayv2/stage:Stage"
RATE = ("throttlingRateLimit", "maximumRequestsPerSecond", "requests a second")
BURST = ("throttlingBurstLimit", "maximumBurst", "requests at once")


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at the limits of stages and of single routes, and whether REST stages have some for all methods."""
    if not stack.of(STAGE, STAGE_V2, METHOD_SETTINGS):
        raise NotApplicable("the stack has no stage of an API")
    yield from each_item(stack.of(METHOD_SETTINGS), lambda row: _limited(row.props.block("settings"), settings))
    yield from each_item(stack.of(STAGE_V2), lambda row: _stage(row, settings))
    yield from each_item(stack.of(STAGE), lambda row: _rest_stage(stack, row))


def _rest_stage(stack: Stack, stage: Item) -> Iterator[Outcome]:
    if not has_settings(stack, stage):
        yield Problem("", "no method settings for */* limit the calls of the stage")


def _stage(stage: Item, settings: Settings) -> Iterator[Outcome]:
    yield from _limited(stage.props.block("defaultRouteSettings"), settings)
    yield from each(stage.props.block_values("routeSettings"), lambda value: _route(value, settings))


def _route(value: Value, settings: Settings) -> Iterator[Outcome]:
    """Settings of a route replace the default ones in what they say."""
    route = value.block()
    for key, maximum, what in (RATE, BURST):
        if route.has(key):
            yield from _limit(route, key, Decimal(str(settings[maximum])), what)


def _limited(block: Block, settings: Settings) -> Iterator[Outcome]:
    yield from each((RATE, BURST), lambda row: _limit(block, row[0], Decimal(str(settings[row[1]])), row[2]))


def _limit(block: Block, key: str, maximum: Decimal, what: str) -> Iterator[Outcome]:
    value = block.number(key)
    if value is None or value < 0:
        yield Problem(block.at(key), f"nothing limits the {what}: expected at most {maximum:f}")
    elif value > maximum:
        yield Problem(block.at(key), f"{value:f} {what} are allowed: expected at most {maximum:f}")


RULE = Rule(
    id="api-throttled",
    area="exposure",
    title="APIs limit how often they are called",
    severity=Severity.HIGH,
    levels=ALWAYS,
    types=(STAGE_V2, METHOD_SETTINGS, STAGE),
    guards=("defaultRouteSettings", "routeSettings", "settings"),
    check_stack=check_stack,
    rationale="Without limits of its own, one caller uses up the account's, and runs up a bill as fast as AWS answers.",
    fix=(
        "Set `throttlingRateLimit` and `throttlingBurstLimit` in the stage's default route settings, or in method "
        "settings for `*/*`."
    ),
    references={"owasp-llm-2026": ("LLM06",)},
    parameters=(
        Parameter("maximumRequestsPerSecond", "number", 1000, "The highest rate that a stage may allow.", minimum=1),
        Parameter("maximumBurst", "integer", 2000, "The most requests at once that a stage may allow.", minimum=1),
    ),
)
