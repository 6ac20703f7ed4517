"""Nothing writes prompts and answers into a log, unless for a stated purpose, encrypted and for a short time."""

import re
from collections.abc import Iterator
from dataclasses import replace

from policies.gateway_config import CARRIERS, Variable, documents, variables
from policies.reading import Block, Value
from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity, each
from policies.served_models import NODES, scripts
from policies.stack import Item, Settings, Stack

INVOCATIONS = "aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration"
ENDPOINT = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
CONTENTS = ("text", "image", "embedding", "video")
LOGGING = re.compile(
    r"(?:^|_)(?:LOG|STORE|RECORD|CAPTURE|TRACE)_(?:PROMPTS?|COMPLETIONS?|REQUEST_BOD(?:Y|IES)|RESPONSE_BOD(?:Y|IES)|BOD(?:Y|IES)"
    r"|MESSAGES?|MESSAGE_CONTENT|CONTENT|PAYLOADS?)(?:_|$)|PROMPT_LOGGING|CAPTURE_MESSAGE_CONTENT|STORE_PROMPTS_IN_SPEND_LOGS"
)
FLAGS = re.compile(
    r"--(?:enable-log-requests|enable-log-outputs|log-requests(?!\s*=?\s*false)|log-prompts|verbose-prompt)\b"
)
DOCUMENT_KEYS = ("log_bodies", "log_prompts", "log_requests", "log_content")
OFF = frozenset({"", "0", "false", "no", "off", "none", "disabled"})
SHORTEST_PURPOSE = 20


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at the logs of Bedrock and SageMaker, and at the switches of gateways and engines."""
    for item in stack.of(*RULE.types):
        for outcome in each((item,), lambda one: _found(stack, one, settings), item):
            yield replace(outcome, item=item)


def _found(stack: Stack, item: Item, settings: Settings) -> Iterator[Outcome]:
    if item.type == INVOCATIONS:
        yield from _invocations(stack, item, str(settings["purpose"]), int(settings["maximumDays"]))
    elif item.type == ENDPOINT:
        capture = item.props.block("dataCaptureConfig")
        if capture.flag("enableCapture"):
            yield Problem(capture.at("enableCapture"), "requests and answers of the endpoint are kept")
    else:
        yield from _switches(item)


def _invocations(stack: Stack, item: Item, purpose: str, maximum_days: int) -> Iterator[Outcome]:
    config = item.props.block("loggingConfig")
    if not config.keys():
        return
    # AWS includes what is not excluded.
    on = [kind for kind in CONTENTS if config.flag(f"{kind}DataDeliveryEnabled", True)]
    if on and len(purpose.strip()) < SHORTEST_PURPOSE:
        yield Problem(config.at(f"{on[0]}DataDeliveryEnabled"), f"the contents of calls are logged: {', '.join(on)}")
    elif on:
        yield from _kept(stack, item, config, maximum_days)


def _kept(stack: Stack, item: Item, config: Block, maximum_days: int) -> Iterator[Outcome]:
    """With a purpose, the log must be a group of this stack with a key of its own and a short retention."""
    if config.block("s3Config").keys():
        yield Problem(
            config.at("s3Config"), "contents are kept in a bucket, of which this rule cannot tell for how long"
        )
    groups = stack.targets(item, "loggingConfig.cloudwatchConfig.logGroupName", LOG_GROUP)
    if not groups and not config.block("s3Config").keys():
        yield Problem(
            config.at("cloudwatchConfig.logGroupName"), "contents are kept in a log group outside of the stack"
        )
    for group in groups:
        days = group.props.number("retentionInDays", 0) or 0
        if not 0 < days <= maximum_days:
            yield Problem(config.at("cloudwatchConfig"), f"contents are kept longer than {maximum_days} days")
        if not group.props.has("kmsKeyId"):
            yield Problem(config.at("cloudwatchConfig"), "contents are kept without a key of the stack's own")


def _switches(item: Item) -> Iterator[Outcome]:
    yield from each(scripts(item), _script)
    if item.type in CARRIERS:
        yield from each(documents(item), _document)
        yield from each((row for row in variables(item) if LOGGING.search(row.name)), _variable)


def _script(text: Value) -> Iterator[Outcome]:
    if FLAGS.search(text.text()):
        yield Problem(text.path, "the engine is told to log requests")


def _document(document: Block) -> Iterator[Outcome]:
    for block in (document, document.block("logging"), document.block("limits")):
        for key in DOCUMENT_KEYS:
            if block.flag(key):
                yield Problem(block.at(key), "the gateway logs prompts and answers")


def _variable(row: Variable) -> Iterator[Outcome]:
    if row.value.text().strip().lower() not in OFF:
        yield Problem(row.value.path, "the variable lets prompts or answers be logged")


RULE = Rule(
    id="prompt-logging-off",
    area="governance",
    title="Prompts and answers are not logged",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(INVOCATIONS, ENDPOINT, *CARRIERS, *NODES),
    guards=("loggingConfig", "dataCaptureConfig", "environment", "code", "value", "content", "userData"),
    check_stack=check_stack,
    rationale="Prompts hold what people would not write into a ticket; a log of them is read by more people than the"
    " answers are, and lives longer.",
    fix="Switch every delivery of contents off; metadata may be logged. Where contents are needed, state the purpose in"
    " `purpose` and keep them in a log group of the stack, with a key and at most 30 days.",
    references={"owasp-llm-2026": ("LLM02",)},
    parameters=(
        Parameter("purpose", "text", "", "Why contents of calls are logged, in at least 20 characters."),
        Parameter("maximumDays", "integer", 30, "How long contents may be kept.", minimum=1, maximum=30),
    ),
)
