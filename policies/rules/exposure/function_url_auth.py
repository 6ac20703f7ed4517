"""Every function URL asks who calls."""

from collections.abc import Iterator

from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the type of authorization: AWS knows NONE and AWS_IAM."""
    del settings
    if item.props.text("authorizationType", "NONE").strip() != "AWS_IAM":
        yield Problem("authorizationType", "anybody in the internet may call the function: expected AWS_IAM")


RULE = Rule(
    id="function-url-auth",
    area="exposure",
    title="Function URLs ask who calls",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=("aws:lambda/functionUrl:FunctionUrl",),
    guards=("authorizationType",),
    check=check,
    rationale="An address that anybody may call runs up the bill of a model for anybody.",
    fix="Set `authorizationType` to AWS_IAM, or put an API with an authorizer in front of the function.",
    references={
        "checkov": ("CKV_AWS_258",),
        "prowler": ("awslambda_function_url_public",),
        "owasp-llm-2026": ("LLM06",),
    },
)
