"""Every function records traces."""

from collections.abc import Iterator

from policies.rule import ADVISORY, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the mode: PassThrough records only what a caller already traces."""
    del settings
    if item.props.block("tracingConfig").text("mode", "PassThrough").strip() != "Active":
        yield Problem("tracingConfig.mode", "the function records no traces of its own: expected Active")


RULE = Rule(
    id="lambda-tracing",
    area="logging",
    title="Functions record traces",
    severity=Severity.LOW,
    levels=ADVISORY,
    types=("aws:lambda/function:Function",),
    guards=("tracingConfig",),
    check=check,
    rationale="Traces show where the time of a slow answer went. They cost by the trace, and are no safeguard.",
    fix="Set `tracingConfig.mode` to Active.",
    references={"checkov": ("CKV_AWS_50",), "trivy": ("AWS-0066",)},
)
