"""Production writes no debug logs and no bodies of requests."""

import re
from collections.abc import Iterator

from policies.reading import Block, Value
from policies.rule import ADVISORY, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, each
from policies.stack import Item, Settings

FUNCTION, METHODS = "aws:lambda/function:Function", "aws:apigateway/methodSettings:MethodSettings"
HTTP_STAGE = "aws:apigatewayv2/stage:Stage"
VERBOSE = frozenset({"debug", "trace", "all", "10", "5"})
_LEVEL = re.compile(r"(^|_)(LOG_?LEVEL|LOGLEVEL|LOGGING_LEVEL|RUST_LOG|VERBOSITY)$", re.IGNORECASE)
_BODY = re.compile(r"LOG.*(BODY|BODIES|PROMPT|PAYLOAD|COMPLETION|EVENT)|(^|_)DEBUG$", re.IGNORECASE)


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at log levels and at switches that log whole requests."""
    if settings.profile == "dev" and not settings["inDevelopment"]:
        raise NotApplicable("in development debug logs are allowed")
    if item.type == FUNCTION:
        yield from _function(item)
    else:
        yield from _steps(item.props.block("settings" if item.type == METHODS else "defaultRouteSettings"))


def _function(item: Item) -> Iterator[Outcome]:
    variables = item.props.block("environment").mapping("variables")
    yield from each(variables.items(), _variable)
    logging = item.props.block("loggingConfig")
    for key in ("applicationLogLevel", "systemLogLevel"):
        if logging.text(key).lower() in VERBOSE:
            yield Problem(logging.at(key), "it logs everything that helps to find faults")


def _steps(block: Block) -> Iterator[Outcome]:
    if block.text("loggingLevel", "OFF").upper() == "INFO":
        yield Problem(block.at("loggingLevel"), "it logs every step of every request")
    if block.flag("dataTraceEnabled"):
        yield Problem(block.at("dataTraceEnabled"), "it logs whole requests and answers")


def _variable(row: tuple[str, Value]) -> Iterator[Outcome]:
    name, value = row
    if _LEVEL.search(name):
        if value.text().strip().lower() in VERBOSE:
            yield Problem(value.path, "the log level writes everything that helps to find faults")
    elif _BODY.search(name) and value.text().strip().lower() in {"1", "true", "yes", "on"}:
        yield Problem(value.path, "it writes whole requests or debug output to the log")


RULE = Rule(
    id="log-volume-bounded",
    area="cost",
    title="Production writes no debug logs and no bodies of requests",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=(FUNCTION, METHODS, HTTP_STAGE),
    guards=("environment", "loggingConfig", "settings", "defaultRouteSettings"),
    check=check,
    rationale="Log data is paid by the GB that is taken in: prompts and debug output cost more than the functions that"
    " write them.",
    fix="Log a line a request without its body; use debug levels in development.",
    parameters=(Parameter("inDevelopment", "boolean", False, "Whether the rule holds in the profile dev as well."),),
)
