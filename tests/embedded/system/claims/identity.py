"""Claims about who may do what, and what functions know."""

import json

from tests.embedded.system.account import Account, Claim, Violations, statements
from tests.infra.claims.identity import ONLY_ANY_RESOURCE, SECRET_LIKE, SERVICES, is_one_source
from tests.infra.claims.stack import actions, as_list


def no_action_is_a_pattern(account: Account) -> Violations:
    """No role may do something that a pattern names, or everything but something."""
    for policy, statement in account.role_statements():
        pattern = "NotAction" in statement or any("*" in action for action in actions(statement))
        if statement["Effect"] == "Allow" and pattern:
            yield f"{policy}: {statement.get('Sid')} allows a pattern"


def no_resource_is_everything(account: Account) -> Violations:
    """A role may do something to everything only where AWS knows no narrower resource for the action."""
    for policy, statement in account.role_statements():
        wide = "NotResource" in statement or "*" in as_list(statement.get("Resource"))
        if statement["Effect"] == "Allow" and wide and not set(actions(statement)) <= ONLY_ANY_RESOURCE:
            yield f"{policy}: {statement.get('Sid')} is about everything"


def roles_have_no_policies_of_others(account: Account) -> Violations:
    """What a role may do stands in the role itself; none of AWS's wide policies is attached to it."""
    for role in account.roles():
        attached = account.listed(
            "iam", "list_attached_role_policies", "AttachedPolicies[].PolicyName", RoleName=role["RoleName"]
        )
        yield from (f"{role['RoleName']} has the policy {name}" for name in attached)


def roles_are_for_one_service(account: Account) -> Violations:
    """A role is taken on by exactly one AWS service; Lambda only on behalf of this account."""
    for role in account.roles():
        for statement in statements(role["AssumeRolePolicyDocument"]):
            principal = statement["Principal"]
            service = principal.get("Service") if isinstance(principal, dict) and len(principal) == 1 else None
            if service not in SERVICES or actions(statement) != ["sts:AssumeRole"]:
                yield f"{role['RoleName']} is for others than a service"
            condition = statement.get("Condition", {}).get("StringEquals", {})
            if service == "lambda.amazonaws.com" and condition.get("aws:SourceAccount") != account.account_id:
                yield f"{role['RoleName']} trusts Lambda on behalf of any account"


def keys_are_used_through_one_service(account: Account) -> Violations:
    """A role may use a key only through the service whose data it may read."""
    for policy, statement in account.role_statements():
        uses_key = any(action.startswith("kms:") for action in actions(statement))
        if uses_key and not statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService"):
            yield f"{policy}: {statement.get('Sid')} uses a key for anything"


def functions_are_invoked_by_one_source(account: Account) -> Violations:
    """A service invokes a function only for one method of an API, an authorizer or a topic."""
    for function in account.functions():
        policy = account.asked("lambda", "get_policy", FunctionName=function["FunctionName"]).get("Policy")
        for statement in statements(policy) if policy else ():
            source = statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "")
            if not isinstance(statement["Principal"], dict) or not is_one_source(source):
                yield f"{statement['Sid']} lets others invoke {function['FunctionName']}"


def variables_are_encrypted(account: Account) -> Violations:
    """Functions' variables are encrypted with a key of the account's own."""
    for function in account.functions():
        if not account.is_own_key(function.get("KMSKeyArn")):
            yield f"{function['FunctionName']} is not encrypted with the account's key"


def variables_hold_no_secret(account: Account) -> Violations:
    """No variable of a function looks like a secret."""
    for function in account.functions():
        for name, value in function.get("Environment", {}).get("Variables", {}).items():
            if SECRET_LIKE.search(json.dumps(value)):
                yield f"{function['FunctionName']} has a secret in {name}"


CLAIMS: tuple[Claim, ...] = (
    no_action_is_a_pattern,
    no_resource_is_everything,
    roles_have_no_policies_of_others,
    roles_are_for_one_service,
    keys_are_used_through_one_service,
    functions_are_invoked_by_one_source,
    variables_are_encrypted,
    variables_hold_no_secret,
)
