"""Samples of EC2: the network without a way out, its security groups and its flow log."""

import json
from typing import Any

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
S3 = "com.amazonaws.eu-west-1.s3"
BUCKET_ARN = "arn:aws:s3:::flow-logs"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
}


def vpc(world: World) -> str:
    return str(world.make(VPC, cidrBlock="10.20.0.0/16")["id"])


def subnet(world: World, vpc_id: str, number: int = 1) -> str:
    zone = "eu-west-1" + "ab"[number % 2]
    network = f"10.20.{number}.0/24"
    return str(world.make(SUBNET, f"subnet-{number}", vpcId=vpc_id, cidrBlock=network, availabilityZone=zone)["id"])


def route_table(world: World, vpc_id: str) -> str:
    return str(world.make(ROUTE_TABLE, vpcId=vpc_id)["id"])


def group(world: World, vpc_id: str, name: str = "basis") -> str:
    return str(world.make(GROUP, name, vpcId=vpc_id)["id"])


def prefix_list(world: World, service: str = S3) -> str:
    filters = [{"Name": "prefix-list-name", "Values": [service]}]
    return str(world.client("ec2").describe_prefix_lists(Filters=filters)["PrefixLists"][0]["PrefixListId"])


def bucket(world: World) -> str:
    client = world.client("s3")
    if "flow-logs" not in [found["Name"] for found in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket="flow-logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return BUCKET_ARN


def _subnet(world: World) -> Props:
    return {
        "vpcId": vpc(world),
        "cidrBlock": "10.20.1.0/24",
        "availabilityZone": "eu-west-1a",
        "tags": {"tier": "node"},
    }


def _association(world: World) -> Props:
    vpc_id = vpc(world)
    return {"subnetId": subnet(world, vpc_id), "routeTableId": route_table(world, vpc_id)}


def _another_table(world: World) -> Props:
    return {"routeTableId": route_table(world, _newest_vpc(world))}


def _newest_vpc(world: World) -> str:
    """The VPC that the sample stands on: there is one at a time that is not the account's default."""
    return str(next(found["VpcId"] for found in world.client("ec2").describe_vpcs()["Vpcs"] if not found["IsDefault"]))


def _associate_another(world: World, association_id: str) -> None:
    del association_id
    client, vpc_id = world.client("ec2"), _newest_vpc(world)
    tables = client.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"]
    current = next(one for table in tables for one in table["Associations"] if not one["Main"])
    client.disassociate_route_table(AssociationId=current["RouteTableAssociationId"])


def _endpoint(world: World) -> Props:
    vpc_id = vpc(world)
    return {
        "vpcId": vpc_id,
        "serviceName": S3,
        "routeTableIds": [route_table(world, vpc_id)],
        "policy": json.dumps(POLICY),
        "tags": {"Name": "s3"},
    }


def _allow_all(world: World, endpoint_id: str) -> None:
    wide = {**POLICY, "Statement": [{**POLICY["Statement"][0], "Action": "*"}]}  # type: ignore[dict-item]
    world.client("ec2").modify_vpc_endpoint(VpcEndpointId=endpoint_id, PolicyDocument=json.dumps(wide))


def _rule(world: World, **source: Any) -> Props:
    owner = group(world, vpc(world))
    return {"securityGroupId": owner, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, **source}


def _rule_between_groups(world: World) -> Props:
    vpc_id = vpc(world)
    rule = {"securityGroupId": group(world, vpc_id), "ipProtocol": "tcp", "fromPort": 8443, "toPort": 8443}
    return {
        **rule,
        "referencedSecurityGroupId": group(world, vpc_id, "relay"),
        "description": "relay",
        "tags": {"a": "b"},
    }


def _open_port(world: World, rule_id: str) -> None:
    client = world.client("ec2")
    rule = client.describe_security_group_rules(SecurityGroupRuleIds=[rule_id])["SecurityGroupRules"][0]
    source = {key: rule[key] for key in ("CidrIpv4", "PrefixListId") if key in rule}
    if "ReferencedGroupInfo" in rule:
        source["ReferencedGroupId"] = rule["ReferencedGroupInfo"]["GroupId"]
    request = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "Description": "added by hand", **source}
    client.modify_security_group_rules(
        GroupId=rule["GroupId"], SecurityGroupRules=[{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": request}]
    )


def retag(world: World, resource_id: str) -> None:
    world.client("ec2").create_tags(Resources=[resource_id], Tags=[{"Key": "owner", "Value": "somebody else"}])


def _let_all_in(world: World, group_id: str) -> None:
    everyone = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    world.client("ec2").authorize_security_group_ingress(GroupId=group_id, IpPermissions=[everyone])


SAMPLES = (
    Sample(
        VPC,
        lambda _: {"cidrBlock": "10.20.0.0/16", "enableDnsHostnames": True, "tags": {"Name": "pool"}},
        update={"enableDnsHostnames": False, "tags": {"Name": "nodes"}},
        replace={"cidrBlock": "10.30.0.0/16"},
        drift=retag,
        drifted=frozenset({"tagsAll"}),
    ),
    Sample(
        SUBNET,
        _subnet,
        update={"mapPublicIpOnLaunch": True, "tags": {"tier": "other"}},
        replace={"cidrBlock": "10.20.2.0/24", "availabilityZone": "eu-west-1b", "vpcId": "vpc-other"},
        drift=lambda world, subnet_id: world.client("ec2").modify_subnet_attribute(
            SubnetId=subnet_id, MapPublicIpOnLaunch={"Value": False}
        ),
        drifted=frozenset({"mapPublicIpOnLaunch"}),
    ),
    Sample(
        ROUTE_TABLE,
        lambda world: {"vpcId": vpc(world), "tags": {"Name": "private"}},
        update={"tags": {"Name": "internal"}},
        replace={"vpcId": "vpc-other"},
        drift=retag,
        drifted=frozenset({"tagsAll"}),
    ),
    Sample(ASSOCIATION, _association, update=_another_table, replace={"subnetId": "subnet-other"}),
    Sample(
        ENDPOINT,
        _endpoint,
        update=lambda world: {"routeTableIds": [route_table(world, _newest_vpc(world))], "tags": {"Name": "store"}},
        replace={"serviceName": "com.amazonaws.eu-west-1.dynamodb", "vpcId": "vpc-other"},
        drift=_allow_all,
        drifted=frozenset({"policy"}),
    ),
    Sample(
        FLOW_LOG,
        lambda world: {
            "vpcId": vpc(world),
            "trafficType": "REJECT",
            "logDestinationType": "s3",
            "logDestination": f"{bucket(world)}/flow/",
            "destinationOptions": {
                "fileFormat": "parquet",
                "hiveCompatiblePartitions": False,
                "perHourPartition": True,
            },
        },
        update={"tags": {"Name": "rejected"}},
        replace={"trafficType": "ALL", "logDestination": BUCKET_ARN, "maxAggregationInterval": 60},
        drift=retag,
        drifted=frozenset({"tagsAll"}),
    ),
    Sample(
        GROUP,
        lambda world: {"vpcId": vpc(world), "description": "nodes", "tags": {"Name": "nodes"}},
        update={"tags": {"Name": "other"}},
        replace={"description": "other", "name": "other", "vpcId": "vpc-other"},
        drift=retag,
        drifted=frozenset({"tagsAll"}),
    ),
    Sample(
        DEFAULT_GROUP,
        lambda world: {"vpcId": vpc(world), "tags": {"Name": "unused"}},
        update={"tags": {"Name": "empty"}},
        replace={"vpcId": "vpc-other"},
        drift=_let_all_in,
        drifted=frozenset({"ingress"}),
        stays=True,
    ),
    Sample(
        INGRESS,
        _rule_between_groups,
        update={"fromPort": 8000, "description": None, "tags": {"a": "c"}},
        replace={"securityGroupId": "sg-other"},
        drift=_open_port,
        drifted=frozenset({"fromPort", "toPort"}),
    ),
    Sample(
        INGRESS,
        lambda world: _rule(world, cidrIpv4="10.0.0.0/8", description="inside"),
        variant="network",
        update={"cidrIpv4": "10.1.0.0/16", "description": "narrower"},
        drift=_open_port,
        drifted=frozenset({"fromPort", "toPort", "description"}),
    ),
    Sample(
        EGRESS,
        lambda world: _rule(world, prefixListId=prefix_list(world), description="to S3"),
        update=lambda world: {"prefixListId": prefix_list(world, "com.amazonaws.eu-west-1.dynamodb")},
        replace={"securityGroupId": "sg-other"},
    ),
    Sample(
        EGRESS,
        lambda world: {"securityGroupId": group(world, vpc(world)), "ipProtocol": "-1", "cidrIpv4": "10.20.0.0/16"},
        variant="all-protocols",
        update={"description": "anywhere inside"},
    ),
)
