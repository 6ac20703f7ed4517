"""`aws:ec2/subnet:Subnet`."""

from types import MappingProxyType

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.ec2_calls import (
    PREFIX_LENGTHS,
    Ec2Resource,
    associations,
    described,
    refuse_while_instances,
)
from leanto.embedded.plugin.emulated import Problems, network_problems
from leanto.embedded.plugin.errors import absent, creating
from leanto.embedded.plugin.resource import Context, Props, Resource

SWITCHES = MappingProxyType(
    {
        "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
        "enableResourceNameDnsARecordOnLaunch": "EnableResourceNameDnsARecordOnLaunch",
    }
)


class Subnet(Ec2Resource):
    """A subnet with one IPv4 network."""

    token = "aws:ec2/subnet:Subnet"
    kind = "subnet"
    replace_on = frozenset({"availabilityZone", "cidrBlock", "vpcId"})
    computed = frozenset(
        {
            "arn", "availabilityZoneId", "customerOwnedIpv4Pool", "enableLniAtDeviceIndex", "ipv6CidrBlock",
            "ipv6CidrBlockAssociationId", "mapCustomerOwnedIpOnLaunch", "outpostArn", "ownerId",
            "privateDnsHostnameTypeOnLaunch",
        }
    )  # fmt: skip
    required = frozenset({"vpcId", "cidrBlock"})
    fixed = MappingProxyType(
        {"assignIpv6AddressOnCreation": False, "enableDns64": False, "ipv6Native": False}
        | {"enableResourceNameDnsAaaaRecordOnLaunch": False}
    )
    defaults = MappingProxyType(dict.fromkeys((*SWITCHES, *fixed), False))
    accepts = frozenset({"availabilityZone", "cidrBlock", "tags", "vpcId", *SWITCHES})

    def validate(self, inputs: Props) -> Problems:
        """Return what EC2 or the box refuses."""
        problems = super().validate(inputs) + network_problems(inputs, "cidrBlock", *PREFIX_LENGTHS)
        zone, region = inputs.get("availabilityZone"), inputs.get("region")
        if zone and region and not zone.startswith(region):
            problems.append(("availabilityZone", f"is {zone!r}, which is not in {region}"))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the subnet, then set its switches."""
        client = ctx.client("ec2")
        made = client.create_subnet(
            VpcId=inputs["vpcId"],
            CidrBlock=inputs["cidrBlock"],
            TagSpecifications=self.tag_specifications(inputs),
            **({"AvailabilityZone": inputs["availabilityZone"]} if "availabilityZone" in inputs else {}),
        )
        subnet_id = str(made["Subnet"]["SubnetId"])
        with creating(subnet_id, undo=lambda: client.delete_subnet(SubnetId=subnet_id)):
            _switch(ctx, subnet_id, _switches(made["Subnet"]), inputs)
        return subnet_id

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the subnet."""
        del inputs
        subnet = described(ctx, "describe_subnets", "Subnets", "InvalidSubnetID.NotFound", SubnetIds=[resource_id])
        if subnet is None:
            return None
        names = subnet["PrivateDnsNameOptionsOnLaunch"]
        return _switches(subnet) | {
            "arn": subnet["SubnetArn"],
            "assignIpv6AddressOnCreation": subnet["AssignIpv6AddressOnCreation"],
            "availabilityZone": subnet["AvailabilityZone"],
            "availabilityZoneId": subnet["AvailabilityZoneId"],
            "cidrBlock": subnet["CidrBlock"],
            "customerOwnedIpv4Pool": "",
            "enableDns64": subnet.get("EnableDns64", False),
            "enableLniAtDeviceIndex": 0,
            "enableResourceNameDnsAaaaRecordOnLaunch": subnet["PrivateDnsNameOptionsOnLaunch"][
                "EnableResourceNameDnsAAAARecord"
            ],
            "ipv6CidrBlock": "",
            "ipv6CidrBlockAssociationId": "",
            "ipv6Native": subnet["Ipv6Native"],
            "mapCustomerOwnedIpOnLaunch": False,
            "outpostArn": "",
            "ownerId": subnet["OwnerId"],
            "privateDnsHostnameTypeOnLaunch": names["HostnameType"],
            "tagsAll": tags.as_map(subnet.get("Tags")),
            "vpcId": subnet["VpcId"],
        }

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change switches and tags."""
        _switch(ctx, resource_id, olds, news)
        self.retag(ctx, resource_id, olds, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the subnet and, as AWS does and moto does not, its association with a route table."""
        del outputs
        client = ctx.client("ec2")
        refuse_while_instances(ctx, "subnet-id", resource_id, "subnet")
        for association in associations(ctx, "association.subnet-id", resource_id):
            client.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
        with absent("InvalidSubnetID.NotFound"):
            client.delete_subnet(SubnetId=resource_id)


def _switch(ctx: Context, subnet_id: str, olds: Props, news: Props) -> None:
    for key, api in SWITCHES.items():
        if olds.get(key, False) != news.get(key, False):
            ctx.client("ec2").modify_subnet_attribute(SubnetId=subnet_id, **{api: {"Value": news.get(key, False)}})


def _switches(subnet: Props) -> Props:
    return {
        "mapPublicIpOnLaunch": subnet["MapPublicIpOnLaunch"],
        "enableResourceNameDnsARecordOnLaunch": subnet["PrivateDnsNameOptionsOnLaunch"]["EnableResourceNameDnsARecord"],
    }


RESOURCES: tuple[Resource, ...] = (Subnet(),)
