"""Every VPC's default security group is taken over, and lets nothing in or out."""

from collections.abc import Iterator

from policies.rule import ADVISORY, NotApplicable, Outcome, Problem, Rule, Severity, each, each_item
from policies.security_groups import DEFAULT_GROUP, RULE_TYPES, VPC
from policies.stack import Item, Settings, Stack


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at the VPCs, at their default groups, and at rules that are put into these from outside."""
    del settings
    if not stack.of(VPC, DEFAULT_GROUP):
        raise NotApplicable("the stack has no VPC")
    yield from each_item(stack.of(VPC), lambda vpc: _taken_over(stack, vpc))
    yield from each_item(stack.of(DEFAULT_GROUP), _empty)
    yield from each_item(stack.of(*RULE_TYPES), lambda rule: _elsewhere(stack, rule))


def _taken_over(stack: Stack, vpc: Item) -> Iterator[Outcome]:
    if not stack.linked(vpc, DEFAULT_GROUP, by="vpcId"):
        yield Problem(
            "", "its default security group keeps AWS's rules: everything out, and everything between members"
        )


def _empty(group: Item) -> Iterator[Outcome]:
    yield from each(("ingress", "egress"), lambda direction: _none(group, direction))


def _none(group: Item, direction: str) -> Iterator[Outcome]:
    if group.props.block_values(direction):
        yield Problem(direction, "the default group has rules, and is what every resource gets that names no group")


def _elsewhere(stack: Stack, rule: Item) -> Iterator[Outcome]:
    # A rule is put into a default group by the VPC's output, or by the group's own.
    if stack.targets(rule, "securityGroupId", DEFAULT_GROUP, VPC):
        yield Problem("securityGroupId", "the rule is put into a default group")


RULE = Rule(
    id="default-sg-closed",
    area="exposure",
    title="Default security groups have no rules",
    severity=Severity.LOW,
    levels=ADVISORY,
    types=(VPC, DEFAULT_GROUP),
    guards=("ingress", "egress"),
    check_stack=check_stack,
    rationale="Whoever forgets to name a group gets the default one, and whatever it lets through.",
    fix="Add `aws.ec2.DefaultSecurityGroup` with the `vpcId` and without any rule.",
    references={"checkov": ("CKV2_AWS_12",), "fsbp": ("EC2.2",), "cis": ("6.5",)},
)
