"""Instances of a group are of the type, the market and the behaviour that the group's template and policy say.

Written for moto 5.2.5, whose `FakeAutoScalingGroup.replace_autoscaling_group_instances` launches instances without a
type when only the policy's overrides name one, buys none as spot, and forgets what a shutdown from inside does.
"""

from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup
from moto.ec2.models.instances import Instance

TARGET: tuple[type, str] = (FakeAutoScalingGroup, "replace_autoscaling_group_instances")
_launch = FakeAutoScalingGroup.replace_autoscaling_group_instances


def replacement(group: FakeAutoScalingGroup, count_needed: int, propagated_tags: dict[str, str]) -> None:
    """Launch instances, all of the first type of the overrides, as the strategy "prioritized" would."""
    before = {state.instance.id for state in group.instance_states}
    _launch(group, count_needed, propagated_tags)
    policy: dict[str, Any] = group.mixed_instances_policy or {}
    for state in group.instance_states:
        if state.instance.id not in before:
            _complete(state.instance, group, policy)
            state.instance_type = state.instance.instance_type


def _complete(instance: Instance, group: FakeAutoScalingGroup, policy: dict[str, Any]) -> None:
    overrides = policy.get("LaunchTemplate", {}).get("Overrides") or [{}]
    instance.instance_type = overrides[0].get("InstanceType") or instance.instance_type
    distribution = policy.get("InstancesDistribution", {})
    if int(distribution.get("OnDemandPercentageAboveBaseCapacity", 100)) == 0:
        instance.lifecycle = "spot"
    template = group.ec2_launch_template
    if template is not None:
        data = template.get_version(group.launch_template_version).data
        behaviour = data.get("InstanceInitiatedShutdownBehavior")
        instance.instance_initiated_shutdown_behavior = behaviour or instance.instance_initiated_shutdown_behavior
