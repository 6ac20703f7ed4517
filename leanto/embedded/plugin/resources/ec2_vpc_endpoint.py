"""`aws:ec2/vpcEndpoint:VpcEndpoint` of type Gateway: the way from a VPC to S3 or DynamoDB that costs nothing."""

from collections.abc import Iterable
from types import MappingProxyType

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.ec2_calls import Ec2Resource, described
from leanto.embedded.plugin.emulated import Problems
from leanto.embedded.plugin.errors import RefusedError, absent
from leanto.embedded.plugin.resource import Context, Props, Resource

MISSING = "InvalidVpcEndpointId.NotFound"
GONE_STATES = ("deleting", "deleted")
GATEWAY_SERVICES = ("dynamodb", "s3")
"""Services with gateway endpoints (VPC user guide, gateway endpoints)."""
DEFAULT_POLICY = (
    '{"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}'
)
"""What AWS puts where no policy is given: everything is allowed."""


class VpcEndpoint(Ec2Resource):
    """A gateway endpoint. Moto keeps its routes apart from its list of route tables; they are changed together."""

    token = "aws:ec2/vpcEndpoint:VpcEndpoint"
    kind = "vpc-endpoint"
    replace_on = frozenset({"serviceName", "vpcEndpointType", "vpcId"})
    computed = frozenset(
        {
            "arn", "autoAccept", "cidrBlocks", "dnsEntries", "ipAddressType", "networkInterfaceIds", "ownerId",
            "prefixListId", "privateDnsEnabled", "requesterManaged", "securityGroupIds", "state", "subnetIds",
        }
    )  # fmt: skip
    required = frozenset({"serviceName", "vpcId"})
    defaults = MappingProxyType({"vpcEndpointType": "Gateway"})
    accepts = frozenset({"policy", "routeTableIds", "serviceName", "tags", "vpcId"})
    fixed = MappingProxyType({"vpcEndpointType": "Gateway", "privateDnsEnabled": False, "autoAccept": False})
    json_documents = frozenset({"policy"})
    unordered = frozenset({"routeTableIds"})

    def validate(self, inputs: Props) -> Problems:
        """Return what EC2 or the box refuses; moto takes any service name and cannot delete what it made of it."""
        problems = super().validate(inputs)
        region, service = inputs.get("region"), inputs.get("serviceName")
        known = [f"com.amazonaws.{region}.{name}" for name in GATEWAY_SERVICES]
        if region and service and service not in known:
            problems.append(("serviceName", f"is {service!r}, gateway endpoints lead to {' or '.join(known)}"))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the endpoint, and with it a route in each of its route tables."""
        table_ids = inputs.get("routeTableIds", [])
        prefix_list_id = _prefix_list_id(ctx, inputs["serviceName"])
        if not prefix_list_id:
            message = f"The Vpc Endpoint Service '{inputs['serviceName']}' does not exist"
            raise RefusedError("InvalidServiceName", message)
        _refuse_taken(ctx, prefix_list_id, table_ids)
        made = ctx.client("ec2").create_vpc_endpoint(
            VpcId=inputs["vpcId"],
            ServiceName=inputs["serviceName"],
            VpcEndpointType=inputs["vpcEndpointType"],
            RouteTableIds=table_ids,
            PolicyDocument=inputs.get("policy", DEFAULT_POLICY),
            PrivateDnsEnabled=False,
            TagSpecifications=self.tag_specifications(inputs),
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the endpoint; a deleted one is still described for a while, and is gone."""
        del inputs
        endpoint = _endpoint(ctx, resource_id)
        if endpoint is None:
            return None
        prefix_list_id = _prefix_list_id(ctx, endpoint["ServiceName"])
        return {
            "arn": self.arn(ctx, resource_id),
            "autoAccept": False,
            "cidrBlocks": _cidr_blocks(ctx, prefix_list_id),
            "dnsEntries": [],
            "ipAddressType": endpoint.get("IpAddressType", "ipv4"),
            "networkInterfaceIds": endpoint["NetworkInterfaceIds"],
            "ownerId": endpoint["OwnerId"],
            "policy": endpoint["PolicyDocument"],
            "prefixListId": prefix_list_id,
            "privateDnsEnabled": endpoint["PrivateDnsEnabled"],
            "requesterManaged": endpoint.get("RequesterManaged", False),
            "routeTableIds": sorted(endpoint["RouteTableIds"]),
            "securityGroupIds": [group["GroupId"] for group in endpoint["Groups"]],
            "serviceName": endpoint["ServiceName"],
            "state": endpoint["State"],
            "subnetIds": endpoint["SubnetIds"],
            "tagsAll": tags.as_map(endpoint.get("Tags")),
            "vpcEndpointType": endpoint.get("VpcEndpointType", "Gateway"),
            "vpcId": endpoint["VpcId"],
        }

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change the policy, the route tables and the tags."""
        endpoint = _endpoint(ctx, resource_id) or {"RouteTableIds": [], "PolicyDocument": ""}
        before, after = set(endpoint["RouteTableIds"]), set(news.get("routeTableIds", []))
        policy = news.get("policy", DEFAULT_POLICY)
        client = ctx.client("ec2")
        if before != after:
            prefix_list_id = str(_prefix_list_id(ctx, news["serviceName"]))
            _refuse_taken(ctx, prefix_list_id, after - before)
            client.modify_vpc_endpoint(
                VpcEndpointId=resource_id,
                AddRouteTableIds=sorted(after - before),
                RemoveRouteTableIds=sorted(before - after),
            )
            for table_id in sorted(after - before):
                client.create_route(
                    RouteTableId=table_id, DestinationPrefixListId=prefix_list_id, GatewayId=resource_id
                )
            for table_id in sorted(before - after):
                client.delete_route(RouteTableId=table_id, DestinationPrefixListId=prefix_list_id)
        if policy != endpoint["PolicyDocument"]:
            # ResetPolicy does nothing in moto, so that the default is put as it is.
            client.modify_vpc_endpoint(VpcEndpointId=resource_id, PolicyDocument=policy)
        self.retag(ctx, resource_id, olds, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the endpoint and its routes."""
        del outputs
        if _endpoint(ctx, resource_id) is not None:
            with absent(MISSING):
                ctx.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[resource_id])


def _endpoint(ctx: Context, endpoint_id: str) -> Props | None:
    found = described(ctx, "describe_vpc_endpoints", "VpcEndpoints", MISSING, VpcEndpointIds=[endpoint_id])
    return None if found is None or found["State"].lower() in GONE_STATES else found


def _prefix_list_id(ctx: Context, service_name: str) -> str | None:
    filters = [{"Name": "prefix-list-name", "Values": [service_name]}]
    found = described(ctx, "describe_prefix_lists", "PrefixLists", "", Filters=filters)
    return found["PrefixListId"] if found else None


def _cidr_blocks(ctx: Context, prefix_list_id: str | None) -> list[str]:
    if prefix_list_id is None:
        return []
    entries = ctx.client("ec2").get_managed_prefix_list_entries(PrefixListId=prefix_list_id)["Entries"]
    return [entry["Cidr"] for entry in entries]


def _refuse_taken(ctx: Context, prefix_list_id: str, table_ids: Iterable[str]) -> None:
    """Raise what AWS raises when a route table leads to the service already; moto makes a second endpoint."""
    for table_id in sorted(table_ids):
        table = described(ctx, "describe_route_tables", "RouteTables", "", RouteTableIds=[table_id])
        if any(route.get("DestinationPrefixListId") == prefix_list_id for route in (table or {}).get("Routes", [])):
            message = f"route table {table_id} already has a route with destination-prefix-list-id {prefix_list_id}"
            raise RefusedError("RouteAlreadyExists", message)


RESOURCES: tuple[Resource, ...] = (VpcEndpoint(),)
