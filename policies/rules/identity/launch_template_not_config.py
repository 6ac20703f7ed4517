"""Groups of instances start from launch templates, not from launch configurations."""

from collections.abc import Iterator

from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
GROUP = "aws:autoscaling/group:Group"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look whether the resource is a launch configuration, or a group that starts from one."""
    del settings
    if item.type == CONFIGURATION:
        yield Problem("", "a launch configuration is made")
    elif item.props.has("launchConfiguration"):
        yield Problem("launchConfiguration", "the group starts from a launch configuration")


RULE = Rule(
    id="launch-template-not-config",
    area="identity",
    title="Groups start from launch templates",
    severity=Severity.LOW,
    levels=ALWAYS,
    types=(GROUP, CONFIGURATION),
    guards=("launchConfiguration",),
    check=check,
    rationale="Launch configurations get no new features, among them mixed instance types and tags of volumes.",
    fix="Use aws.ec2.LaunchTemplate, and launchTemplate or mixedInstancesPolicy on the group.",
    references={"checkov": ("CKV_AWS_315",), "fsbp": ("AutoScaling.9",)},
)
