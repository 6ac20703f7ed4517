"""The pool's network: private subnets with no way out but to S3 and DynamoDB, and no way in but the relay."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.permissions import Statement, allow, document
from infra.subnets import subnet_cidrs


@dataclass(frozen=True)
class NetworkArgs:
    """Settings of the network; one subnet a zone. Flows are recorded only with `flow_log_destination_arn`."""

    names: Names
    cidr: str
    zones: tuple[str, ...]
    bucket_arn: pulumi.Input[str]
    flow_log_destination_arn: pulumi.Input[str] | None


class Network(pulumi.ComponentResource):
    """A VPC without internet gateway, NAT or public address, with free gateway endpoints to S3 and DynamoDB."""

    vpc_id: pulumi.Output[str]
    subnet_ids: list[pulumi.Output[str]]
    subnet_cidrs: tuple[str, ...]
    node_security_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Network", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        vpc = aws.ec2.Vpc(
            name, cidr_block=args.cidr, enable_dns_support=True, enable_dns_hostnames=True, opts=self._child
        )
        self.vpc_id = vpc.id
        self.subnet_cidrs = subnet_cidrs(args.cidr, len(args.zones))
        # Without rules it lets nothing in or out, whoever forgets to name a group of their own.
        aws.ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=self.vpc_id, opts=self._child)
        table = aws.ec2.RouteTable(f"{name}-routes", vpc_id=self.vpc_id, opts=self._child)
        self.subnet_ids = self._subnets(table)
        endpoints = {
            "s3": self._endpoint("s3", table, _bucket_only(args)),
            "dynamodb": self._endpoint("dynamodb", table, _table_only(args)),
        }
        self.node_security_group_id = self._node_group(endpoints)
        if args.flow_log_destination_arn is not None:
            self._record_flows(args.flow_log_destination_arn)
        self.register_outputs({"subnetIds": self.subnet_ids, "nodeSecurityGroupId": self.node_security_group_id})

    def _subnets(self, table: aws.ec2.RouteTable) -> list[pulumi.Output[str]]:
        ids = []
        for zone, cidr in zip(self._args.zones, self.subnet_cidrs, strict=True):
            suffix = zone.rpartition("-")[2]
            subnet = aws.ec2.Subnet(
                f"{self._name}-{suffix}",
                vpc_id=self.vpc_id,
                availability_zone=zone,
                cidr_block=cidr,
                map_public_ip_on_launch=False,
                opts=self._child,
            )
            aws.ec2.RouteTableAssociation(
                f"{self._name}-{suffix}-routes", subnet_id=subnet.id, route_table_id=table.id, opts=self._child
            )
            ids.append(subnet.id)
        return ids

    def _endpoint(self, service: str, table: aws.ec2.RouteTable, statement: Statement) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            f"{self._name}-{service}",
            vpc_id=self.vpc_id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{self._args.names.place.region}.{service}",
            route_table_ids=[table.id],
            policy=pulumi.Output.json_dumps(document(statement)),
            opts=self._child,
        )

    def _node_group(self, endpoints: dict[str, aws.ec2.VpcEndpoint]) -> pulumi.Output[str]:
        group = aws.ec2.SecurityGroup(
            f"{self._name}-nodes",
            description="GPU nodes: out to S3 and DynamoDB, in from the relay",
            vpc_id=self.vpc_id,
            opts=self._child,
        )
        for service, endpoint in endpoints.items():
            aws.vpc.SecurityGroupEgressRule(
                f"{self._name}-nodes-{service}",
                security_group_id=group.id,
                description=f"HTTPS to {service} through its endpoint",
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                prefix_list_id=endpoint.prefix_list_id,
                opts=self._child,
            )
        return group.id

    def _record_flows(self, destination_arn: pulumi.Input[str]) -> None:
        aws.ec2.FlowLog(
            f"{self._name}-flows",
            vpc_id=self.vpc_id,
            traffic_type="ALL",
            log_destination_type="s3",
            log_destination=destination_arn,
            max_aggregation_interval=600,
            opts=self._child,
        )


def _bucket_only(args: NetworkArgs) -> Statement:
    """Return what may pass to S3: reads and writes of the pool bucket's objects by this account."""
    objects = pulumi.Output.concat(args.bucket_arn, "/*")
    return _own("PoolBucket", args.names, ("s3:GetObject", "s3:PutObject"), (objects,))


def _table_only(args: NetworkArgs) -> Statement:
    """Return what may pass to DynamoDB: nodes say how they are, in items of the stack's table, as this account."""
    return _own("StackTable", args.names, ("dynamodb:UpdateItem",), (args.names.table_arn,))


def _own(sid: str, names: Names, actions: tuple[str, ...], resources: tuple[pulumi.Input[str], ...]) -> Statement:
    account = {"StringEquals": {"aws:PrincipalAccount": names.place.account_id}}
    return allow(sid, actions, resources, principal={"AWS": "*"}, condition=account)
