"""Claim: an Auto Scaling group goes on launching what it was told to, whatever else changes."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from leanto.embedded.aws import AwsServer
from tests.embedded.aws.conftest import REGION, Connect

NAME = "pool"


@pytest.fixture
def template_id(client: Connect) -> Iterator[str]:
    ec2 = client("ec2")
    volume = {"VolumeSize": 60, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    data = {
        "ImageId": "ami-0123456789abcdef0",
        "UserData": base64.b64encode(b"one").decode(),
        "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": volume}],
    }
    made = ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData=data)["LaunchTemplate"]
    data |= {"UserData": base64.b64encode(b"two").decode(), "InstanceInitiatedShutdownBehavior": "terminate"}
    ec2.create_launch_template_version(LaunchTemplateId=made["LaunchTemplateId"], LaunchTemplateData=data)
    yield made["LaunchTemplateId"]
    ec2.delete_launch_template(LaunchTemplateId=made["LaunchTemplateId"])


@pytest.fixture
def policy(template_id: str) -> dict[str, Any]:
    specification = {"LaunchTemplateId": template_id, "Version": "2"}
    overrides = [{"InstanceType": "g6.xlarge"}, {"InstanceType": "g5.xlarge"}]
    spot = {"OnDemandPercentageAboveBaseCapacity": 0}
    template = {"LaunchTemplateSpecification": specification, "Overrides": overrides}
    return {"LaunchTemplate": template, "InstancesDistribution": spot}


@pytest.fixture
def scaling(client: Connect, policy: dict[str, Any]) -> Iterator[Any]:
    """A client of Auto Scaling, with a group at zero."""
    found = client("autoscaling")
    found.create_auto_scaling_group(
        AutoScalingGroupName=NAME,
        MinSize=0,
        MaxSize=2,
        AvailabilityZones=[f"{REGION}a"],
        MixedInstancesPolicy=policy,
    )
    yield found
    found.delete_auto_scaling_group(AutoScalingGroupName=NAME, ForceDelete=True)


def group(scaling: Any) -> dict[str, Any]:
    found: dict[str, Any] = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"][0]
    return found


def test_a_change_of_sizes_keeps_the_mixed_instances_policy(scaling: Any) -> None:
    before = group(scaling)["MixedInstancesPolicy"]
    scaling.update_auto_scaling_group(AutoScalingGroupName=NAME, MinSize=0, MaxSize=0, DesiredCapacity=0)
    assert group(scaling)["MixedInstancesPolicy"] == before
    assert group(scaling)["MaxSize"] == 0


def test_a_new_source_of_instances_still_takes_the_place_of_the_policy(scaling: Any, template_id: str) -> None:
    template = {"LaunchTemplateId": template_id, "Version": "1"}
    scaling.update_auto_scaling_group(AutoScalingGroupName=NAME, LaunchTemplate=template)
    assert "MixedInstancesPolicy" not in group(scaling)
    assert group(scaling)["LaunchTemplate"]["Version"] == "1"


def test_a_later_version_of_a_template_can_be_launched_with_its_own_user_data(scaling: Any, client: Connect) -> None:
    scaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=1)
    instance_id = group(scaling)["Instances"][0]["InstanceId"]
    found = client("ec2").describe_instance_attribute(InstanceId=instance_id, Attribute="userData")
    assert base64.b64decode(found["UserData"]["Value"]) == b"two"


def test_an_instance_is_of_the_first_type_and_the_market_of_the_policy(
    scaling: Any, client: Connect, aws: AwsServer
) -> None:
    scaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=1)
    (listed,) = group(scaling)["Instances"]
    reservations = client("ec2").describe_instances(InstanceIds=[listed["InstanceId"]])["Reservations"]
    (found,) = reservations[0]["Instances"]
    assert (listed["InstanceType"], found["InstanceType"], found["InstanceLifecycle"]) == ("g6.xlarge",) * 2 + ("spot",)
    (running,) = aws.running_instances(REGION)
    assert (running.id, running.type, running.market) == (listed["InstanceId"], "g6.xlarge", "spot")
    assert (running.user_data, running.address) == ("two", found["PrivateIpAddress"])
    assert running.ends_with_shutdown


def test_an_instance_that_ends_itself_is_replaced_only_where_that_is_not_suspended(
    scaling: Any, client: Connect
) -> None:
    scaling.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["ReplaceUnhealthy"])
    scaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=1)
    first = group(scaling)["Instances"][0]["InstanceId"]
    client("ec2").terminate_instances(InstanceIds=[first])
    assert [(one["InstanceId"], one["HealthStatus"]) for one in group(scaling)["Instances"]] == [(first, "Unhealthy")]
    scaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=0)
    assert group(scaling)["Instances"] == []
    scaling.resume_processes(AutoScalingGroupName=NAME, ScalingProcesses=["ReplaceUnhealthy"])
    scaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=1)
    second = group(scaling)["Instances"][0]["InstanceId"]
    client("ec2").terminate_instances(InstanceIds=[second])
    (third,) = group(scaling)["Instances"]
    assert third["InstanceId"] not in {first, second}


def test_user_data_that_is_no_base64_is_refused_in_a_later_version_too(client: Connect, template_id: str) -> None:
    with pytest.raises(Exception, match=r"InvalidUserData\.Malformed"):
        client("ec2").create_launch_template_version(
            LaunchTemplateId=template_id, LaunchTemplateData={"UserData": "not base64!"}
        )


def test_an_instance_that_the_group_loses_leaves_nothing(scaling: Any, client: Connect) -> None:
    scaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=2)
    scaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=0)
    assert client("ec2").describe_volumes()["Volumes"] == []
    assert client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []


def test_a_volume_that_is_told_to_outlive_its_instance_does(scaling: Any, client: Connect, template_id: str) -> None:
    ec2 = client("ec2")
    volume = {"VolumeSize": 20, "DeleteOnTermination": False}
    data = {"ImageId": "ami-0123456789abcdef0", "BlockDeviceMappings": [{"DeviceName": "/dev/sdb", "Ebs": volume}]}
    ec2.create_launch_template_version(LaunchTemplateId=template_id, LaunchTemplateData=data)
    ec2.modify_launch_template(LaunchTemplateId=template_id, DefaultVersion="3")
    made = ec2.run_instances(LaunchTemplate={"LaunchTemplateId": template_id}, MinCount=1, MaxCount=1)
    ec2.terminate_instances(InstanceIds=[made["Instances"][0]["InstanceId"]])
    (found,) = ec2.describe_volumes()["Volumes"]
    assert (found["Size"], found["State"]) == (20, "available")
    ec2.delete_volume(VolumeId=found["VolumeId"])
