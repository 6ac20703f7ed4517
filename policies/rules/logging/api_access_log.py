"""Every stage of an API writes an access log, with nothing in it that callers keep secret."""

import re
from collections.abc import Iterator

from policies.reading import Block
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity, each
from policies.stack import Item, Settings

STAGE = "aws:apigateway/stage:Stage"
STAGE_V2 = "aws:apigatewayv2/stage:Stage"

TELLING = re.compile(
    r"\$input\b"
    r"|\$context\.identity\.apikey(?!id)"
    r"|\$context\.(?:request|response|message)(?:override\.)?\.?body"
    r"|(?:header|params?)\W{1,3}(?:authorization|x-api-key|cookie)"
    r"|\$context\.requestoverride\.header\.(?:authorization|x-api-key|cookie)",
    re.IGNORECASE,
)
"""Variables that hold bodies, keys or headers that callers prove themselves by."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at where the access log goes, and at what a line of it holds."""
    del settings
    log = item.props.block("accessLogSettings")
    yield from each((log,), _somewhere)
    yield from each((log,), _silent)


def _somewhere(log: Block) -> Iterator[Outcome]:
    if not log.has("destinationArn"):
        yield Problem("accessLogSettings", "nobody can see who called: the stage has no access log")


def _silent(log: Block) -> Iterator[Outcome]:
    if TELLING.search(log.text("format")):
        yield Problem(log.at("format"), "the access log holds bodies, keys or headers that callers prove themselves by")


RULE = Rule(
    id="api-access-log",
    area="logging",
    title="APIs write an access log without bodies and keys",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=(STAGE, STAGE_V2),
    guards=("accessLogSettings",),
    check=check,
    rationale="Without an access log nobody can say who used an API; with keys or prompts in it, the log is a leak.",
    fix="Set `accessLogSettings` with a log group as `destinationArn` and a `format` of request ids, status and time.",
    references={
        "checkov": ("CKV_AWS_76",),
        "fsbp": ("APIGateway.1", "APIGateway.9"),
        "nag": ("APIG1",),
        "trivy": ("AWS-0001",),
        "cis": ("4.10",),
    },
)
