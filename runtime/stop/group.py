"""The GPU pool's Auto Scaling group as the stop function sees it."""

from dataclasses import dataclass

from runtime.aws import Aws
from runtime.errors import SafeError

API_VERSION = "2011-01-01"
STACK_TAG = "leanto:stack"


class ForeignGroupError(SafeError):
    """The group does not belong to this stack."""


@dataclass(frozen=True)
class Group:
    """A group's size and the stack that its tag names."""

    name: str
    minimum: int
    maximum: int
    desired: int
    stack: str

    @property
    def is_empty(self) -> bool:
        """Whether the group is held at zero already."""
        return (self.minimum, self.maximum, self.desired) == (0, 0, 0)


async def find_group(aws: Aws, name: str) -> Group | None:
    """Return the group of that name, or None when there is none; raises AwsError."""
    answer = await aws.query(
        "autoscaling", API_VERSION, "DescribeAutoScalingGroups", {"AutoScalingGroupNames.member.1": name}
    )
    member = answer.find(".//AutoScalingGroups/member")
    if member is None:
        return None
    tags = {tag.findtext("Key"): tag.findtext("Value") or "" for tag in member.iterfind("Tags/member")}
    sizes = {field: int(member.findtext(field) or 0) for field in ("MinSize", "MaxSize", "DesiredCapacity")}
    return Group(name, sizes["MinSize"], sizes["MaxSize"], sizes["DesiredCapacity"], tags.get(STACK_TAG, ""))


async def set_to_zero(aws: Aws, name: str, *, stack: str, dry_run: bool) -> str:
    """Set a group's minimum, maximum and desired size to zero; returns what was done.

    Raises ForeignGroupError unless the group's tag `leanto:stack` names `stack`; raises AwsError.
    """
    group = await find_group(aws, name)
    if group is None:
        return "absent"
    if group.stack != stack:
        raise ForeignGroupError(
            f"the group {name} has the tag {STACK_TAG}={group.stack or '(none)'}, not {stack}; it is left as it is"
        )
    if group.is_empty:
        return "already at zero"
    if dry_run:
        return f"would go from {group.desired} (maximum {group.maximum}) to zero"
    sizes = {"MinSize": "0", "MaxSize": "0", "DesiredCapacity": "0"}
    await aws.query("autoscaling", API_VERSION, "UpdateAutoScalingGroup", {"AutoScalingGroupName": name, **sizes})
    return f"set from {group.desired} (maximum {group.maximum}) to zero"
