"""Types that the program must not use, served here so that a spoilt program can."""

from collections.abc import Mapping
from types import MappingProxyType

from leanto.embedded.plugin.registry import RESOURCES
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource


class _Extra(Resource):
    """A resource that is made, and lives as long as its account."""

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props:
        del ctx, resource_id
        return inputs

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        raise NotImplementedError


class InternetGateway(_Extra):
    token = "aws:ec2/internetGateway:InternetGateway"

    def create(self, ctx: Context, inputs: Props) -> str:
        gateway = ctx.client("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ctx.client("ec2").attach_internet_gateway(InternetGatewayId=gateway, VpcId=inputs["vpcId"])
        return str(gateway)


class NatGateway(_Extra):
    token = "aws:ec2/natGateway:NatGateway"

    def create(self, ctx: Context, inputs: Props) -> str:
        made = ctx.client("ec2").create_nat_gateway(SubnetId=inputs["subnetId"], ConnectivityType="private")
        return str(made["NatGateway"]["NatGatewayId"])


class Route(_Extra):
    token = "aws:ec2/route:Route"

    def create(self, ctx: Context, inputs: Props) -> str:
        destination = inputs["destinationCidrBlock"]
        ctx.client("ec2").create_route(
            RouteTableId=inputs["routeTableId"], DestinationCidrBlock=destination, GatewayId=inputs["gatewayId"]
        )
        return f"{inputs['routeTableId']}:{destination}"


class Policy(_Extra):
    token = "aws:iam/policy:Policy"
    auto_name = AutoName()

    def create(self, ctx: Context, inputs: Props) -> str:
        made = ctx.client("iam").create_policy(PolicyName=inputs["name"], PolicyDocument=inputs["policy"])
        return str(made["Policy"]["Arn"])


class RolePolicyAttachment(_Extra):
    token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

    def create(self, ctx: Context, inputs: Props) -> str:
        ctx.client("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}"


class SecretVersion(_Extra):
    token = "aws:secretsmanager/secretVersion:SecretVersion"

    def create(self, ctx: Context, inputs: Props) -> str:
        made = ctx.client("secretsmanager").put_secret_value(
            SecretId=inputs["secretId"], SecretString=inputs["secretString"]
        )
        return f"{made['ARN']}|{made['VersionId']}"


EXTRAS = (InternetGateway(), NatGateway(), Route(), Policy(), RolePolicyAttachment(), SecretVersion())
EXTRA_TYPES: Mapping[str, Resource] = MappingProxyType({**RESOURCES, **{extra.token: extra for extra in EXTRAS}})
