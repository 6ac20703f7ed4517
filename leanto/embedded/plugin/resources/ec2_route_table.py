"""`aws:ec2/routeTable:RouteTable` and `aws:ec2/routeTableAssociation:RouteTableAssociation`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.ec2_calls import ACTUAL_ID, Ec2Resource, actual_id, associations, described
from leanto.embedded.plugin.emulated import EmulatedResource
from leanto.embedded.plugin.errors import RefusedError, absent
from leanto.embedded.plugin.resource import Context, Props, Resource

MISSING_TABLE = "InvalidRouteTableID.NotFound"
MISSING_ASSOCIATION = "InvalidAssociationID.NotFound"
ROUTE_FIELDS = MappingProxyType(
    {
        "DestinationCidrBlock": "cidrBlock",
        "DestinationIpv6CidrBlock": "ipv6CidrBlock",
        "DestinationPrefixListId": "destinationPrefixListId",
        "EgressOnlyInternetGatewayId": "egressOnlyGatewayId",
        "GatewayId": "gatewayId",
        "NatGatewayId": "natGatewayId",
        "NetworkInterfaceId": "networkInterfaceId",
        "TransitGatewayId": "transitGatewayId",
        "VpcPeeringConnectionId": "vpcPeeringConnectionId",
    }
)


class RouteTable(Ec2Resource):
    """A route table without routes of its own; those of gateway endpoints come and go with them."""

    token = "aws:ec2/routeTable:RouteTable"
    kind = "route-table"
    replace_on = frozenset({"vpcId"})
    computed = frozenset({"arn", "ownerId", "propagatingVgws", "routes"})
    required = frozenset({"vpcId"})
    accepts = frozenset({"tags", "vpcId"})
    fixed: ClassVar[Mapping[str, Any]] = MappingProxyType({"propagatingVgws": [], "routes": []})

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the route table."""
        client = ctx.client("ec2")
        made = client.create_route_table(VpcId=inputs["vpcId"], TagSpecifications=self.tag_specifications(inputs))
        return str(made["RouteTable"]["RouteTableId"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the route table; `routes` are those that somebody added, as the official provider shows them."""
        del inputs
        table = described(ctx, "describe_route_tables", "RouteTables", MISSING_TABLE, RouteTableIds=[resource_id])
        if table is None:
            return None
        return {
            "arn": self.arn(ctx, resource_id),
            "ownerId": table["OwnerId"],
            "propagatingVgws": [],
            "routes": [_route(route) for route in table["Routes"] if _is_own(route)],
            "tagsAll": tags.as_map(table.get("Tags")),
            "vpcId": table["VpcId"],
        }

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change the tags; routes that somebody added are taken away when the program says there are none."""
        if "routes" in news:
            table = described(ctx, "describe_route_tables", "RouteTables", MISSING_TABLE, RouteTableIds=[resource_id])
            for route in table["Routes"] if table else ():
                if _is_own(route):
                    destination = {key: route[key] for key in ROUTE_FIELDS if key in route and "Destination" in key}
                    ctx.client("ec2").delete_route(RouteTableId=resource_id, **destination)
        self.retag(ctx, resource_id, olds, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Take the route table from its subnets, then delete it."""
        del outputs
        client = ctx.client("ec2")
        for association in associations(ctx, "route-table-id", resource_id):
            client.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
        with absent(MISSING_TABLE):
            client.delete_route_table(RouteTableId=resource_id)


def _is_own(route: Props) -> bool:
    """Tell routes that were added apart from the local one and from those of gateway endpoints."""
    gateway = str(route.get("GatewayId", ""))
    return gateway != "local" and not gateway.startswith("vpce-")


def _route(route: Props) -> Props:
    return {key: route.get(api, "") for api, key in ROUTE_FIELDS.items()}


class RouteTableAssociation(EmulatedResource):
    """The route table of a subnet."""

    token = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    replace_on = frozenset({"subnetId"})
    computed = frozenset({"gatewayId"})
    required = frozenset({"routeTableId", "subnetId"})
    accepts = frozenset({"routeTableId", "subnetId"})
    side_stored = frozenset({ACTUAL_ID})

    def create(self, ctx: Context, inputs: Props) -> str:
        """Associate; moto would answer with the association that the subnet has already."""
        subnet_id, table_id = inputs["subnetId"], inputs["routeTableId"]
        taken = associations(ctx, "association.subnet-id", subnet_id)
        if taken:
            message = f"the specified association for subnet {subnet_id} conflicts with an existing association, "
            raise RefusedError("Resource.AlreadyAssociated", f"{message}{taken[0]['RouteTableAssociationId']}")
        subnet = described(ctx, "describe_subnets", "Subnets", "", SubnetIds=[subnet_id])
        table = described(ctx, "describe_route_tables", "RouteTables", "", RouteTableIds=[table_id])
        if subnet and table and subnet["VpcId"] != table["VpcId"]:
            message = f"Route table {table_id} and subnet {subnet_id} belong to different networks"
            raise RefusedError("InvalidParameterValue", message)
        made = ctx.client("ec2").associate_route_table(RouteTableId=table_id, SubnetId=subnet_id)
        return str(made["AssociationId"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the association."""
        del inputs
        association_id = actual_id(ctx, self.token, resource_id)
        found = associations(ctx, "association.route-table-association-id", association_id)
        if not found:
            return None
        return {"gatewayId": "", "routeTableId": found[0]["RouteTableId"], "subnetId": found[0].get("SubnetId")}

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Put another route table in its place; the association then has another id in moto."""
        del olds
        made = ctx.client("ec2").replace_route_table_association(
            AssociationId=actual_id(ctx, self.token, resource_id), RouteTableId=news["routeTableId"]
        )
        ctx.side.put(self.token, resource_id, {ACTUAL_ID: made["NewAssociationId"]})

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Take the route table from the subnet, which falls back to the main one."""
        del outputs
        with absent(MISSING_ASSOCIATION):
            ctx.client("ec2").disassociate_route_table(AssociationId=actual_id(ctx, self.token, resource_id))


RESOURCES: tuple[Resource, ...] = (RouteTable(), RouteTableAssociation())
