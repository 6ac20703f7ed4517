"""Claims about who reaches the pool's nodes, and what nodes and relay may do."""

from collections.abc import Iterator
from typing import Any

from tests.embedded.system.account import Account, Claim, Violations
from tests.infra.claims.reach import LOGS, NODE_PORT, OF_A_NODE, OF_THE_RELAY
from tests.infra.claims.stack import actions, as_list

TO_AGENTS, HTTPS = ("tcp", NODE_PORT, NODE_PORT), ("tcp", 443, 443)
Rule = dict[str, Any]


def nodes_are_reached_by_the_relay_only(account: Account) -> Violations:
    """The one thing that rules let in is TLS to the agents of nodes, from the group of the one function beside them."""
    for rule in _rules(account, out=False):
        if rule["GroupId"] not in _node_groups(account) or not _is_between_groups(rule, _relay_groups(account)):
            yield f"{rule['SecurityGroupRuleId']} lets something else in"


def nodes_reach_endpoints_only(account: Account) -> Violations:
    """Nodes reach nothing but the addresses of the endpoints, on port 443."""
    for rule in _rules(account, out=True):
        leads_to_endpoint = rule.get("PrefixListId") and _ports(rule) == HTTPS
        if rule["GroupId"] in _node_groups(account) and not leads_to_endpoint:
            yield f"{rule['SecurityGroupRuleId']} leads elsewhere"


def relay_reaches_nodes_only(account: Account) -> Violations:
    """What is in the network beside nodes, the relay, reaches nothing but their agents, and has no group of theirs."""
    for rule in _rules(account, out=True):
        if rule["GroupId"] not in _node_groups(account) and not _is_between_groups(rule, _node_groups(account)):
            yield f"{rule['SecurityGroupRuleId']} leads elsewhere"
    for function in _in_networks(account):
        if set(function["VpcConfig"]["SecurityGroupIds"]) & _node_groups(account):
            yield f"{function['FunctionName']} has the rules of nodes"


def relay_may_do_nothing(account: Account) -> Violations:
    """A function in the network has a role for log, interfaces and variables; its code is denied all but the log."""
    for function in _in_networks(account):
        denied = {"ArnEquals": {"lambda:SourceFunctionArn": function["FunctionArn"]}}
        found = list(_of_role(account, function["Role"]))
        for policy, statement in found:
            if statement["Effect"] == "Allow" and not set(actions(statement)) <= OF_THE_RELAY:
                yield f"{policy}: {statement.get('Sid')} lets it do more"
        if not any(_denies_all_but_logs(one) and one.get("Condition") == denied for _, one in found):
            yield from (f"{policy}: its code may do what the role may" for policy in {policy for policy, _ in found})


def functions_in_the_network_are_the_only_ones_invoked(account: Account) -> Violations:
    """A role may invoke a function only if that is in the network, and each by its name; there it may do nothing."""
    arns = {function["FunctionArn"] for function in _in_networks(account)}
    for policy, statement in account.role_statements():
        invokes = any(action.startswith("lambda:Invoke") for action in actions(statement))
        if invokes and not set(as_list(statement["Resource"])) <= arns:
            yield f"{policy}: {statement.get('Sid')} invokes other functions"


def gateway_knows_the_relay(account: Account) -> Violations:
    """A function that is told of a relay is told of one that is in the network."""
    names = {function["FunctionName"] for function in _in_networks(account)}
    for function in account.functions():
        relay = function.get("Environment", {}).get("Variables", {}).get("LEANTO_RELAY")
        if relay is not None and relay not in names:
            yield f"{function['FunctionName']} is told of {relay}"


def nodes_may_do_what_serving_takes(account: Account) -> Violations:
    """A node reads artefacts, writes its boot log, says how it is under its own partition, and nothing else."""
    roles = account.listed("iam", "list_instance_profiles", "InstanceProfiles[].Roles[].Arn")
    for policy, statement in (found for role in roles for found in _of_role(account, role)):
        for action in actions(statement):
            places = {str(arn).partition(":::")[2].partition("/")[2] for arn in as_list(statement["Resource"])}
            if action not in OF_A_NODE or (action.startswith("s3:") and places != OF_A_NODE[action]):
                yield f"{policy}: {statement.get('Sid')} lets a node do more"
        condition = statement.get("Condition", {}).get("ForAllValues:StringEquals", {})
        writes = any(action.startswith("dynamodb:") for action in actions(statement))
        if writes and condition.get("dynamodb:LeadingKeys") != ["NODES"]:
            yield f"{policy}: {statement.get('Sid')} is about more than nodes"


def _rules(account: Account, *, out: bool) -> list[Rule]:
    """Return the rules of all security groups but the default ones."""
    groups = {
        group["GroupId"] for group in account.ec2("describe_security_groups", "SecurityGroups[?GroupName!='default']")
    }
    rules = account.listed("ec2", "describe_security_group_rules", "SecurityGroupRules[]")
    return [rule for rule in rules if rule["GroupId"] in groups and rule["IsEgress"] is out]


def _ports(rule: Rule) -> tuple[Any, ...]:
    return (rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"))


def _is_between_groups(rule: Rule, others: set[str]) -> bool:
    """Return whether a rule is about the agents' port and another group, one of `others`."""
    return _ports(rule) == TO_AGENTS and rule.get("ReferencedGroupInfo", {}).get("GroupId") in others


def _node_groups(account: Account) -> set[str]:
    return {
        group
        for _, data in account.launch_templates()
        for interface in data.get("NetworkInterfaces", [])
        for group in interface.get("Groups", [])
    }


def _in_networks(account: Account) -> list[dict[str, Any]]:
    return [one for one in account.functions() if one.get("VpcConfig", {}).get("SubnetIds")]


def _relay_groups(account: Account) -> set[str]:
    return {group for one in _in_networks(account) for group in one["VpcConfig"]["SecurityGroupIds"]}


def _of_role(account: Account, arn: str) -> Iterator[tuple[str, dict[str, Any]]]:
    name = arn.rpartition("/")[2]
    return (found for found in account.role_statements() if found[0].partition(":")[0] == name)


def _denies_all_but_logs(statement: dict[str, Any]) -> bool:
    kinds = (statement["Effect"], statement.get("Resource"))
    return kinds == ("Deny", "*") and set(as_list(statement.get("NotAction"))) == LOGS


CLAIMS: tuple[Claim, ...] = (
    nodes_are_reached_by_the_relay_only,
    nodes_reach_endpoints_only,
    relay_reaches_nodes_only,
    relay_may_do_nothing,
    functions_in_the_network_are_the_only_ones_invoked,
    gateway_knows_the_relay,
    nodes_may_do_what_serving_takes,
)
