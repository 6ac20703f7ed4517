"""Load balancers speak TLS to their targets as well."""

from collections.abc import Iterator

from policies.rule import ADVISORY, NotApplicable, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at groups whose targets are reached over the network; functions are called by AWS."""
    del settings
    if item.props.text("targetType").strip().lower() == "lambda":
        raise NotApplicable("AWS calls functions itself")
    protocol = item.props.text("protocol").strip().upper()
    if protocol in {"", "HTTP"}:
        said = "plain HTTP" if protocol else "a protocol that is not said"
        yield Problem("protocol", f"the load balancer speaks {said} to the targets")


RULE = Rule(
    id="lb-target-encrypted",
    area="encryption",
    title="Load balancers reach their targets over TLS",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=(TARGET_GROUP,),
    guards=("protocol", "targetType"),
    check=check,
    rationale=(
        "Behind the balancer, prompts and answers cross the VPC. Ending TLS at the balancer is a fair choice where"
        " only it reaches the targets, so this advises."
    ),
    fix="Serve TLS on the targets and set `protocol` to HTTPS, or TLS for a network load balancer.",
    references={"checkov": ("CKV_AWS_378",), "fsbp": ("ELB.22",)},
)
