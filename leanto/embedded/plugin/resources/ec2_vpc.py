"""`aws:ec2/vpc:Vpc`: a private network, with the security group, route table and access list that AWS makes along."""

from types import MappingProxyType

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.ec2_calls import PREFIX_LENGTHS, Ec2Resource, described
from leanto.embedded.plugin.emulated import Problems, network_problems
from leanto.embedded.plugin.errors import absent, creating
from leanto.embedded.plugin.resource import Context, Props, Resource

VPC_SWITCHES = MappingProxyType(
    {
        "enableDnsSupport": "EnableDnsSupport",
        "enableDnsHostnames": "EnableDnsHostnames",
        "enableNetworkAddressUsageMetrics": "EnableNetworkAddressUsageMetrics",
    }
)
MADE_ALONG = MappingProxyType(
    {
        "defaultNetworkAclId": ("describe_network_acls", "NetworkAcls", "NetworkAclId", "default", "true"),
        "defaultRouteTableId": ("describe_route_tables", "RouteTables", "RouteTableId", "association.main", "true"),
        "defaultSecurityGroupId": ("describe_security_groups", "SecurityGroups", "GroupId", "group-name", "default"),
        "mainRouteTableId": ("describe_route_tables", "RouteTables", "RouteTableId", "association.main", "true"),
    }
)
"""Output, and how what AWS makes along with a VPC is found: call, its result, the id, and the filter for it."""


class Vpc(Ec2Resource):
    """A VPC with one IPv4 network."""

    token = "aws:ec2/vpc:Vpc"
    kind = "vpc"
    replace_on = frozenset({"cidrBlock", "instanceTenancy"})
    computed = frozenset(
        {
            "arn", "assignGeneratedIpv6CidrBlock", "defaultNetworkAclId", "defaultRouteTableId",
            "defaultSecurityGroupId", "dhcpOptionsId", "enableNetworkAddressUsageMetrics", "ipv6AssociationId",
            "ipv6CidrBlock", "ipv6CidrBlockNetworkBorderGroup", "ipv6IpamPoolId", "ipv6NetmaskLength",
            "mainRouteTableId", "ownerId",
        }
    )  # fmt: skip
    required = frozenset({"cidrBlock"})
    defaults = MappingProxyType({"enableDnsSupport": True, "instanceTenancy": "default"})
    accepts = frozenset({"cidrBlock", "tags", *VPC_SWITCHES})
    fixed = MappingProxyType({"instanceTenancy": "default", "assignGeneratedIpv6CidrBlock": False})

    def validate(self, inputs: Props) -> Problems:
        """Return what EC2 or the box refuses."""
        return super().validate(inputs) + network_problems(inputs, "cidrBlock", *PREFIX_LENGTHS)

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the VPC, then set its switches."""
        client = ctx.client("ec2")
        made = client.create_vpc(
            CidrBlock=inputs["cidrBlock"],
            InstanceTenancy=inputs["instanceTenancy"],
            TagSpecifications=self.tag_specifications(inputs),
        )
        vpc_id = str(made["Vpc"]["VpcId"])
        with creating(vpc_id, undo=lambda: client.delete_vpc(VpcId=vpc_id)):
            _switch_vpc(ctx, vpc_id, {}, inputs)
        return vpc_id

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the VPC with what AWS made along with it."""
        del inputs
        vpc = described(ctx, "describe_vpcs", "Vpcs", "InvalidVpcID.NotFound", VpcIds=[resource_id])
        if vpc is None:
            return None
        client = ctx.client("ec2")
        switches = {
            key: client.describe_vpc_attribute(VpcId=resource_id, Attribute=key)[api]["Value"]
            for key, api in VPC_SWITCHES.items()
        }
        made_along = {key: _made_along(ctx, resource_id, key) for key in MADE_ALONG}
        return (
            switches
            | made_along
            | {
                "arn": self.arn(ctx, resource_id),
                "assignGeneratedIpv6CidrBlock": False,
                "cidrBlock": vpc["CidrBlock"],
                "dhcpOptionsId": vpc["DhcpOptionsId"],
                "instanceTenancy": vpc["InstanceTenancy"],
                "ipv6AssociationId": "",
                "ipv6CidrBlock": "",
                "ipv6CidrBlockNetworkBorderGroup": "",
                "ipv6IpamPoolId": "",
                "ipv6NetmaskLength": 0,
                "ownerId": vpc["OwnerId"],
                "tagsAll": tags.as_map(vpc.get("Tags")),
            }
        )

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change switches and tags."""
        _switch_vpc(ctx, resource_id, olds, news)
        self.retag(ctx, resource_id, olds, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the VPC; EC2 refuses while something is in it."""
        del outputs
        with absent("InvalidVpcID.NotFound"):
            ctx.client("ec2").delete_vpc(VpcId=resource_id)


def _switch_vpc(ctx: Context, vpc_id: str, olds: Props, news: Props) -> None:
    for key, api in VPC_SWITCHES.items():
        unset = key == "enableDnsSupport"
        if olds.get(key, unset) != news.get(key, unset):
            # EC2 takes one attribute a call.
            ctx.client("ec2").modify_vpc_attribute(VpcId=vpc_id, **{api: {"Value": news.get(key, unset)}})


def _made_along(ctx: Context, vpc_id: str, key: str) -> str | None:
    operation, result, id_key, name, value = MADE_ALONG[key]
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": name, "Values": [value]}]
    found = described(ctx, operation, result, "", Filters=filters)
    return found[id_key] if found else None


RESOURCES: tuple[Resource, ...] = (Vpc(),)
