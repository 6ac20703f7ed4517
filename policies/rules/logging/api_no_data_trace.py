"""No API logs whole requests and answers."""

from collections.abc import Iterator

from policies.reading import Block, Value
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity, each
from policies.stack import Item, Settings

METHOD_SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
STAGE_V2 = "aws:apigatewayv2/stage:Stage"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the settings of methods, of a stage, and of its single routes."""
    del settings
    if item.type == METHOD_SETTINGS:
        yield from _traced(item.props.block("settings"))
    else:
        yield from each(("defaultRouteSettings",), lambda key: _traced(item.props.block(key)))
        yield from each(item.props.block_values("routeSettings"), _route)


def _route(value: Value) -> Iterator[Outcome]:
    yield from _traced(value.block())


def _traced(block: Block) -> Iterator[Outcome]:
    if block.flag("dataTraceEnabled"):
        yield Problem(
            block.at("dataTraceEnabled"), "requests and answers are logged whole, prompts and keys among them"
        )


RULE = Rule(
    id="api-no-data-trace",
    area="logging",
    title="APIs do not log requests and answers",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(METHOD_SETTINGS, STAGE_V2),
    guards=("settings", "defaultRouteSettings", "routeSettings"),
    check=check,
    rationale="The data trace writes prompts, completions and keys to a log that many may read and that is kept.",
    fix="Set `dataTraceEnabled` to false.",
    references={"checkov": ("CKV_AWS_276",), "owasp-llm-2026": ("LLM02",)},
)
