"""A change of a group's sizes leaves what it launches alone.

Written for moto 5.2.5, whose `FakeAutoScalingGroup.update` forgets the mixed instances policy of a group whenever a
request does not repeat it: bringing a pool to zero would change what it launches afterwards.
"""

import copy
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup

TARGET: tuple[type, str] = (FakeAutoScalingGroup, "update")
_update = FakeAutoScalingGroup.update


def replacement(
    group: FakeAutoScalingGroup,
    availability_zones: list[str],
    desired_capacity: int | None,
    max_size: int | None,
    min_size: int | None,
    launch_config_name: str,
    launch_template: dict[str, Any],
    vpc_zone_identifier: str,
    health_check_period: int,
    health_check_type: str,
    new_instances_protected_from_scale_in: bool | None = None,
    mixed_instances_policy: dict[str, Any] | None = None,
) -> None:
    """Update the group; without a new source of instances it keeps the policy that it has."""
    replaced = launch_config_name or launch_template or mixed_instances_policy
    _update(
        group,
        availability_zones,
        desired_capacity,
        max_size,
        min_size,
        launch_config_name,
        launch_template,
        vpc_zone_identifier,
        health_check_period,
        health_check_type,
        new_instances_protected_from_scale_in,
        mixed_instances_policy if replaced else _present(group),
    )


def _present(group: FakeAutoScalingGroup) -> dict[str, Any] | None:
    """Return the policy as a request may hold it: moto has added the name of the launch template to its id."""
    policy = copy.deepcopy(group.mixed_instances_policy)
    if policy:
        specification = policy["LaunchTemplate"]["LaunchTemplateSpecification"]
        if "LaunchTemplateId" in specification:
            specification.pop("LaunchTemplateName", None)
    return policy
