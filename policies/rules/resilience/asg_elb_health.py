"""A group behind a load balancer replaces the instances that the balancer finds unhealthy."""

from collections.abc import Iterator

from policies.reading import Unread
from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.stack import Item, Settings, Stack

GROUP = "aws:autoscaling/group:Group"
ATTACHMENTS = (
    "aws:autoscaling/attachment:Attachment",
    "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment",
)
BALANCED = ("targetGroupArns", "loadBalancers", "trafficSources")
CHECKED = frozenset({"ELB", "VPC_LATTICE"})
"""Types of health checks that ask who sends the traffic (EC2 Auto Scaling API, CreateAutoScalingGroup)."""


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at each group that is behind a balancer, by its own properties or by an attachment."""
    for group in stack.of(GROUP):
        try:
            if _is_balanced(stack, group):
                yield from _health(group, int(settings["graceSeconds"]))
        except Unread as error:
            yield Unevaluated(error.path, error.reason, group)


def _is_balanced(stack: Stack, group: Item) -> bool:
    unread: Unread | None = None
    for key in BALANCED:
        # The number of the targets tells, whatever they are.
        if group.props.values(key):
            return True
    for attachment in stack.of(*ATTACHMENTS):
        try:
            if group in stack.targets(attachment, "autoscalingGroupName", GROUP):
                return True
        except Unread as error:
            unread = error
    if unread:
        raise unread
    return False


def _health(group: Item, wanted_seconds: int) -> Iterator[Outcome]:
    kind = group.props.text("healthCheckType", "EC2").strip()
    # Further checks stand beside ELB, as in "ELB,EBS".
    if not CHECKED & {part.strip().upper() for part in kind.split(",")}:
        yield Problem("healthCheckType", "behind a balancer the health check must be ELB", group)
    grace = group.props.number("healthCheckGracePeriod", 300)
    if grace is not None and grace < wanted_seconds:
        message = f"the grace period of {grace} s is shorter than the {wanted_seconds} s that a model takes to load"
        yield Problem("healthCheckGracePeriod", message, group)


RULE = Rule(
    id="asg-elb-health",
    area="resilience",
    title="A group behind a load balancer uses the balancer's health checks",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=(GROUP,),
    guards=("healthCheckType", "healthCheckGracePeriod"),
    check_stack=check_stack,
    rationale="An instance whose model server hangs still answers EC2's checks: it is paid for and serves nobody.",
    fix='Set `healthCheckType` to "ELB", and `healthCheckGracePeriod` to at least the time that a model takes to load.',
    references={"checkov": ("CKV2_AWS_15",), "fsbp": ("AutoScaling.1",)},
    parameters=(
        Parameter("graceSeconds", "integer", 0, "How long a node may take to load its model.", minimum=0, maximum=7200),
    ),
)
