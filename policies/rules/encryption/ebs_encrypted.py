"""Every EBS volume is encrypted, also the ones that an instance or a launch template makes."""

from collections.abc import Iterator

from policies.reading import Block, Value
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity, each
from policies.stack import Item, Settings

VOLUME = "aws:ebs/volume:Volume"
INSTANCE = "aws:ec2/instance:Instance"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the volume itself, or at each one that the instance or the template makes."""
    del settings
    if item.type == VOLUME:
        yield from _encrypted(item.props)
    elif item.type == INSTANCE:
        yield from _encrypted(item.props.block("rootBlockDevice"))
        yield from each(item.props.block_values("ebsBlockDevices"), lambda value: _encrypted(value.block()))
    else:
        mappings = item.props.block_values("blockDeviceMappings")
        if not mappings:
            yield Problem("blockDeviceMappings", "no mapping asks for an encrypted root volume")
        yield from each(mappings, _mapping)


def _mapping(value: Value) -> Iterator[Outcome]:
    """A mapping without `ebs` names an instance store volume, or takes a device away."""
    mapping = value.block()
    if mapping.has("ebs"):
        yield from _encrypted(mapping.block("ebs"))


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
    types=(VOLUME, TEMPLATE, INSTANCE),
    guards=("encrypted", "blockDeviceMappings", "rootBlockDevice", "ebsBlockDevices"),
    check=check,
    rationale="Model files, logs and swapped memory lie on a node's volumes; a snapshot of one must not be readable.",
    fix="Set `encrypted` to true on the volume or on each block device mapping, the one of the root device too.",
    references={
        "checkov": ("CKV_AWS_3", "CKV_AWS_8"),
        "fsbp": ("EC2.3", "EC2.181"),
        "nag": ("EC26",),
        "trivy": ("AWS-0026",),
    },
)
