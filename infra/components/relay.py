"""The relay: the function through which the gateway reaches the pool's nodes, and the only way to them."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.bundles import Bundle
from infra.components.function import Enclosure, Function, FunctionArgs, Surroundings
from infra.components.network import Network
from infra.defaults import FunctionSize
from infra.node import NODE_PORT


@dataclass(frozen=True)
class RelayArgs:
    """Settings of the relay."""

    surroundings: Surroundings
    bundle: Bundle
    size: FunctionSize
    network: Network


class Relay(pulumi.ComponentResource):
    """A function in the pool's network that leads to the nodes' port alone, and that may do nothing in AWS."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: RelayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Relay", name, None, opts)
        network = args.network
        function = Function(
            f"{name}-function",
            FunctionArgs(
                args.surroundings,
                "relay",
                args.bundle,
                args.size,
                {"LEANTO_NODE_NETWORKS": ",".join(network.subnet_cidrs), "LEANTO_NODE_PORT": str(NODE_PORT)},
                grants=(),
                enclosure=Enclosure(network.vpc_id, network.subnet_ids),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.name = function.name
        self._lead_to_nodes(name, function.security_group_id, network.node_security_group_id)
        self.register_outputs({"name": self.name})

    def _lead_to_nodes(self, name: str, relay: pulumi.Output[str] | None, nodes: pulumi.Output[str]) -> None:
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-to-nodes",
            security_group_id=relay,
            referenced_security_group_id=nodes,
            description="TLS to the agents of the GPU nodes",
            ip_protocol="tcp",
            from_port=NODE_PORT,
            to_port=NODE_PORT,
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-into-nodes",
            security_group_id=nodes,
            referenced_security_group_id=relay,
            description="TLS from the relay function",
            ip_protocol="tcp",
            from_port=NODE_PORT,
            to_port=NODE_PORT,
            opts=pulumi.ResourceOptions(parent=self),
        )
