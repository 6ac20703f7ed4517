"""What is spoilt of who reaches the pool's nodes, and of what nodes and relay may do."""

import pulumi
import pulumi_aws as aws

from tests.embedded.system.claims import reach
from tests.embedded.system.mutate import GONE, M, Made, both, one, put, statement

RELAY_POLICY, NODE_POLICY = "-relay-function-policy", "-pool-node-policy"
INGRESS, EGRESS = "vpc/securityGroupIngressRule", "vpc/securityGroupEgressRule"


def _open_node_group(made: Made) -> pulumi.Resource:
    group = one(made, "ec2/securityGroup", "-nodes")
    return aws.vpc.SecurityGroupIngressRule(
        "extra-rule-in",
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=22,
        to_port=22,
        cidr_ipv4="10.0.0.0/8",
        opts=pulumi.ResourceOptions(parent=group),
    )


FIRST = (
    M(reach.nodes_are_reached_by_the_relay_only, "SSH", INGRESS, "extra-rule-in", add=_open_node_group),
    M(
        reach.nodes_reach_endpoints_only,
        "everything",
        EGRESS,
        "-nodes-s3",
        both(put("prefix_list_id", GONE), put("cidr_ipv4", "0.0.0.0/0")),
    ),
    M(
        reach.relay_reaches_nodes_only,
        "everything",
        EGRESS,
        "-relay-to-nodes",
        both(put("referenced_security_group_id", GONE), put("cidr_ipv4", "0.0.0.0/0")),
    ),
    M(
        reach.relay_may_do_nothing,
        "its code has the role",
        "iam/rolePolicy",
        RELAY_POLICY,
        statement("OwnCodeOnlyLogs", "Condition", {"ArnEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:::x"}}),
    ),
    M(
        reach.functions_in_the_network_are_the_only_ones_invoked,
        "any",
        "iam/rolePolicy",
        "-gateway-policy",
        statement("AskNodes", "Resource", "arn:aws:lambda:us-east-1:123456789012:function:*"),
    ),
    M(
        reach.gateway_knows_the_relay,
        "another",
        "lambda/function",
        "-functions-gateway",
        put("environment.variables.LEANTO_RELAY", "leanto-hybrid-stop"),
    ),
    M(
        reach.nodes_may_do_what_serving_takes,
        "money",
        "iam/rolePolicy",
        NODE_POLICY,
        statement("TellState", "Condition", {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["BUDGETS"]}}),
    ),
)

SECOND = (
    M(
        reach.nodes_are_reached_by_the_relay_only,
        "the whole network",
        INGRESS,
        "-relay-into-nodes",
        both(put("referenced_security_group_id", GONE), put("cidr_ipv4", "10.64.0.0/20")),
    ),
    M(reach.nodes_reach_endpoints_only, "all ports", EGRESS, "-nodes-dynamodb", put("from_port", 0)),
    M(reach.relay_reaches_nodes_only, "all ports", EGRESS, "-relay-to-nodes", put("to_port", 65535)),
    M(
        reach.relay_may_do_nothing,
        "changes interfaces",
        "iam/rolePolicy",
        RELAY_POLICY,
        statement("KeepInterfaces", "Action", ["ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"]),
    ),
    M(
        reach.nodes_may_do_what_serving_takes,
        "the whole bucket",
        "iam/rolePolicy",
        NODE_POLICY,
        statement("ReadArtefacts", "Resource", "arn:aws:s3:::leanto/*"),
    ),
)
