"""Only instance types of the team's list are started."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType

from policies.reading import Block, Value
from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity, each
from policies.stack import Item, Settings

KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "aws:autoscaling/group:Group": (),
        "aws:ec2/fleet:Fleet": (),
        "aws:ec2/instance:Instance": ("instanceType",),
        "aws:ec2/launchConfiguration:LaunchConfiguration": ("instanceType",),
        "aws:ec2/launchTemplate:LaunchTemplate": ("instanceType",),
        "aws:ec2/spotFleetRequest:SpotFleetRequest": (),
        "aws:ec2/spotInstanceRequest:SpotInstanceRequest": ("instanceType",),
        "aws:eks/nodeGroup:NodeGroup": ("instanceTypes",),
    }
)
"""Types that start instances, with the properties that name what they start, besides nested ones."""
_TYPE = re.compile(r"[a-z0-9-]{2,16}\.[a-z0-9-]{2,16}")
"""What a type looks like: anything else could be a secret, and is not repeated."""
DEFAULT_TYPES = (
    "g4dn.xlarge", "g4dn.2xlarge", "g5.xlarge", "g5.2xlarge", "g6.xlarge", "g6.2xlarge", "gr6.4xlarge",
    "g6e.xlarge", "g6e.2xlarge", "t3.*", "t3a.*", "t4g.*",
)  # fmt: skip
"""One GPU each, and small instances for everything else."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the types that a resource names, and at requirements that leave them open."""
    allowed = tuple(settings["types"])
    yield from each((_named, _further, _required), lambda part: part(item, allowed))


def _named(item: Item, allowed: tuple[str, ...]) -> Iterator[Outcome]:
    for key in KEYS[item.type]:
        yield from each(item.props.values(key), lambda value: _type(value, allowed))


def _further(item: Item, allowed: tuple[str, ...]) -> Iterator[Outcome]:
    yield from each(_overrides(item), lambda value: _override(value.block(), allowed))


def _required(item: Item, allowed: tuple[str, ...]) -> Iterator[Outcome]:
    yield from _requirements(item.props, allowed)


def _overrides(item: Item) -> Iterator[Value]:
    """Yield the blocks in which a group or a fleet names further types."""
    if item.type == "aws:autoscaling/group:Group":
        yield from item.props.block("mixedInstancesPolicy").block("launchTemplate").block_values("overrides")
    if item.type in {"aws:ec2/fleet:Fleet", "aws:ec2/spotFleetRequest:SpotFleetRequest"}:
        for configuration in item.props.blocks("launchTemplateConfigs"):
            yield from configuration.block_values("overrides")
        yield from item.props.block_values("launchSpecifications")


def _override(block: Block, allowed: tuple[str, ...]) -> Iterator[Outcome]:
    value = block.get("instanceType")
    if value is not None:
        yield from _type(value, allowed)
    yield from _requirements(block, allowed)


def _type(value: Value, allowed: tuple[str, ...]) -> Iterator[Problem]:
    name = value.text()
    if not any(fnmatchcase(name, pattern) for pattern in allowed):
        told = f"the instance type {name}" if _TYPE.fullmatch(name) else "the instance type"
        yield Problem(value.path, f"{told} is not on the list")


def _requirements(block: Block, allowed: tuple[str, ...]) -> Iterator[Outcome]:
    """Refuse requirements that any type may meet: only a list of types says which ones can be started."""
    found = block.block("instanceRequirements")
    if not found.keys():
        return
    names = found.values("allowedInstanceTypes")
    if not names:
        yield Problem(found.at("allowedInstanceTypes"), "the requirements can be met by any type of any price")
    yield from each(names, lambda value: _type(value, allowed))


RULE = Rule(
    id="instance-type-allowed",
    area="cost",
    title="Only instance types of the team's list are started",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=tuple(KEYS),
    guards=(
        "instanceType",
        "instanceTypes",
        "instanceRequirements",
        "mixedInstancesPolicy",
        "launchTemplateConfigs",
        "launchSpecifications",
    ),
    check=check,
    rationale="Instance types differ in price by a factor of a thousand, and a selection by attributes takes whatever"
    " is to be had.",
    fix="Name types of the list, in `allowedInstanceTypes` where requirements are used. Whoever needs another one adds"
    " it to `types`.",
    parameters=(
        Parameter(
            "types", "texts", DEFAULT_TYPES, "Instance types that may be started; * stands for anything, as in t3.*."
        ),
    ),
)
