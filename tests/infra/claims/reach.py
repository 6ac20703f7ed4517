"""Claims about who reaches the pool's nodes, and what nodes and relay may do in AWS."""

import json
from typing import Any

from tests.infra.claims.stack import Claim, Item, Stack, Violations, actions, as_list, statements

NODE_PORT = 8443
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
OF_THE_RELAY = LOGS | {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "kms:Decrypt",
}
"""Its log, its interfaces, its variables: all of it used by Lambda, none by its code."""
OF_A_NODE = {
    "dynamodb:UpdateItem": {""},
    "kms:Decrypt": {""},
    "kms:GenerateDataKey": {""},
    "s3:GetObject": {"agent/*", "engines/*", "models/*"},
    "s3:PutObject": {"boot/*"},
}
"""What a node may do, and below what of the bucket."""


def nodes_are_reached_by_the_relay_only(stack: Stack) -> Violations:
    """One rule lets something in to nodes: TLS to the agent's port from the relay's group, which only the relay has."""
    if not stack.has_pool:
        return
    wanted = [(_nodes(stack), _relay_group(stack))]
    if [_between(rule) for rule in stack.of("vpc/securityGroupIngressRule")] != wanted:
        yield "other rules let something in"
    members = [item.name for item in stack.of("lambda/function") if _relay_group(stack) in _groups(item)]
    if members != [_relay(stack).name]:
        yield f"the relay's group is that of {members}"


def nodes_reach_endpoints_only(stack: Stack) -> Violations:
    """Nodes reach nothing but the addresses of S3's and DynamoDB's endpoints, on port 443."""
    lists = {item.get("prefixListId") for item in stack.of("ec2/vpcEndpoint")}
    rules = [rule for rule in stack.of("vpc/securityGroupEgressRule") if rule.get("securityGroupId") == _nodes(stack)]
    for rule in rules:
        ports = (rule.get("ipProtocol"), rule.get("fromPort"), rule.get("toPort"))
        if ports != ("tcp", 443, 443) or rule.get("prefixListId") not in lists:
            yield rule.name
    if {rule.get("prefixListId") for rule in rules} != lists:
        yield "a node does not reach both endpoints"


def relay_reaches_nodes_only(stack: Stack) -> Violations:
    """The relay is in the pool's network, in all of its subnets, and leads to nothing but the nodes' port."""
    if not stack.has_pool:
        return
    relay, nodes = _relay(stack), _nodes(stack)
    if set(relay.get("vpcConfig.subnetIds", [])) != {subnet.get("id") for subnet in stack.of("ec2/subnet")}:
        yield f"{relay.name} is not in the network"
    if _groups(relay) != [_relay_group(stack)]:
        yield f"{relay.name} has other groups"
    others = [rule for rule in stack.of("vpc/securityGroupEgressRule") if rule.get("securityGroupId") != nodes]
    if [_between(rule) for rule in others] != [(_relay_group(stack), nodes)]:
        yield "another group leads out"
    cidrs = ",".join(str(subnet.get("cidrBlock")) for subnet in stack.of("ec2/subnet"))
    told = relay.get("environment.variables", {})
    if (told.get("LEANTO_NODE_NETWORKS"), told.get("LEANTO_NODE_PORT")) != (cidrs, str(NODE_PORT)):
        yield f"{relay.name} is told of other networks"


def groups_have_no_rules_of_their_own(stack: Stack) -> Violations:
    """What a security group lets through stands in rules apart, where the other claims look."""
    yield from (group.name for group in stack.of("ec2/securityGroup") if group.get("ingress") or group.get("egress"))


def relay_may_do_nothing(stack: Stack) -> Violations:
    """The relay's role has what Lambda needs for log, interfaces and variables; its code is denied all but the log."""
    if not stack.has_pool:
        return
    relay = _relay(stack)
    found = statements(stack.one("iam/rolePolicy", "-relay-function-policy").get("policy"))
    allowed = {action for one in found if one["Effect"] == "Allow" for action in actions(one)}
    yield from sorted(allowed - OF_THE_RELAY)
    denied = {
        "Effect": "Deny",
        "NotAction": sorted(LOGS),
        "Resource": "*",
        "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": relay.get("arn")}},
    }
    if denied not in [{key: value for key, value in one.items() if key != "Sid"} for one in found]:
        yield f"{relay.name} has its role's permissions"


def only_the_gateway_invokes_and_only_the_relay(stack: Stack) -> Violations:
    """The gateway alone may invoke a function, exactly the relay that it is told of; no service may invoke that."""
    relay = _relay(stack) if stack.has_pool else None
    grants = [
        (policy.name, one["Resource"])
        for policy in stack.of("iam/rolePolicy")
        for one in statements(policy.get("policy"))
        if any(action.startswith("lambda:Invoke") for action in actions(one))
    ]
    gateway, policy = stack.one("lambda/function", "-gateway"), stack.one("iam/rolePolicy", "-gateway-policy")
    if grants != ([(policy.name, relay.get("arn"))] if relay else []):
        yield f"others invoke, or others are invoked: {grants}"
    told = gateway.get("environment.variables", {}).get("LEANTO_RELAY")
    if told != (relay.get("name") if relay else None):
        yield f"{gateway.name} is told of the relay {told}"
    for permission in stack.of("lambda/permission"):
        if relay and permission.get("function") in {relay.get("name"), relay.get("arn")}:
            yield f"{permission.name} lets a service invoke the relay"


def nodes_may_do_what_serving_takes(stack: Stack) -> Violations:
    """A node reads artefacts, writes its boot log, says how it is under its own partition, and nothing else."""
    if not stack.has_pool:
        return
    bucket = stack.one("s3/bucket", "-pool").get("arn")
    below: dict[str, set[str]] = {}
    for one in statements(stack.one("iam/rolePolicy", "-node-policy").get("policy")):
        for action in actions(one):
            places = {str(arn).removeprefix(f"{bucket}/") for arn in as_list(one["Resource"])}
            below.setdefault(action, set()).update(places if action.startswith("s3:") else {""})
        if any(action.startswith("dynamodb:") for action in actions(one)) and _partitions(one) != ["NODES"]:
            yield "a node writes other partitions"
    if below != OF_A_NODE:
        yield f"a node may do {json.dumps({key: sorted(value) for key, value in below.items()})}"


def _relay(stack: Stack) -> Item:
    return stack.one("lambda/function", "-relay-function")


def _relay_group(stack: Stack) -> Any:
    return stack.one("ec2/securityGroup", "-relay-function-group").get("id")


def _nodes(stack: Stack) -> Any:
    return next((group.get("id") for group in stack.of("ec2/securityGroup") if group.name.endswith("-nodes")), None)


def _groups(function: Item) -> list[Any]:
    return as_list(function.get("vpcConfig.securityGroupIds"))


def _between(rule: Item) -> tuple[Any, ...]:
    """Return the groups that a rule for the agent's port is between, its own first; None of any other rule."""
    ports = (rule.get("ipProtocol"), rule.get("fromPort"), rule.get("toPort"))
    both = (rule.get("securityGroupId"), rule.get("referencedSecurityGroupId"))
    return both if ports == ("tcp", NODE_PORT, NODE_PORT) else (None, None)


def _partitions(statement: dict[str, Any]) -> Any:
    return statement.get("Condition", {}).get("ForAllValues:StringEquals", {}).get("dynamodb:LeadingKeys")


CLAIMS: tuple[Claim, ...] = (
    nodes_are_reached_by_the_relay_only,
    nodes_reach_endpoints_only,
    relay_reaches_nodes_only,
    groups_have_no_rules_of_their_own,
    relay_may_do_nothing,
    only_the_gateway_invokes_and_only_the_relay,
    nodes_may_do_what_serving_takes,
)
