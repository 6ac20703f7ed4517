"""Claim: the network takes only what EC2 takes, changes as EC2 changes it, and goes when it is not in use."""

import re
from typing import Any

import pytest

from leanto.embedded.plugin.difference import difference
from leanto.embedded.plugin.registry import resource_of
from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.refusals import delete, failures, read, refused, update
from tests.embedded.plugin.sample import World
from tests.embedded.plugin.samples_ec2 import (
    ASSOCIATION,
    BUCKET_ARN,
    DEFAULT_GROUP,
    EGRESS,
    ENDPOINT,
    FLOW_LOG,
    GROUP,
    INGRESS,
    ROUTE_TABLE,
    S3,
    SUBNET,
    VPC,
    bucket,
    group,
    prefix_list,
    route_table,
    subnet,
    vpc,
)

RULE = {"securityGroupId": "sg-1", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
LOG = {"vpcId": "vpc-1", "trafficType": "ALL", "logDestinationType": "s3", "logDestination": BUCKET_ARN}


@pytest.mark.parametrize(
    ("token", "inputs", "key", "word"),
    [
        (VPC, {"cidrBlock": "10.0.0.1/16"}, "cidrBlock", "host bits"),
        (VPC, {"cidrBlock": "10.0.0.0/8"}, "cidrBlock", "/16 to /28"),
        (VPC, {}, "cidrBlock", "set it"),
        (VPC, {"cidrBlock": "10.0.0.0/16", "instanceTenancy": "dedicated"}, "instanceTenancy", "'default' only"),
        (VPC, {"cidrBlock": "10.0.0.0/16", "ipv4IpamPoolId": "ipam-1"}, "ipv4IpamPoolId", "does not emulate"),
        (SUBNET, {"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/29"}, "cidrBlock", "/16 to /28"),
        (
            SUBNET,
            {"vpcId": "v", "cidrBlock": "10.0.0.0/24", "availabilityZone": "us-east-1a"},
            "availabilityZone",
            "eu-west-1",
        ),
        (
            ROUTE_TABLE,
            {"vpcId": "vpc-1", "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]},
            "routes",
            "[] only",
        ),
        (ENDPOINT, {"vpcId": "v", "serviceName": "com.amazonaws.us-east-1.s3"}, "serviceName", "eu-west-1.s3"),
        (ENDPOINT, {"vpcId": "v", "serviceName": "com.amazonaws.eu-west-1.ssm"}, "serviceName", "dynamodb"),
        (
            ENDPOINT,
            {"vpcId": "v", "serviceName": S3, "vpcEndpointType": "Interface"},
            "vpcEndpointType",
            "'Gateway' only",
        ),
        (FLOW_LOG, {**LOG, "trafficType": "DROP"}, "trafficType", "REJECT"),
        (FLOW_LOG, {**LOG, "maxAggregationInterval": 300}, "maxAggregationInterval", "60, 600"),
        (FLOW_LOG, {**LOG, "subnetId": "subnet-1"}, "subnetId", "exactly one"),
        (FLOW_LOG, {key: LOG[key] for key in LOG if key != "logDestinationType"}, "logDestinationType", "'s3' only"),
        (GROUP, {"vpcId": "vpc-1", "name": "sg-nodes"}, "name", "'sg-'"),
        (GROUP, {"vpcId": "vpc-1", "ingress": [{"protocol": "-1"}]}, "ingress", "[] only"),
        (INGRESS, {**RULE, "cidrIpv4": "10.0.0.1/8"}, "cidrIpv4", "host bits"),
        (INGRESS, {**RULE, "cidrIpv4": "10.0.0.0/8", "prefixListId": "pl-1"}, "prefixListId", "exactly one"),
        (INGRESS, {**RULE, "fromPort": 500, "cidrIpv4": "10.0.0.0/8"}, "toPort", "below fromPort 500"),
        (EGRESS, {**RULE, "toPort": 70000, "cidrIpv4": "10.0.0.0/8"}, "toPort", "65535"),
        (EGRESS, {**RULE, "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"}, "fromPort", "all ports"),
    ],
)
def test_what_ec2_or_the_box_refuses_is_refused_before_anything_is_made(
    token: str, inputs: Props, key: str, word: str
) -> None:
    assert word in failures(token, inputs)[key]


def test_a_vpc_names_what_aws_made_along_with_it(world: World) -> None:
    made = world.make(VPC, cidrBlock="10.20.0.0/16")
    client, filters = world.client("ec2"), [{"Name": "vpc-id", "Values": [made["id"]]}]
    assert (
        made["defaultSecurityGroupId"]
        == client.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
    )
    assert made["mainRouteTableId"] == client.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]
    assert (
        made["defaultNetworkAclId"] == client.describe_network_acls(Filters=filters)["NetworkAcls"][0]["NetworkAclId"]
    )
    assert made["arn"] == f"arn:aws:ec2:eu-west-1:{world.backend.account_id}:vpc/{made['id']}"


def test_a_vpc_with_something_in_it_cannot_be_deleted(world: World) -> None:
    made = world.make(VPC, cidrBlock="10.20.0.0/16")
    subnet(world, str(made["id"]))
    with pytest.raises(Exception, match="DependencyViolation"):
        delete(world, VPC, made)


def test_a_subnet_has_one_route_table(world: World) -> None:
    """Moto answers a second association with the first one."""
    vpc_id = vpc(world)
    inputs = {"subnetId": subnet(world, vpc_id), "routeTableId": route_table(world, vpc_id)}
    state = world.create(ASSOCIATION, inputs)
    assert state.resource_id.startswith("rtbassoc-")
    with refused("Resource.AlreadyAssociated", state.resource_id):
        world.create(ASSOCIATION, {**inputs, "routeTableId": route_table(world, vpc_id)})
    delete(world, ASSOCIATION, state)


def test_a_route_table_of_another_network_is_refused(world: World) -> None:
    with refused("InvalidParameterValue", "different networks"):
        world.create(
            ASSOCIATION, {"subnetId": subnet(world, vpc(world)), "routeTableId": route_table(world, vpc(world))}
        )


def test_an_association_keeps_its_id_when_its_route_table_changes(world: World) -> None:
    """The official provider changes it in place, while the association gets a new id in moto as in AWS."""
    vpc_id = vpc(world)
    state = world.create(ASSOCIATION, {"subnetId": subnet(world, vpc_id), "routeTableId": route_table(world, vpc_id)})
    other = route_table(world, vpc_id)
    changed = update(world, ASSOCIATION, state, routeTableId=other)
    assert changed.resource_id == state.resource_id
    assert changed.outputs["routeTableId"] == other
    delete(world, ASSOCIATION, changed)
    assert read(world, ASSOCIATION, changed) is None


def test_a_route_that_somebody_adds_shows_and_goes_with_the_next_update(world: World) -> None:
    client, vpc_id = world.client("ec2"), vpc(world)
    state = world.create(ROUTE_TABLE, {"vpcId": vpc_id, "routes": []})
    gateway = client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    client.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
    client.create_route(RouteTableId=state.resource_id, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    seen = read(world, ROUTE_TABLE, state)
    assert seen is not None
    assert [(one["cidrBlock"], one["gatewayId"]) for one in seen.inputs["routes"]] == [("0.0.0.0/0", gateway)]
    repaired = update(world, ROUTE_TABLE, seen, routes=[])
    assert repaired.outputs["routes"] == []
    delete(world, ROUTE_TABLE, state)
    client.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
    client.delete_internet_gateway(InternetGatewayId=gateway)


def routes_to(world: World, table_id: str, endpoint_id: str) -> list[str]:
    table = world.client("ec2").describe_route_tables(RouteTableIds=[table_id])["RouteTables"][0]
    return [route["DestinationPrefixListId"] for route in table["Routes"] if route.get("GatewayId") == endpoint_id]


def test_routes_to_an_endpoint_follow_its_route_tables(world: World) -> None:
    """Moto changes the endpoint's list alone and then cannot delete the endpoint."""
    vpc_id = vpc(world)
    first, second = route_table(world, vpc_id), route_table(world, vpc_id)
    state = world.create(ENDPOINT, {"vpcId": vpc_id, "serviceName": S3, "routeTableIds": [first]})
    assert state.outputs["prefixListId"] == prefix_list(world)
    assert len(state.outputs["cidrBlocks"]) > 0
    assert routes_to(world, first, state.resource_id) == [prefix_list(world)]
    changed = update(world, ENDPOINT, state, routeTableIds=[second])
    assert routes_to(world, first, state.resource_id) == []
    assert routes_to(world, second, state.resource_id) == [prefix_list(world)]
    delete(world, ENDPOINT, changed)
    assert routes_to(world, second, state.resource_id) == []
    assert read(world, ENDPOINT, changed) is None


def test_a_route_table_leads_to_a_service_once(world: World) -> None:
    vpc_id = vpc(world)
    inputs = {"vpcId": vpc_id, "serviceName": S3, "routeTableIds": [route_table(world, vpc_id)]}
    state = world.create(ENDPOINT, inputs)
    with refused("RouteAlreadyExists", prefix_list(world)):
        world.create(ENDPOINT, inputs)
    delete(world, ENDPOINT, state)


def test_an_endpoint_without_a_policy_has_the_one_that_allows_everything(world: World) -> None:
    vpc_id = vpc(world)
    policy = '{"Version": "2012-10-17", "Statement": []}'
    state = world.create(ENDPOINT, {"vpcId": vpc_id, "serviceName": S3, "policy": policy})
    assert state.outputs["policy"] == policy
    changed = update(world, ENDPOINT, state, policy=None)
    assert '"Action": "*"' in changed.outputs["policy"]
    delete(world, ENDPOINT, changed)


def test_a_flow_log_to_a_bucket_that_is_not_there_is_refused(world: World) -> None:
    with refused("400", "does not exist"):
        world.create(FLOW_LOG, {**LOG, "vpcId": vpc(world), "logDestination": "arn:aws:s3:::nowhere"})


def test_a_flow_log_reads_back_its_folder_and_its_options(world: World) -> None:
    options = {"fileFormat": "parquet", "hiveCompatiblePartitions": True, "perHourPartition": True}
    inputs = {**LOG, "vpcId": vpc(world), "logDestination": f"{bucket(world)}/vpc", "destinationOptions": options}
    state = world.create(FLOW_LOG, inputs)
    assert state.resource_id.startswith("fl-")
    assert state.outputs["logDestination"] == f"{BUCKET_ARN}/vpc"
    assert state.outputs["destinationOptions"] == options
    delete(world, FLOW_LOG, state)


def test_a_new_group_lets_nothing_out(world: World) -> None:
    state = world.create(GROUP, {"vpcId": vpc(world)})
    assert state.outputs["egress"] == []
    assert state.outputs["description"] == "Managed by Pulumi"
    assert re.fullmatch("sample-[0-9a-f]{7}", state.outputs["name"])
    delete(world, GROUP, state)


def test_the_default_group_is_emptied_and_left(world: World) -> None:
    made = world.make(VPC, cidrBlock="10.20.0.0/16")
    state = world.create(DEFAULT_GROUP, {"vpcId": made["id"], "tags": {"Name": "unused"}})
    assert state.resource_id == made["defaultSecurityGroupId"]
    assert (state.outputs["ingress"], state.outputs["egress"]) == ([], [])
    assert state.outputs["tagsAll"]["Name"] == "unused"
    delete(world, DEFAULT_GROUP, state)
    assert read(world, DEFAULT_GROUP, state) is not None


def test_a_group_that_a_rule_of_another_names_cannot_be_deleted(world: World) -> None:
    """AWS answers DependencyViolation; moto deletes the group and leaves the rule."""
    vpc_id = vpc(world)
    relay = world.make(GROUP, "relay", vpcId=vpc_id)
    rule = world.create(
        INGRESS, {**RULE, "securityGroupId": group(world, vpc_id), "referencedSecurityGroupId": relay["id"]}
    )
    with refused("DependencyViolation", str(relay["id"]), rule.resource_id):
        delete(world, GROUP, relay)
    delete(world, INGRESS, rule)


def test_a_rule_under_another_description_is_the_same_rule(world: World) -> None:
    owner = group(world, vpc(world))
    for source in (
        {"cidrIpv4": "10.0.0.0/8"},
        {"prefixListId": prefix_list(world)},
        {"referencedSecurityGroupId": owner},
    ):
        inputs = {**RULE, "securityGroupId": owner, **source}
        state = world.create(EGRESS, {**inputs, "description": "first"})
        with refused("InvalidPermission.Duplicate", state.resource_id):
            world.create(EGRESS, {**inputs, "description": "second"})
        delete(world, EGRESS, state)


def test_a_rule_to_a_prefix_list_that_is_not_there_is_refused(world: World) -> None:
    with refused("InvalidPrefixListID.NotFound", "pl-0123456789abcdef0"):
        inputs = {**RULE, "securityGroupId": group(world, vpc(world)), "prefixListId": "pl-0123456789abcdef0"}
        world.create(EGRESS, inputs)


def test_a_rule_needs_exactly_one_source(world: World) -> None:
    with refused("MissingParameter", "cidrIpv4", "none"):
        world.create(INGRESS, {**RULE, "securityGroupId": group(world, vpc(world))})


@pytest.mark.parametrize("kind", ["prefixListId", "referencedSecurityGroupId", "cidrIpv6", "cidrIpv4"])
def test_a_rule_changes_its_source_in_place_and_keeps_id_description_and_tags(world: World, kind: str) -> None:
    vpc_id = vpc(world)
    owner = group(world, vpc_id)
    sources = {
        "prefixListId": (prefix_list(world), prefix_list(world, "com.amazonaws.eu-west-1.dynamodb")),
        "referencedSecurityGroupId": (owner, group(world, vpc_id, "relay")),
        "cidrIpv6": ("2001:db8::/32", "2001:db8:1::/48"),
        "cidrIpv4": ("10.0.0.0/8", "10.1.0.0/16"),
    }
    inputs = {**RULE, "securityGroupId": owner, kind: sources[kind][0], "description": "why", "tags": {"a": "b"}}
    state = world.create(EGRESS, inputs)
    assert state.resource_id.startswith("sgr-")
    changed = update(world, EGRESS, state, **{kind: sources[kind][1]})
    assert changed.resource_id == state.resource_id
    assert changed.outputs[kind] == sources[kind][1]
    assert changed.outputs["description"] == "why"
    assert changed.outputs["tagsAll"]["a"] == "b"
    again = update(world, EGRESS, changed, toPort=444, description=None, tags={"a": "c"})
    assert again.outputs["toPort"] == 444
    assert "description" not in again.outputs
    assert again.outputs["tagsAll"]["a"] == "c"
    delete(world, EGRESS, again)
    found = world.client("ec2").describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [owner]}])
    assert found["SecurityGroupRules"] == []


def test_a_source_of_another_kind_replaces_the_rule() -> None:
    olds: dict[str, Any] = {**RULE, "cidrIpv4": "10.0.0.0/8"}
    news = {**RULE, "prefixListId": "pl-1"}
    found = difference(resource_of(EGRESS), olds, news)
    assert set(found.replaces) == {"cidrIpv4", "prefixListId"}
    assert difference(resource_of(EGRESS), olds, {**olds, "cidrIpv4": "10.1.0.0/16"}).replaces == ()


def test_a_subnet_leaves_its_route_table_when_it_is_deleted(world: World) -> None:
    """AWS drops the association with the subnet; moto keeps it, and the route table could never be deleted."""
    vpc_id = vpc(world)
    table_id = route_table(world, vpc_id)
    inputs = {"vpcId": vpc_id, "cidrBlock": "10.20.9.0/24"}
    state = world.create(SUBNET, inputs)
    world.client("ec2").associate_route_table(RouteTableId=table_id, SubnetId=state.resource_id)
    delete(world, SUBNET, state)
    table = world.client("ec2").describe_route_tables(RouteTableIds=[table_id])["RouteTables"][0]
    assert table["Associations"] == []
