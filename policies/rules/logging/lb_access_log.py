"""Every load balancer writes an access log."""

from collections.abc import Iterator

from policies.balancers import BALANCER, CLASSIC, kind
from policies.rule import PROD, NotApplicable, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at whether the log is on, and goes to a bucket. A classic balancer's is on when it has a bucket."""
    del settings
    if kind(item) == "gateway":
        raise NotApplicable("a gateway load balancer has no access log")
    log = item.props.block("accessLogs")
    on = log.flag("enabled", default=item.type == CLASSIC)
    if not on or not log.has("bucket"):
        yield Problem("accessLogs", "the balancer writes no access log")


RULE = Rule(
    id="lb-access-log",
    area="logging",
    title="Load balancers write an access log",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=(BALANCER, CLASSIC),
    guards=("accessLogs",),
    check=check,
    rationale="After an incident the access log is what tells who called what; it costs its bytes in S3.",
    fix="Set `accessLogs` with `enabled: true` and a bucket that the balancer may write to.",
    references={"checkov": ("CKV_AWS_91",), "fsbp": ("ELB.5",), "nag": ("ELB2",)},
)
