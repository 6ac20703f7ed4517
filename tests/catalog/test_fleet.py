"""Claim: a group costs what its peak of its dearest type costs, and a cap on its hours counts only when it stops it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from catalog.deployed import DeployedResource
from catalog.month import estimate, month
from catalog.pricing import Line, Unknown
from catalog.usage import Usage
from catalog.view import Case

GROUP, TEMPLATE = "aws:autoscaling/group:Group", "aws:ec2/launchTemplate:LaunchTemplate"
SCHEDULE, INSTANCE = "aws:autoscaling/schedule:Schedule", "aws:ec2/instance:Instance"
ALARM, TOPIC = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:sns/topic:Topic"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
REGION = "us-east-1"
DEAREST = Decimal("1.006")


def resource(kind: str, name: str = "r", /, **properties: Any) -> DeployedResource:
    return DeployedResource(kind, name, properties)


def group(maximum: Any, types: tuple[str, ...] = ("g6.xlarge", "g5.xlarge"), **more: Any) -> DeployedResource:
    overrides = [{"instanceType": kind} for kind in types]
    policy = {"launchTemplate": {"overrides": overrides}}
    return resource(GROUP, "pool", name="pool", **{"maxSize": maximum, "mixedInstancesPolicy": policy, **more})


def instances(case: Case, *resources: DeployedResource, usage: Usage | None = None) -> Line:
    (line,) = (line for line in month(case, resources, REGION, usage) if line.item.startswith("ec2."))
    return line


def peak(*resources: DeployedResource) -> Decimal:
    return instances(Case.WORST, *resources).quantity / 744


def test_the_worst_month_is_the_maximum_of_the_dearest_type_on_demand_for_744_hours() -> None:
    line = instances(Case.WORST, group(3))
    assert (line.quantity, line.high) == (Decimal(2232), 2232 * DEAREST)
    assert line.knob == "pool.maxSize"


def test_spot_lowers_the_lower_bound_only() -> None:
    distribution = {"onDemandPercentageAboveBaseCapacity": 0}
    policy = {**group(1).properties["mixedInstancesPolicy"], "instancesDistribution": distribution}
    line = instances(Case.WORST, group(1, mixedInstancesPolicy=policy))
    assert line.high == 744 * DEAREST
    assert line.low == 744 * Decimal("0.3816")


def test_the_expected_month_is_the_declared_share_between_rest_and_peak() -> None:
    line = instances(Case.EXPECTED, group(4, minSize=0), usage=Usage(expected_busy_share=Decimal("0.5")))
    assert line.quantity == 2 * 730
    assert instances(Case.IDLE, group(4, minSize=0)).quantity == 0


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"warmPool": {"maxGroupPreparedCapacity": 9}}, 9),
        ({"warmPool": {"maxGroupPreparedCapacity": 1}}, 4),
        ({"instanceMaintenancePolicy": {"minHealthyPercentage": 100, "maxHealthyPercentage": 150}}, 6),
        ({"instanceMaintenancePolicy": {"minHealthyPercentage": -1, "maxHealthyPercentage": -1}}, 4),
        ({"desiredCapacity": 7}, 7),
        ({"maxSize": "4"}, 4),
    ],
    ids=["warm pool", "small warm pool", "maintenance", "no maintenance", "desired above", "text"],
)
def test_what_else_brings_a_group_above_its_maximum(more: Mapping[str, Any], expected: int) -> None:
    assert peak(group(4, **{"maxSize": 4, **more})) == expected


def test_a_schedule_may_raise_the_maximum_and_lower_the_rest() -> None:
    night = resource(SCHEDULE, "night", autoscalingGroupName="pool", minSize=0, maxSize=0, desiredCapacity=0)
    day = resource(SCHEDULE, "day", autoscalingGroupName="pool", minSize=2, maxSize=8, desiredCapacity=2)
    assert peak(group(4), day) == 8
    assert instances(Case.WORST, group(4), day).knob == "day.maxSize"
    idle = instances(Case.IDLE, group(4, minSize=1), night)
    assert (idle.low, idle.quantity) == (Decimal(0), Decimal(730))
    unchanged = resource(SCHEDULE, "s", autoscalingGroupName="pool", minSize=-1, maxSize=-1, desiredCapacity=-1)
    assert peak(group(4), unchanged) == 4


def test_capacity_in_weights_is_counted_in_instances() -> None:
    overrides = [
        {"instanceType": "g6.xlarge", "weightedCapacity": "1"},
        {"instanceType": "g5.12xlarge", "weightedCapacity": "4"},
    ]
    policy = {"launchTemplate": {"overrides": overrides}}
    assert peak(group(8, mixedInstancesPolicy=policy)) == 8, "eight of the smallest"


def test_types_that_are_open_need_a_list_of_those_allowed() -> None:
    policy = {"launchTemplate": {"overrides": [{"instanceRequirements": {"vcpuCount": {"min": 4}}}]}}
    open_group = group(1, mixedInstancesPolicy=policy)
    assert isinstance(instances(Case.WORST, open_group).high, Unknown)
    bounded = instances(Case.WORST, open_group, usage=Usage(instance_types=("g6.xlarge", "g5.xlarge")))
    assert bounded.high == 744 * DEAREST
    listed = {"instanceRequirements": {"allowedInstanceTypes": ["g6.xlarge"]}}
    policy = {"launchTemplate": {"overrides": [listed]}}
    assert instances(Case.WORST, group(1, mixedInstancesPolicy=policy)).high == 744 * Decimal("0.8048")


def test_a_type_that_is_not_known_yet_is_bounded_by_those_allowed() -> None:
    later = resource(INSTANCE, "one", instanceType=Unknown("later"))
    assert isinstance(instances(Case.WORST, later).high, Unknown)
    assert instances(Case.WORST, later, usage=Usage(instance_types=("g6.xlarge",))).high == 744 * Decimal("0.8048")


def test_an_unknown_maximum_is_unknown() -> None:
    assert isinstance(instances(Case.WORST, group(Unknown("later"))).high, Unknown)


def test_a_single_instance_costs_its_type_its_volumes_and_its_address() -> None:
    one = resource(
        INSTANCE,
        "one",
        instanceType="g6.xlarge",
        associatePublicIpAddress=True,
        rootBlockDevice={"volumeType": "gp3", "volumeSize": 50, "iops": 4000, "throughput": 225},
    )
    found = {line.item: line.high for line in estimate([one], REGION).worst}
    assert found == {
        "ec2.g6.xlarge": 744 * Decimal("0.8048"),
        "ebs.gp3-storage": Decimal(4),
        "ebs.gp3-iops-above-3000": Decimal(5),
        "ebs.gp3-throughput-above-125": Decimal(4),
        "vpc.public-ipv4": 744 * Decimal("0.005"),
    }


def stopping(
    threshold: int = 600, protocol: str = "lambda", metrics: tuple[str, ...] = ("GroupTotalInstances",), **more: Any
) -> list[DeployedResource]:
    """Return a group of five and an alarm on its instance minutes a day that calls a function."""
    alarm = {
        "metricName": "GroupTotalInstances",
        "dimensions": {"AutoScalingGroupName": "pool"},
        "statistic": "Sum",
        "period": 86400,
        "evaluationPeriods": 1,
        "comparisonOperator": "GreaterThanOrEqualToThreshold",
        "threshold": threshold,
        "alarmActions": ["arn:stop"],
    }
    return [
        group(5, enabledMetrics=list(metrics)),
        resource(ALARM, "hours", **{**alarm, **more}),
        resource(TOPIC, "stop", arn="arn:stop"),
        resource(SUBSCRIPTION, "s", topic="arn:stop", protocol=protocol),
    ]


def test_an_alarm_that_stops_the_group_caps_its_hours() -> None:
    line = instances(Case.WORST, *stopping())
    assert line.quantity == 10 * 31 + 5, "ten hours a day, and one more of all five until the stop takes hold"
    assert line.knob == "hours.threshold"


@pytest.mark.parametrize(
    "resources",
    [
        stopping(protocol="email"),
        stopping(metrics=()),
        stopping(statistic="Average"),
        stopping(actionsEnabled=False),
        stopping(dimensions={"AutoScalingGroupName": "another"}),
        stopping(comparisonOperator="LessThanThreshold"),
        stopping(alarmActions=[]),
        stopping(threshold=10_000_000),
    ],
    ids=["tells people", "not measured", "average", "off", "another group", "below", "no action", "above the maximum"],
)
def test_an_alarm_that_does_not_stop_the_group_caps_nothing(resources: list[DeployedResource]) -> None:
    assert instances(Case.WORST, *resources).quantity == 5 * 744
