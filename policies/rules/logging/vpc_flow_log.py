"""Every VPC records its flows."""

from collections.abc import Iterator

from policies.iam_documents import any_known
from policies.rule import PROD, NotApplicable, Outcome, Problem, Rule, Severity, each_item
from policies.security_groups import VPC
from policies.stack import Item, Settings, Stack

DEFAULT_VPC = "aws:ec2/defaultVpc:DefaultVpc"
SUBNET = "aws:ec2/subnet:Subnet"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at VPCs: a flow log of their own will do, or one of each of their subnets."""
    del settings
    vpcs = stack.of(VPC, DEFAULT_VPC)
    if not vpcs:
        raise NotApplicable("the stack has no VPC")
    yield from each_item(vpcs, lambda vpc: _vpc(stack, vpc))


def _vpc(stack: Stack, vpc: Item) -> Iterator[Outcome]:
    if _recorded(stack, vpc, "vpcId"):
        return
    subnets = stack.linked(vpc, SUBNET, by="vpcId")
    if not subnets or any_known(subnets, lambda row: not _recorded(stack, row, "subnetId")):
        yield Problem("", "nothing records the flows in the VPC")


def _recorded(stack: Stack, place: Item, by: str) -> bool:
    """Tell whether a flow log records what is refused in a place. Raises Unread when that is not known."""
    return any_known(stack.of(FLOW_LOG), lambda log: place in stack.targets(log, by, place.type) and _refused(log))


def _refused(log: Item) -> bool:
    return log.props.text("trafficType", "ALL").strip().upper() in {"ALL", "REJECT"}


RULE = Rule(
    id="vpc-flow-log",
    area="logging",
    title="VPCs record their flows",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=(VPC, DEFAULT_VPC),
    check_stack=check_stack,
    rationale="What was refused, and what left, tells of an intruder; it cannot be found out afterwards.",
    fix="Add `aws.ec2.FlowLog` with the `vpcId`, `trafficType` ALL and a bucket as destination, which is cheapest.",
    references={"checkov": ("CKV2_AWS_11",), "fsbp": ("EC2.6",), "nag": ("VPC7",), "cis": ("4.7",)},
)
