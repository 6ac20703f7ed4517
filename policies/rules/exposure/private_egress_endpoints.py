"""VPCs with private subnets reach S3, and Bedrock where functions in them call it, through endpoints."""

from collections.abc import Iterator

from policies.iam_documents import any_known
from policies.rule import ADVISORY, NotApplicable, Outcome, Problem, Rule, Severity, each, each_item
from policies.security_groups import ENDPOINT, VPC
from policies.stack import Item, Settings, Stack

SUBNET = "aws:ec2/subnet:Subnet"
NAT = "aws:ec2/natGateway:NatGateway"
FUNCTION = "aws:lambda/function:Function"
BEDROCK = "bedrock-runtime"


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at the VPCs that have a private subnet."""
    del settings
    vpcs = stack.of(VPC)
    if not vpcs:
        raise NotApplicable("the stack has no VPC")
    yield from each_item(vpcs, lambda vpc: _vpc(stack, vpc))


def _vpc(stack: Stack, vpc: Item) -> Iterator[Outcome]:
    subnets = stack.linked(vpc, SUBNET, by="vpcId")
    private = [row for row in subnets if not row.props.flag("mapPublicIpOnLaunch")]
    if not private:
        return
    yield from each((vpc,), lambda row: _storage(stack, row))
    yield from each((vpc,), lambda row: _bedrock(stack, row, subnets))


def _storage(stack: Stack, vpc: Item) -> Iterator[Outcome]:
    if not _has_endpoint(stack, vpc, "s3"):
        yield Problem("", "nothing in the VPC reaches S3 but over the internet: it has no endpoint for S3")


def _bedrock(stack: Stack, vpc: Item, subnets: tuple[Item, ...]) -> Iterator[Outcome]:
    """Functions in the VPC that know of Bedrock need a way to it: an endpoint, or a NAT gateway."""
    callers = [row for row in stack.of(FUNCTION) if _inside(stack, row, subnets) and _calls_bedrock(row)]
    if not callers or _has_endpoint(stack, vpc, BEDROCK):
        return
    if not any_known(stack.of(NAT), lambda row: _inside(stack, row, subnets, "subnetId")):
        yield Problem("", f"the function {callers[0].name} in the VPC cannot reach Bedrock: no endpoint and no NAT")


def _calls_bedrock(function: Item) -> bool:
    variables = function.props.block("environment").mapping("variables")
    return any_known(variables.items(), lambda row: "bedrock" in (row[0] + row[1].text()).lower())


def _inside(stack: Stack, row: Item, subnets: tuple[Item, ...], path: str = "vpcConfig.subnetIds") -> bool:
    return bool(set(subnets) & set(stack.targets(row, path, SUBNET)))


def _has_endpoint(stack: Stack, vpc: Item, service: str) -> bool:
    endpoints = stack.linked(vpc, ENDPOINT, by="vpcId")
    return any_known(endpoints, lambda row: row.props.text("serviceName").strip().endswith(f".{service}"))


RULE = Rule(
    id="private-egress-endpoints",
    area="exposure",
    title="Private subnets reach AWS through endpoints",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=(VPC,),
    check_stack=check_stack,
    rationale="A gateway endpoint to S3 costs nothing; without it, models are pulled through a NAT paid by GB.",
    fix="Add `aws.ec2.VpcEndpoint` of type Gateway for S3, and of type Interface for bedrock-runtime if called.",
    references={"fsbp": ("EC2.10",), "prowler": ("bedrock_vpc_endpoints_configured",)},
)
