"""Every public load balancer and every REST stage has a web ACL in front."""

from collections.abc import Iterator

from policies.balancers import BALANCER, faces_internet, kind
from policies.firewalls import protected
from policies.rest_stages import STAGE, authorized, private, throttled
from policies.rule import PROD, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, each_item
from policies.stack import Item, Settings, Stack


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at what a web ACL can protect: application load balancers and stages of REST APIs, not of HTTP APIs."""
    if not stack.of(BALANCER, STAGE):
        raise NotApplicable("the stack has nothing that a web ACL could protect")
    always = bool(settings["requiredForAuthorizedStages"])
    yield from each_item(stack.of(BALANCER), lambda row: _balancer(stack, row))
    yield from each_item(stack.of(STAGE), lambda row: _stage(stack, row, always=always))


def _balancer(stack: Stack, balancer: Item) -> Iterator[Outcome]:
    if kind(balancer) == "application" and faces_internet(balancer) and not protected(stack, balancer):
        yield Problem("", "the public load balancer has no web ACL")


def _stage(stack: Stack, stage: Item, *, always: bool) -> Iterator[Outcome]:
    if private(stack, stage) or protected(stack, stage):
        return
    if always or not (authorized(stack, stage) and throttled(stack, stage)):
        yield Problem("", "the stage has no web ACL, nor an authorizer for each method and limits for all of them")


RULE = Rule(
    id="waf-attached",
    area="exposure",
    title="Public endpoints have a web ACL",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=(BALANCER, STAGE),
    guards=("internal",),
    check_stack=check_stack,
    rationale=(
        "A web ACL turns away known attacks and floods before they are paid for. A stage whose methods all ask who "
        "calls, and that is throttled, turns most of them away itself."
    ),
    fix="Add `aws.wafv2.WebAclAssociation` with the balancer's or the stage's ARN.",
    references={
        "checkov": ("CKV2_AWS_28", "CKV2_AWS_29"),
        "fsbp": ("ELB.16", "APIGateway.4"),
        "nag": ("APIG3",),
    },
    parameters=(
        Parameter(
            "requiredForAuthorizedStages",
            "boolean",
            False,
            "Whether REST stages with authorizers and limits need a web ACL as well, which costs by the month.",
        ),
    ),
)
