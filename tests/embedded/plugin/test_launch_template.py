"""Claim: launch templates keep what a node must have, in versions, and take nothing that EC2 refuses."""

import base64
import re

import pytest

from leanto.embedded.plugin import lifecycle
from leanto.embedded.plugin.registry import resource_of
from leanto.embedded.plugin.resource import Props
from leanto.embedded.plugin.values import UNKNOWN
from tests.embedded.plugin.refusals import delete, failures, read, update
from tests.embedded.plugin.sample import World
from tests.embedded.plugin.samples_launch_template import TEMPLATE, encoded, node


@pytest.mark.parametrize(
    ("inputs", "key", "word"),
    [
        ({"imageId": "ami-latest"}, "imageId", "8 or 17"),
        ({"userData": "#!/bin/bash"}, "userData", "base64"),
        ({"userData": encoded("x" * 16385)}, "userData", "16384"),
        ({"name": "a"}, "name", "3 to 128"),
        ({"defaultVersion": 1, "updateDefaultVersion": True}, "updateDefaultVersion", "exactly one"),
        ({"metadataOptions": {"httpTokens": "mandatory"}}, "metadataOptions", "required"),
        ({"metadataOptions": {"httpPutResponseHopLimit": 65}}, "metadataOptions", "1 to 64"),
        ({"blockDeviceMappings": [{"ebs": {"volumeType": "gp9"}}]}, "blockDeviceMappings", "gp3"),
        (
            {"blockDeviceMappings": [{"ebs": {"volumeType": "gp2", "throughput": 300}}]},
            "blockDeviceMappings",
            "gp3 only",
        ),
        ({"blockDeviceMappings": [{"ebs": {"volumeType": "gp3", "throughput": 50}}]}, "blockDeviceMappings", "125"),
        ({"instanceInitiatedShutdownBehavior": "sleep"}, "instanceInitiatedShutdownBehavior", "terminate"),
        (
            {"networkInterfaces": [{"deviceIndex": 0}], "vpcSecurityGroupIds": ["sg-1"]},
            "vpcSecurityGroupIds",
            "securityGroups",
        ),
        ({"instanceRequirements": {"memoryMib": {"min": 1}}}, "instanceRequirements", "does not emulate"),
    ],
)
def test_what_ec2_or_the_box_refuses_is_refused_before_anything_is_made(inputs: Props, key: str, word: str) -> None:
    assert word in failures(TEMPLATE, inputs)[key]


def test_user_data_may_be_as_long_as_ec2_allows() -> None:
    assert failures(TEMPLATE, {"userData": encoded("x" * 16384)}) == {}


def test_the_security_of_a_node_reaches_ec2_as_written(world: World) -> None:
    made = world.make(TEMPLATE, **node())
    found = world.client("ec2").describe_launch_template_versions(LaunchTemplateId=made["id"], Versions=["$Default"])
    data = found["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert re.fullmatch("basis-[0-9a-f]{7}", made["name"])
    assert data["MetadataOptions"] == {
        "HttpEndpoint": "enabled",
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 1,
    }
    assert data["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True
    assert data["NetworkInterfaces"][0]["AssociatePublicIpAddress"] is False
    assert data["NetworkInterfaces"][0]["Groups"] == ["sg-0123456789abcdef0"]
    assert data["EbsOptimized"] is True
    assert base64.b64decode(data["UserData"]).startswith(b"#!/bin/bash")


def test_each_change_makes_a_version_that_becomes_the_default_when_the_program_says_so(world: World) -> None:
    state = world.create(TEMPLATE, node())
    assert (state.outputs["latestVersion"], state.outputs["defaultVersion"]) == (1, 1)
    second = update(world, TEMPLATE, state, instanceType="g6.xlarge")
    assert (second.outputs["latestVersion"], second.outputs["defaultVersion"]) == (2, 2)
    assert second.outputs["metadataOptions"] == state.outputs["metadataOptions"], "a version holds everything"
    tagged = update(world, TEMPLATE, second, tags={"Name": "other"})
    assert tagged.outputs["latestVersion"] == 2
    assert tagged.outputs["tagsAll"]["Name"] == "other"
    delete(world, TEMPLATE, tagged)


def test_the_default_stays_when_the_program_does_not_move_it(world: World) -> None:
    state = world.create(TEMPLATE, node(updateDefaultVersion=None))
    second = update(world, TEMPLATE, state, instanceType="g6.xlarge")
    assert (second.outputs["latestVersion"], second.outputs["defaultVersion"]) == (2, 1)
    delete(world, TEMPLATE, second)


def test_a_preview_does_not_know_the_version_that_an_update_will_make() -> None:
    resource = resource_of(TEMPLATE)
    olds = {"name": "node", "instanceType": "g5.xlarge"}
    outputs = {**olds, "latestVersion": 1, "defaultVersion": 1}
    planned = lifecycle.preview_update(resource, olds, {**olds, "instanceType": "g6.xlarge"}, outputs)
    assert planned["latestVersion"] is UNKNOWN
    planned = lifecycle.preview_update(resource, olds, {**olds, "tags": {"a": "b"}}, outputs)
    assert planned["latestVersion"] == 1


def test_a_default_version_that_somebody_moves_shows(world: World) -> None:
    state = update(world, TEMPLATE, world.create(TEMPLATE, node()), instanceType="g6.xlarge")
    world.client("ec2").modify_launch_template(LaunchTemplateId=state.resource_id, DefaultVersion="1")
    seen = read(world, TEMPLATE, state)
    assert seen is not None
    assert seen.outputs["defaultVersion"] == 1
    delete(world, TEMPLATE, state)


def test_a_name_that_is_taken_is_refused(world: World) -> None:
    world.make(TEMPLATE, name="taken", instanceType="g5.xlarge")
    with pytest.raises(Exception, match="AlreadyExists"):
        world.create(TEMPLATE, {"name": "taken", "instanceType": "g5.xlarge"})


def test_a_field_that_ec2_does_not_know_is_refused_by_name(world: World) -> None:
    with pytest.raises(Exception, match="HttpTokenz"):
        world.create(TEMPLATE, {"metadataOptions": {"httpTokenz": "required"}})


def test_a_default_version_that_does_not_exist_is_refused(world: World) -> None:
    state = world.create(TEMPLATE, {"instanceType": "g5.xlarge", "defaultVersion": 1})
    with pytest.raises(Exception, match="VersionNotFound"):
        update(world, TEMPLATE, state, defaultVersion=9)
    delete(world, TEMPLATE, state)
