"""Every EBS volume is encrypted, also the ones that an instance, a fleet or a launch template makes.

Each volume must say so itself: that an account encrypts by default is not seen in a program, and others may change it.
"""

from collections.abc import Iterator

from policies.iam_documents import any_known
from policies.reading import Block, Value
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity, Unevaluated, each
from policies.stack import Item, Settings

VOLUME = "aws:ebs/volume:Volume"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
FLEET = "aws:ec2/spotFleetRequest:SpotFleetRequest"
INSTANCES = (
    "aws:ec2/instance:Instance",
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
    "aws:ec2/launchConfiguration:LaunchConfiguration",
)
ROOT_DEVICES = ("/dev/xvda", "/dev/sda1")
"""What EC2 reserves for root volumes (EC2 user guide, device names)."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the volume itself, or at each one that the instance, the fleet or the template makes."""
    del settings
    if item.type == VOLUME:
        yield from _encrypted(item.props)
    elif item.type == TEMPLATE:
        yield from _template(item.props.block_values("blockDeviceMappings"))
    elif item.type == FLEET:
        yield from each(item.props.block_values("launchSpecifications"), lambda row: _instance(row.block()))
    else:
        yield from _instance(item.props)


def _instance(instance: Block) -> Iterator[Outcome]:
    yield from each((instance,), _root)
    yield from each(instance.block_values("ebsBlockDevices"), lambda row: _from_snapshot(row.block()))


def _root(instance: Block) -> Iterator[Outcome]:
    root = instance.block("rootBlockDevice")
    # A launch template makes the root volume then, and answers for it.
    if root.keys() or not any_known(("id", "name"), instance.block("launchTemplate").has):
        yield from _encrypted(root)


def _template(mappings: tuple[Value, ...]) -> Iterator[Outcome]:
    yield from each(mappings, _mapping)
    if not any_known(mappings, _is_root):
        yield Problem("blockDeviceMappings", "no mapping asks for an encrypted root volume")


def _is_root(mapping: Value) -> bool:
    """A mapping that names no device is one for the root volume."""
    block = mapping.block()
    return block.has("ebs") and block.text("deviceName", ROOT_DEVICES[0]).strip() in ROOT_DEVICES


def _mapping(value: Value) -> Iterator[Outcome]:
    """A mapping without `ebs` names an instance store volume, or takes a device away."""
    mapping = value.block()
    if mapping.has("ebs"):
        yield from _from_snapshot(mapping.block("ebs"))


def _from_snapshot(volume: Block) -> Iterator[Outcome]:
    if volume.has("noDevice"):
        return
    if volume.has("snapshotId") and not volume.has("encrypted"):
        # AWS takes no `encrypted` beside a snapshot here.
        yield Unevaluated(volume.at("snapshotId"), "the volume is encrypted only if the snapshot is")
    else:
        yield from _encrypted(volume)


def _encrypted(volume: Block) -> Iterator[Outcome]:
    if not volume.flag("encrypted"):
        yield Problem(volume.at("encrypted"), "the volume is not encrypted")


RULE = Rule(
    id="ebs-encrypted",
    area="encryption",
    title="EBS volumes are encrypted",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(VOLUME, TEMPLATE, FLEET, *INSTANCES),
    guards=("encrypted", "blockDeviceMappings", "rootBlockDevice", "ebsBlockDevices", "launchSpecifications"),
    check=check,
    rationale="Model files, logs and swapped memory lie on a node's volumes; a snapshot of one must not be readable.",
    fix="Set `encrypted` to true on the volume or on each block device mapping, the one of the root device too.",
    references={
        "checkov": ("CKV_AWS_3", "CKV_AWS_8"),
        "fsbp": ("EC2.3", "EC2.181"),
        "nag": ("EC26",),
        "trivy": ("AWS-0026", "AWS-0008"),
    },
)
