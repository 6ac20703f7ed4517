"""Claims about who may do what."""

import json
import re

from tests.infra.claims.stack import POLICY_PROPERTIES, Claim, Stack, Violations, actions, all_statements, as_list

ONLY_ANY_RESOURCE = frozenset(
    {
        "autoscaling:DescribeAutoScalingGroups",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "logs:DescribeLogGroups",
    }
)
"""Actions for which AWS takes no narrower resource (Service Authorization Reference)."""
SERVICES = frozenset({"lambda.amazonaws.com", "apigateway.amazonaws.com", "ec2.amazonaws.com"})
METHOD_OF_A_STAGE = re.compile(r":execute-api:[^*]+/[^*/]+/(GET|POST)/\*$")
SECRET_LIKE = re.compile(r"(sk|hf|gsk|xai)[-_][A-Za-z0-9]{8}|A(KIA|SIA)[A-Z0-9]{12}|-----BEGIN")


def no_action_is_a_pattern(stack: Stack) -> Violations:
    """No policy allows an action by a pattern."""
    for item, statement in all_statements(stack, *POLICY_PROPERTIES):
        if statement["Effect"] == "Allow" and (
            "NotAction" in statement or any("*" in one for one in actions(statement))
        ):
            yield f"{item.name}: {statement.get('Sid')}"


def no_resource_is_everything(stack: Stack) -> Violations:
    """A role may do something to everything only where AWS knows no narrower resource."""
    for item, statement in all_statements(stack, "iam/rolePolicy"):
        wide = "*" in as_list(statement.get("Resource")) or "NotResource" in statement
        if statement["Effect"] == "Allow" and wide and not set(actions(statement)) <= ONLY_ANY_RESOURCE:
            yield f"{item.name}: {statement.get('Sid')}"


def roles_are_for_one_service(stack: Stack) -> Violations:
    """A role is taken on by exactly one AWS service; Lambda only on behalf of this account."""
    for item, statement in all_statements(stack, "iam/role"):
        service = statement["Principal"].get("Service") if isinstance(statement["Principal"], dict) else None
        if service not in SERVICES or actions(statement) != ["sts:AssumeRole"]:
            yield item.name
        if service == "lambda.amazonaws.com" and "aws:SourceAccount" not in json.dumps(statement.get("Condition", {})):
            yield f"{item.name} trusts Lambda on behalf of any account"


def each_function_has_its_own_role(stack: Stack) -> Violations:
    """No two functions have the same role, and each role has one policy."""
    functions = stack.of("lambda/function")
    roles = [function.get("role") for function in functions]
    yield from (function.name for function in functions if roles.count(function.get("role")) > 1)
    policies = [policy.get("role") for policy in stack.of("iam/rolePolicy")]
    yield from (role.name for role in stack.of("iam/role") if policies.count(role.get("name")) != 1)


def keys_are_used_through_one_service(stack: Stack) -> Violations:
    """A role may use a key only through the service whose data it may read."""
    for item, statement in all_statements(stack, "iam/rolePolicy"):
        uses_key = any(action.startswith("kms:") for action in actions(statement))
        if uses_key and "kms:ViaService" not in statement.get("Condition", {}).get("StringEquals", {}):
            yield f"{item.name}: {statement.get('Sid')}"


def table_is_read_by_partition(stack: Stack) -> Violations:
    """A role reaches only its own partitions of the table."""
    for item, statement in all_statements(stack, "iam/rolePolicy"):
        reads = any(action.startswith("dynamodb:") for action in actions(statement))
        if reads and "dynamodb:LeadingKeys" not in json.dumps(statement.get("Condition", {})):
            yield f"{item.name}: {statement.get('Sid')}"


def functions_are_invoked_by_one_source(stack: Stack) -> Violations:
    """A service invokes a function only for one method of the API, an authorizer or a topic of this stack."""
    for permission in stack.of("lambda/permission"):
        source = permission.get("sourceArn", "")
        if permission.get("principal", "*") == "*" or not is_one_source(source):
            yield permission.name


def is_one_source(arn: str) -> bool:
    """Return whether an ARN names one thing; all paths of one method of a stage count as one."""
    return bool(arn) and "*" not in METHOD_OF_A_STAGE.sub("", arn)


def variables_are_encrypted_and_no_secrets(stack: Stack) -> Violations:
    """Functions' variables are encrypted with the stack's key, and none of them is a secret."""
    for function in stack.of("lambda/function"):
        if ":key/" not in function.get("kmsKeyArn", ""):
            yield f"{function.name} is not encrypted with the stack's key"
        if SECRET_LIKE.search(json.dumps(function.get("environment.variables", {}))):
            yield f"{function.name} has a secret among its variables"


CLAIMS: tuple[Claim, ...] = (
    no_action_is_a_pattern,
    no_resource_is_everything,
    roles_are_for_one_service,
    each_function_has_its_own_role,
    keys_are_used_through_one_service,
    table_is_read_by_partition,
    functions_are_invoked_by_one_source,
    variables_are_encrypted_and_no_secrets,
)
