"""Samples of launch templates: what the nodes of the pool are made of."""

import base64
from typing import Any

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
IMAGE_ID = "ami-0123456789abcdef0"
PROFILE_ARN = "arn:aws:iam::123456789012:instance-profile/node"


def encoded(script: str) -> str:
    return base64.b64encode(script.encode()).decode()


def node(**changes: Any) -> Props:
    """The launch template of a hardened node, as the program writes it."""
    return {
        "description": "GPU node",
        "imageId": IMAGE_ID,
        "instanceType": "g5.xlarge",
        "userData": encoded("#!/bin/bash\necho hello"),
        "updateDefaultVersion": True,
        "ebsOptimized": "true",
        "instanceInitiatedShutdownBehavior": "terminate",
        "iamInstanceProfile": {"arn": PROFILE_ARN},
        "monitoring": {"enabled": False},
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [
            {
                "deviceName": "/dev/sda1",
                "ebs": {
                    "encrypted": "true",
                    "deleteOnTermination": "true",
                    "volumeType": "gp3",
                    "volumeSize": 60,
                    "throughput": 300,
                    "iops": 3000,
                },
            }
        ],
        "networkInterfaces": [
            {
                "deviceIndex": 0,
                "associatePublicIpAddress": "false",
                "deleteOnTermination": "true",
                "securityGroups": ["sg-0123456789abcdef0"],
            }
        ],
        "tagSpecifications": [
            {"resourceType": "instance", "tags": {"Name": "node", "owner": "platform"}},
            {"resourceType": "volume", "tags": {"Name": "node"}},
        ],
        "tags": {"Name": "pool"},
        **changes,
    }


def _weaken(world: World, template_id: str) -> None:
    client = world.client("ec2")
    found = client.describe_launch_template_versions(LaunchTemplateId=template_id, Versions=["$Latest"])
    data = found["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    data["MetadataOptions"]["HttpTokens"] = "optional"
    client.create_launch_template_version(LaunchTemplateId=template_id, LaunchTemplateData=data)


def _point_back(world: World, template_id: str) -> None:
    world.client("ec2").modify_launch_template(LaunchTemplateId=template_id, DefaultVersion="1")


SAMPLES = (
    Sample(
        TEMPLATE,
        lambda _: node(),
        update={"userData": encoded("#!/bin/bash\necho good day"), "description": None, "tags": {"Name": "nodes"}},
        replace={"name": "other"},
        drift=_weaken,
        drifted=frozenset({"metadataOptions"}),
    ),
    Sample(
        TEMPLATE,
        lambda _: {"instanceType": "g6.xlarge", "vpcSecurityGroupIds": ["sg-1", "sg-2"], "defaultVersion": 1},
        variant="fixed-default",
        update={"instanceType": "g5.xlarge", "defaultVersion": 2},
        drift=_point_back,
        drifted=frozenset({"defaultVersion"}),
    ),
)
