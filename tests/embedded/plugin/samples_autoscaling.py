"""Samples of Auto Scaling: the pool of nodes, at zero."""

from typing import Any

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World
from tests.embedded.plugin.samples_ec2 import group as security_group
from tests.embedded.plugin.samples_ec2 import subnet, vpc
from tests.embedded.plugin.samples_launch_template import IMAGE_ID, TEMPLATE

GROUP = "aws:autoscaling/group:Group"
METRICS = ["GroupDesiredCapacity", "GroupInServiceInstances"]


def template(world: World, name: str = "node", **changes: Any) -> Props:
    """A launch template that can be launched as it is."""
    return world.make(TEMPLATE, name, **{"imageId": IMAGE_ID, "instanceType": "g5.xlarge", **changes})


def policy(made: Props, **distribution: Any) -> Props:
    return {
        "launchTemplate": {
            "launchTemplateSpecification": {
                "launchTemplateId": made["id"],
                "version": str(made["latestVersion"]),
            },
            "overrides": [{"instanceType": "g5.xlarge"}, {"instanceType": "g6.xlarge"}],
        },
        "instancesDistribution": {
            "onDemandBaseCapacity": 0,
            "onDemandPercentageAboveBaseCapacity": 0,
            "spotAllocationStrategy": "price-capacity-optimized",
            **distribution,
        },
    }


def tag(key: str, value: str, *, propagate: bool = True) -> Props:
    return {"key": key, "value": value, "propagateAtLaunch": propagate}


def pool(world: World, **changes: Any) -> Props:
    """The group as the program writes it: from zero nodes, without a desired capacity."""
    vpc_id = vpc(world)
    subnets = [subnet(world, vpc_id, number) for number in (2, 1)]
    made = template(world, vpcSecurityGroupIds=[security_group(world, vpc_id)])
    return {
        "minSize": 0,
        "maxSize": 2,
        "vpcZoneIdentifiers": subnets,
        "mixedInstancesPolicy": policy(made),
        "capacityRebalance": True,
        "enabledMetrics": METRICS,
        "waitForCapacityTimeout": "0",
        "healthCheckType": "EC2",
        "tags": [tag("owner", "platform"), tag("cost-centre", "4711"), tag("role", "node", propagate=False)],
        **changes,
    }


def _plain(world: World) -> Props:
    made = template(world)
    subnets = [subnet(world, vpc(world))]
    return {
        "minSize": 0,
        "maxSize": 1,
        "vpcZoneIdentifiers": subnets,
        "launchTemplate": {"id": made["id"], "version": "$Latest"},
        "desiredCapacity": 1,
        "terminationPolicies": ["OldestInstance"],
        "suspendedProcesses": ["AZRebalance"],
    }


def _grow(world: World, name: str) -> None:
    world.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=name, MaxSize=9)


SAMPLES = (
    Sample(
        GROUP,
        pool,
        update=lambda world: {
            "maxSize": 3,
            "mixedInstancesPolicy": policy(template(world, "newer"), onDemandBaseCapacity=1),
            "capacityRebalance": None,
            "enabledMetrics": ["GroupTotalInstances"],
            "tags": [tag("owner", "research"), tag("role", "node")],
            "maxInstanceLifetime": 86400,
        },
        replace={"name": "other"},
        drift=_grow,
        drifted=frozenset({"maxSize"}),
    ),
    Sample(
        GROUP,
        _plain,
        variant="one-node",
        update={
            "desiredCapacity": 0,
            "suspendedProcesses": ["ReplaceUnhealthy"],
            "terminationPolicies": None,
            "defaultCooldown": 60,
            "healthCheckGracePeriod": 900,
        },
        drift=lambda world, name: world.client("autoscaling").set_desired_capacity(
            AutoScalingGroupName=name, DesiredCapacity=1
        ),
        drifted=frozenset({"desiredCapacity"}),
    ),
)
