"""No instance has a public address, and no subnet gives instances one."""

from collections.abc import Iterator

from policies.reading import Block, Value
from policies.rule import ALWAYS, NotApplicable, Outcome, Problem, Rule, Severity, each
from policies.stack import Item, Settings

INSTANCE = "aws:ec2/instance:Instance"
SPOT = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
SUBNET = "aws:ec2/subnet:Subnet"
DEFAULT_SUBNET = "aws:ec2/defaultSubnet:DefaultSubnet"
ADDRESS = "aws:ec2/eip:Eip"
ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"
ON_INSTANCE = {ADDRESS: ("instance",), ASSOCIATION: ("instanceId",)}


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the flag of the type: where it is missing, the subnet decides, which is looked at itself."""
    del settings
    if item.type in ON_INSTANCE:
        yield from _on_instance(item)
    elif item.type == TEMPLATE:
        yield from each(item.props.block_values("networkInterfaces"), _interface)
    elif item.type in {SUBNET, DEFAULT_SUBNET}:
        if item.props.flag("mapPublicIpOnLaunch"):
            yield Problem("mapPublicIpOnLaunch", "every instance in the subnet gets a public address")
    else:
        yield from _associated(item.props)


def _on_instance(item: Item) -> Iterator[Outcome]:
    key = ON_INSTANCE[item.type][0]
    if item.inputs.get(key) in (None, ""):
        raise NotApplicable("the address is given to no instance by this resource")
    yield Problem(key, "the instance gets a public address")


def _interface(value: Value) -> Iterator[Outcome]:
    yield from _associated(value.block())


def _associated(block: Block) -> Iterator[Outcome]:
    if block.flag("associatePublicIpAddress"):
        yield Problem(block.at("associatePublicIpAddress"), "the instance gets a public address")


RULE = Rule(
    id="no-public-ip",
    area="exposure",
    title="Instances have no public address",
    severity=Severity.HIGH,
    levels=ALWAYS,
    types=(TEMPLATE, INSTANCE, SUBNET, DEFAULT_SUBNET, CONFIGURATION, SPOT, ADDRESS, ASSOCIATION),
    guards=("associatePublicIpAddress", "networkInterfaces", "mapPublicIpOnLaunch"),
    check=check,
    rationale="A node without a public address cannot be reached from the internet, whatever its security groups say.",
    fix="Set `associatePublicIpAddress` and `mapPublicIpOnLaunch` to false, and reach the outside through endpoints.",
    references={
        "checkov": ("CKV_AWS_88", "CKV_AWS_130"),
        "fsbp": ("EC2.9", "EC2.15", "EC2.25", "AutoScaling.5"),
        "trivy": ("AWS-0009", "AWS-0164"),
    },
)
