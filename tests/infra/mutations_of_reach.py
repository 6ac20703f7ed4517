"""What is spoilt of who reaches the pool's nodes, and of what nodes and relay may do."""

from tests.infra.claims import reach
from tests.infra.claims.stack import Stack
from tests.infra.mutate import GONE, Mutation, extra, put, statement, without

M = Mutation
IN, OUT = "vpc/securityGroupIngressRule", "vpc/securityGroupEgressRule"
RELAY, RELAY_POLICY, NODE_POLICY = "-relay-function", "-relay-function-policy", "-node-policy"
ANY_ADDRESS = {"ipProtocol": "tcp", "fromPort": 8443, "toPort": 8443, "cidrIpv4": "10.0.0.0/8"}


def _two_members(stack: Stack) -> None:
    group = stack.one("ec2/securityGroup", "-relay-function-group").get("id")
    stack.one("lambda/function", "-stop").props["vpcConfig"] = {"securityGroupIds": [group], "subnetIds": []}


def _everybody_may_invoke(stack: Stack) -> None:
    name = stack.one("lambda/function", RELAY).get("name")
    extra("lambda/permission", function=name, principal="apigateway.amazonaws.com", sourceArn="x")(stack)


REACH = (
    M(reach.nodes_are_reached_by_the_relay_only, "a way in", extra(IN, **ANY_ADDRESS)),
    M(reach.nodes_are_reached_by_the_relay_only, "no way in", without(IN)),
    M(reach.nodes_are_reached_by_the_relay_only, "addresses", put(IN, "referencedSecurityGroupId", GONE)),
    M(reach.nodes_are_reached_by_the_relay_only, "all ports", put(IN, "fromPort", 0)),
    M(reach.nodes_are_reached_by_the_relay_only, "into the relay", put(IN, "securityGroupId", "sg-relay")),
    M(reach.nodes_are_reached_by_the_relay_only, "another in the relay's group", _two_members),
    M(reach.nodes_reach_endpoints_only, "out to all", put(OUT, "prefixListId", GONE, "-nodes-s3")),
    M(reach.nodes_reach_endpoints_only, "another list", put(OUT, "prefixListId", "pl-other", "-nodes-s3")),
    M(reach.nodes_reach_endpoints_only, "all ports", put(OUT, "fromPort", 0, "-nodes-dynamodb")),
    M(reach.nodes_reach_endpoints_only, "no table", without(OUT, "-nodes-dynamodb")),
    M(reach.relay_reaches_nodes_only, "out to all", put(OUT, "referencedSecurityGroupId", GONE, "-to-nodes")),
    M(reach.relay_reaches_nodes_only, "all ports", put(OUT, "toPort", 65535, "-to-nodes")),
    M(reach.relay_reaches_nodes_only, "a second way", extra(OUT, **ANY_ADDRESS)),
    M(reach.relay_reaches_nodes_only, "outside the network", put("lambda/function", "vpcConfig", GONE, RELAY)),
    M(
        reach.relay_reaches_nodes_only,
        "with the nodes' group",
        put("lambda/function", "vpcConfig.securityGroupIds", ["sg-nodes"], RELAY),
    ),
    M(
        reach.relay_reaches_nodes_only,
        "told of everything",
        put("lambda/function", "environment.variables.LEANTO_NODE_NETWORKS", "0.0.0.0/0", RELAY),
    ),
    M(reach.groups_have_no_rules_of_their_own, "SSH", put("ec2/securityGroup", "ingress", [{"fromPort": 22}])),
    M(reach.groups_have_no_rules_of_their_own, "out", put("ec2/securityGroup", "egress", [{"protocol": "-1"}])),
    M(
        reach.relay_may_do_nothing,
        "reads the table",
        statement("iam/rolePolicy", "WriteLogs", "Action", ["dynamodb:GetItem"], RELAY_POLICY),
    ),
    M(
        reach.relay_may_do_nothing,
        "its code has the role",
        statement("iam/rolePolicy", "OwnCodeOnlyLogs", "Condition", GONE, RELAY_POLICY),
    ),
    M(
        reach.relay_may_do_nothing,
        "another function's code is denied",
        statement(
            "iam/rolePolicy",
            "OwnCodeOnlyLogs",
            "Condition",
            {"ArnEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:other"}},
            RELAY_POLICY,
        ),
    ),
    M(
        reach.relay_may_do_nothing,
        "its code makes interfaces",
        statement(
            "iam/rolePolicy",
            "OwnCodeOnlyLogs",
            "NotAction",
            ["ec2:CreateNetworkInterface", "logs:CreateLogStream", "logs:PutLogEvents"],
            RELAY_POLICY,
        ),
    ),
    M(
        reach.only_the_gateway_invokes_and_only_the_relay,
        "any function",
        statement("iam/rolePolicy", "AskNodes", "Resource", "arn:aws:lambda:us-east-1:123456789012:function:*"),
    ),
    M(
        reach.only_the_gateway_invokes_and_only_the_relay,
        "the authorizer too",
        statement("iam/rolePolicy", "ReadKeys", "Action", ["lambda:InvokeFunction"], "-authorizer-policy"),
    ),
    M(
        reach.only_the_gateway_invokes_and_only_the_relay,
        "another relay",
        put("lambda/function", "environment.variables.LEANTO_RELAY", "x", "-gateway"),
    ),
    M(reach.only_the_gateway_invokes_and_only_the_relay, "a service", _everybody_may_invoke),
    M(
        reach.nodes_may_do_what_serving_takes,
        "reads everything",
        statement("iam/rolePolicy", "ReadArtefacts", "Resource", ["*"], NODE_POLICY),
    ),
    M(
        reach.nodes_may_do_what_serving_takes,
        "writes artefacts",
        statement("iam/rolePolicy", "WriteBootLog", "Resource", ["x/models/*"], NODE_POLICY),
    ),
    M(
        reach.nodes_may_do_what_serving_takes,
        "reads the table",
        statement("iam/rolePolicy", "TellState", "Action", ["dynamodb:GetItem", "dynamodb:UpdateItem"], NODE_POLICY),
    ),
    M(
        reach.nodes_may_do_what_serving_takes,
        "gives itself money",
        statement(
            "iam/rolePolicy",
            "TellState",
            "Condition",
            {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["BUDGETS"]}},
            NODE_POLICY,
        ),
    ),
)
