"""Uses a component that another package makes, as awsx and eks do."""

import pulumi


class Vpc(pulumi.ComponentResource):
    vpc_id: pulumi.Output[str]

    def __init__(self, name: str, cidr: str) -> None:
        props = {"cidrBlock": cidr, "vpcId": None}
        super().__init__("awsx:ec2:Vpc", name, props, remote=True)

    @property
    def vpcId(self) -> pulumi.Output[str]:  # noqa: N802
        return pulumi.get(self, "vpcId")


vpc = Vpc("network", "10.0.0.0/16")
named = pulumi.runtime.call("awsx:ec2:Vpc/describe", {"short": True}, vpc)
pulumi.CustomResource("aws:ec2/subnet:Subnet", "mine", {"vpcId": vpc.vpcId, "tags": {"of": named["text"]}})
