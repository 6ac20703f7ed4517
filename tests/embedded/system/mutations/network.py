"""What is spoilt of the pool's network."""

import pulumi
import pulumi_aws as aws

from tests.embedded.system.claims import network
from tests.embedded.system.mutate import GONE, M, Made, of, one, put, statement


def _gateway(made: Made) -> pulumi.Resource:
    vpc = one(made, "ec2/vpc", "-network")
    return aws.ec2.InternetGateway("extra-gateway", vpc_id=vpc.id, opts=pulumi.ResourceOptions(parent=vpc))


def _route(made: Made) -> pulumi.Resource:
    table, gateway = one(made, "ec2/routeTable", "-routes"), one(made, "ec2/internetGateway", "extra-gateway")
    return aws.ec2.Route(
        "extra-route",
        route_table_id=table.id,
        destination_cidr_block="0.0.0.0/0",
        gateway_id=gateway.id,
        opts=pulumi.ResourceOptions(parent=table),
    )


def _nat(made: Made) -> pulumi.Resource:
    subnet = one(made, "ec2/subnet", "-network-1a")
    opts = pulumi.ResourceOptions(parent=subnet)
    return aws.ec2.NatGateway("extra-nat", subnet_id=subnet.id, connectivity_type="private", opts=opts)


def _open_default_group(made: Made) -> pulumi.Resource:
    group = one(made, "ec2/defaultSecurityGroup", "-default")
    opts = pulumi.ResourceOptions(parent=group)
    return aws.vpc.SecurityGroupEgressRule(
        "extra-rule-out", security_group_id=group.id, ip_protocol="-1", cidr_ipv4="0.0.0.0/0", opts=opts
    )


FIRST = (
    M(network.network_has_no_gateway, "to the internet", "ec2/internetGateway", "extra-gateway", add=_gateway),
    M(
        network.routes_lead_to_endpoints_only,
        "to the internet",
        "ec2/route",
        "extra-route",
        add=_route,
        named=of("routeTableId"),
    ),
    M(
        network.subnets_give_no_public_address,
        "one does",
        "ec2/subnet",
        "-network-1a",
        put("map_public_ip_on_launch", True),
    ),
    M(
        network.endpoints_are_scoped,
        "all buckets",
        "ec2/vpcEndpoint",
        "-network-s3",
        statement("PoolBucket", "Resource", "*"),
    ),
    M(
        network.default_group_is_closed,
        "out to all",
        "vpc/securityGroupEgressRule",
        "extra-rule-out",
        add=_open_default_group,
        named=of("securityGroupId"),
    ),
    M(
        network.flows_are_recorded_in_prod,
        "refused ones only",
        "ec2/flowLog",
        "-flows",
        put("traffic_type", "REJECT"),
        named=of("vpcId"),
    ),
)

SECOND = (
    M(network.network_has_no_gateway, "NAT", "ec2/natGateway", "extra-nat", add=_nat),
    M(
        network.endpoints_are_scoped,
        "any account",
        "ec2/vpcEndpoint",
        "-network-dynamodb",
        statement("StackTable", "Condition", GONE),
    ),
)
