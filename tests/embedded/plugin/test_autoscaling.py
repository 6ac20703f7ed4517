"""Claim: a group takes only what Auto Scaling takes, and leaves nothing running when it goes."""

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from leanto.embedded.plugin.errors import RunCancelledError
from leanto.embedded.plugin.group_rules import duration_seconds
from leanto.embedded.plugin.lifecycle import Backend, State
from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.refusals import delete, failures, read, refused, update
from tests.embedded.plugin.sample import World
from tests.embedded.plugin.samples_autoscaling import GROUP, METRICS, policy, pool, tag, template
from tests.embedded.plugin.samples_ec2 import SUBNET, subnet, vpc
from tests.embedded.plugin.samples_launch_template import IMAGE_ID

PLAIN = {"minSize": 0, "maxSize": 2, "vpcZoneIdentifiers": ["subnet-1"], "launchTemplate": {"id": "lt-1"}}


def described(world: World, name: str) -> Any:
    found = world.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return (found["AutoScalingGroups"] or [None])[0]


def live_instances(world: World) -> list[str]:
    filters = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    reservations = world.client("ec2").describe_instances(Filters=filters)["Reservations"]
    return [instance["InstanceId"] for one in reservations for instance in one["Instances"]]


@pytest.fixture
def group(world: World) -> Any:
    """A pool at zero, deleted by force should a test leave it."""
    state = world.create(GROUP, pool(world))
    yield state
    if described(world, state.resource_id):
        world.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=state.resource_id, ForceDelete=True)


@pytest.mark.parametrize(
    ("changes", "key", "word"),
    [
        ({"minSize": 3}, "minSize", "above maxSize 2"),
        ({"desiredCapacity": 3}, "desiredCapacity", "above maxSize 2"),
        ({"minSize": 1, "desiredCapacity": 0}, "desiredCapacity", "below minSize 1"),
        ({"minSize": -1}, "minSize", "below 0"),
        ({"maxInstanceLifetime": 3600}, "maxInstanceLifetime", "86400"),
        ({"waitForCapacityTimeout": "ten minutes"}, "waitForCapacityTimeout", "10m"),
        ({"enabledMetrics": ["GroupSize"]}, "enabledMetrics", "GroupSize"),
        ({"suspendedProcesses": ["Sleep"]}, "suspendedProcesses", "Sleep"),
        ({"tags": [tag("a", "1"), tag("a", "2")]}, "tags", "more than once"),
        ({"tags": [{"key": "a", "value": "1"}]}, "tags", "propagateAtLaunch"),
        ({"mixedInstancesPolicy": {}}, "mixedInstancesPolicy", "launchTemplate"),
        ({"healthCheckType": "TCP"}, "healthCheckType", "EC2"),
        ({"warmPool": {"minSize": 1}}, "warmPool", "does not emulate"),
    ],
)
def test_what_auto_scaling_refuses_is_refused_before_anything_is_made(changes: Props, key: str, word: str) -> None:
    assert word in failures(GROUP, {**PLAIN, **changes})[key]


@pytest.mark.parametrize(
    ("broken", "word"),
    [
        ({"spotAllocationStrategy": "cheapest"}, "price-capacity-optimized"),
        ({"onDemandPercentageAboveBaseCapacity": 120}, "0 to 100"),
    ],
)
def test_a_distribution_that_aws_does_not_know_is_refused(broken: Props, word: str) -> None:
    inputs = {key: value for key, value in PLAIN.items() if key != "launchTemplate"}
    mixed = {
        "launchTemplate": {"launchTemplateSpecification": {"launchTemplateId": "lt-1"}},
        "instancesDistribution": broken,
    }
    assert word in failures(GROUP, {**inputs, "mixedInstancesPolicy": mixed})["mixedInstancesPolicy"]


@pytest.mark.parametrize(
    ("weights", "word"), [(["1", None], "for all or for none"), (["0", "1"], "1 to 999"), (["1", "1000"], "1 to 999")]
)
def test_weights_are_whole_and_for_all_types_or_none(weights: list[str | None], word: str) -> None:
    overrides = [
        {"instanceType": "g5.xlarge", **({"weightedCapacity": weight} if weight else {})} for weight in weights
    ]
    mixed = {"launchTemplate": {"launchTemplateSpecification": {"launchTemplateId": "lt-1"}, "overrides": overrides}}
    inputs = {**PLAIN, "mixedInstancesPolicy": mixed}
    del inputs["launchTemplate"]
    assert word in failures(GROUP, inputs)["mixedInstancesPolicy"]


def test_a_group_that_exists_is_not_overwritten(world: World, group: State) -> None:
    with refused("AlreadyExists", group.resource_id):
        world.create(GROUP, {**pool(world), "name": group.resource_id, "maxSize": 9})
    assert described(world, group.resource_id)["MaxSize"] == 2


def test_a_launch_template_that_cannot_be_launched_is_refused(world: World) -> None:
    """Moto makes the group and fails at the first launch, or never."""
    subnets = [subnet(world, vpc(world))]
    base = {"minSize": 0, "maxSize": 1, "vpcZoneIdentifiers": subnets, "waitForCapacityTimeout": "0"}
    made = template(world)
    unusable = "valid fully-formed launch template"
    for specification, word in (
        ({"id": made["id"], "version": "9"}, "9"),
        ({"id": "lt-0123456789abcdef0"}, "lt-0123456789abcdef0"),
        ({"id": template(world, "type", instanceType="g5.tiny")["id"]}, "g5.tiny"),
        ({"id": template(world, "group", vpcSecurityGroupIds=["sg-404"])["id"]}, "sg-404"),
        ({"id": template(world, "profile", iamInstanceProfile={"name": "nobody"})["id"]}, "nobody"),
    ):
        with refused("ValidationError", unusable, word):
            world.create(GROUP, {**base, "launchTemplate": specification})
    assert world.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_group_needs_exactly_one_source_of_instances(world: World) -> None:
    with refused("MissingParameter", "launchTemplate", "mixedInstancesPolicy"):
        world.create(GROUP, {"minSize": 0, "maxSize": 1, "vpcZoneIdentifiers": [subnet(world, vpc(world))]})


def test_the_scaler_owns_the_desired_capacity_when_the_program_leaves_it_out(world: World, group: State) -> None:
    world.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group.resource_id, DesiredCapacity=1)
    seen = read(world, GROUP, group)
    assert seen is not None
    assert seen.outputs["desiredCapacity"] == 1
    assert seen.inputs == group.inputs


def test_tags_are_the_groups_own_without_default_tags_and_reach_instances_as_said(world: World, group: State) -> None:
    assert "tagsAll" not in group.outputs
    assert [one["key"] for one in group.outputs["tags"]] == ["cost-centre", "owner", "role"]
    world.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group.resource_id, DesiredCapacity=1)
    instance_id = described(world, group.resource_id)["Instances"][0]["InstanceId"]
    found = world.client("ec2").describe_tags(Filters=[{"Name": "resource-id", "Values": [instance_id]}])["Tags"]
    own = {one["Key"]: one["Value"] for one in found if not one["Key"].startswith("aws:")}
    assert own == {"owner": "platform", "cost-centre": "4711"}


def test_drift_of_tags_and_metrics_shows(world: World, group: State) -> None:
    client, name = world.client("autoscaling"), group.resource_id
    client.create_or_update_tags(
        Tags=[
            {
                "Key": "owner",
                "Value": "x",
                "PropagateAtLaunch": True,
                "ResourceId": name,
                "ResourceType": "auto-scaling-group",
            }
        ]
    )
    client.enable_metrics_collection(AutoScalingGroupName=name, Granularity="1Minute", Metrics=METRICS[:1])
    seen = read(world, GROUP, group)
    assert seen is not None
    assert {key for key in seen.inputs if seen.inputs[key] != group.inputs[key]} == {"tags", "enabledMetrics"}


def test_metrics_can_be_stopped_although_moto_has_no_call_for_it(world: World, group: State) -> None:
    state = update(world, GROUP, group, enabledMetrics=None)
    assert described(world, state.resource_id)["EnabledMetrics"] == []


def test_what_moto_does_not_update_is_kept_and_read_back(world: World, group: State) -> None:
    state = update(
        world, GROUP, group, capacityRebalance=False, defaultCooldown=45, terminationPolicies=["OldestInstance"]
    )
    seen = read(world, GROUP, state)
    assert seen is not None
    found = {key: seen.outputs[key] for key in ("capacityRebalance", "defaultCooldown", "terminationPolicies")}
    assert found == {"capacityRebalance": False, "defaultCooldown": 45, "terminationPolicies": ["OldestInstance"]}


def test_a_group_with_protected_instances_is_drained_before_it_is_deleted(world: World) -> None:
    """Without forceDelete the official provider empties the group first, protection or not; moto just drops it."""
    state = world.create(GROUP, pool(world, minSize=1, protectFromScaleIn=True))
    assert len(live_instances(world)) == 1
    delete(world, GROUP, state)
    assert described(world, state.resource_id) is None
    assert live_instances(world) == []


def test_a_forced_deletion_takes_the_instances_along(world: World) -> None:
    state = world.create(GROUP, pool(world, minSize=2, forceDelete=True))
    delete(world, GROUP, state)
    assert live_instances(world) == []


def test_a_drain_that_does_not_end_is_refused_as_aws_does(
    world: World, group: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leanto.embedded.plugin.group_calls.DRAIN_SECONDS", 0)
    monkeypatch.setattr("leanto.embedded.plugin.group_calls.describe", lambda ctx, name: {**_stuck(name)})
    with refused("ResourceInUse", "forceDelete"):
        delete(world, GROUP, group)


def _stuck(name: str) -> Props:
    return {"AutoScalingGroupName": name, "Instances": [{"InstanceId": "i-1", "ProtectedFromScaleIn": False}]}


def test_a_cancelled_run_does_not_wait_for_capacity(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled = threading.Event()
    backend: Backend = replace(world.backend, cancelled=cancelled)
    context = backend.context(world.configuration)
    monkeypatch.setattr("leanto.embedded.plugin.group_calls.describe", lambda ctx, name: {"DesiredCapacity": 1})
    from leanto.embedded.plugin import group_calls

    threading.Timer(0.3, cancelled.set).start()
    begun = time.monotonic()
    with pytest.raises(RunCancelledError):
        group_calls.await_capacity(context, "pool", 60, exactly=False)
    assert time.monotonic() - begun < 5


def test_a_subnet_with_instances_cannot_be_deleted(world: World) -> None:
    subnets = [world.make(SUBNET, vpcId=vpc(world), cidrBlock="10.20.1.0/24", availabilityZone="eu-west-1a")]
    inputs = {"minSize": 1, "maxSize": 1, "vpcZoneIdentifiers": [subnets[0]["id"]]}
    state = world.create(GROUP, {**inputs, "launchTemplate": {"id": template(world)["id"]}})
    with refused("DependencyViolation", str(subnets[0]["id"])):
        delete(world, SUBNET, subnets[0])
    delete(world, GROUP, state)


def test_an_instance_refresh_replaces_the_instances_when_the_template_changes(world: World) -> None:
    refresh = {"strategy": "Rolling", "triggers": ["tags"]}
    state = world.create(GROUP, pool(world, minSize=1, instanceRefresh=refresh))
    before = live_instances(world)
    state = update(world, GROUP, state, maxSize=3)
    assert live_instances(world) == before
    state = update(world, GROUP, state, mixedInstancesPolicy=policy(template(world, "newer")))
    between = live_instances(world)
    assert len(between) == 1
    assert between != before
    state = update(world, GROUP, state, tags=[tag("owner", "research")])
    assert live_instances(world) != between
    delete(world, GROUP, state)


def test_a_group_moves_between_one_template_and_a_mixed_policy(world: World, group: State) -> None:
    plain = update(world, GROUP, group, mixedInstancesPolicy=None, launchTemplate={"id": template(world, "one")["id"]})
    assert "mixedInstancesPolicy" not in plain.outputs
    mixed = update(world, GROUP, plain, launchTemplate=None, mixedInstancesPolicy=policy(template(world, "two")))
    assert "launchTemplate" not in mixed.outputs


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("10m", 600), ("1h30m", 5400), ("90s", 90), ("1.5m", 90), ("10", None), ("", None)]
)
def test_durations_are_read_as_go_writes_them(text: str, seconds: float | None) -> None:
    assert duration_seconds(text) == seconds


def test_the_image_is_the_templates(world: World) -> None:
    state = world.create(GROUP, pool(world, minSize=1))
    found = world.client("ec2").describe_instances(InstanceIds=live_instances(world))["Reservations"][0]["Instances"]
    delete(world, GROUP, state)
    assert found[0]["ImageId"] == IMAGE_ID
