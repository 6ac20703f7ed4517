"""Statements of IAM and resource policies as plain data. No action is ever a pattern.

Texts may be Pulumi outputs: `Output.json_dumps` turns a document into JSON once all are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pulumi

from infra.naming import Names

Text = pulumi.Input[str]
Condition = Mapping[str, Mapping[str, Any]]
Statement = dict[str, Any]

LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
NO_CONDITION: Condition = MappingProxyType({})
TABLE_CONTEXT = "aws:dynamodb:tableName"
FUNCTION_CONTEXT = "aws:lambda:FunctionArn"
SECRET_CONTEXT = "SecretARN"  # noqa: S105  (the name of a field)
BUCKET_CONTEXT = "aws:s3:arn"
"""What a key's use names: the table, the function, the secret, the bucket that the data belongs to."""


@dataclass(frozen=True)
class Grant:
    """What one function or node may do: a name for the statement, the actions, on what, and when."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[Text, ...]
    condition: Condition = field(default_factory=lambda: NO_CONDITION)

    def statement(self) -> Statement:
        """Return the grant as a statement of an identity's policy."""
        return allow(self.sid, self.actions, self.resources, condition=self.condition)


def allow(
    sid: str,
    actions: tuple[str, ...],
    resources: tuple[Text, ...],
    *,
    principal: Any = None,
    condition: Condition = NO_CONDITION,
) -> Statement:
    """Return a statement that allows; with a principal, one of a resource's policy."""
    return _statement("Allow", sid, principal, actions, resources, condition)


def deny(sid: str, actions: tuple[str, ...], resources: tuple[Text, ...], condition: Condition) -> Statement:
    """Return a statement of a resource's policy that denies to everybody."""
    return _statement("Deny", sid, "*", actions, resources, condition)


def deny_own_code(names: Names, function: str) -> Statement:
    """Return a statement of a function's role that denies its own code everything but to write its log.

    Lambda names the function in the requests of its code and where it writes the log, and in none that it makes for the
    network or the variables: https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html.
    """
    statement: Statement = {"Sid": "OwnCodeOnlyLogs", "Effect": "Deny", "NotAction": list(LOG_ACTIONS), "Resource": "*"}
    return {**statement, "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": names.function_arn(function)}}}


def document(*statements: Statement) -> dict[str, Any]:
    """Return a policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(service: str, condition: Condition = NO_CONDITION) -> dict[str, Any]:
    """Return the trust policy of a role that one service takes on."""
    statement: Statement = {"Sid": "Service", "Effect": "Allow", "Principal": {"Service": service}}
    statement["Action"] = ["sts:AssumeRole"]
    if condition:
        statement["Condition"] = {operator: dict(tests) for operator, tests in condition.items()}
    return document(statement)


def of_account(names: Names) -> Condition:
    """Return the condition that a service acts on behalf of this account, not of another one that names our role."""
    return {"StringEquals": {"aws:SourceAccount": names.place.account_id}}


def tls_only(actions: tuple[str, ...], resources: tuple[Text, ...]) -> Statement:
    """Return a statement that refuses what does not come over TLS."""
    return deny("TlsOnly", actions, resources, {"Bool": {"aws:SecureTransport": "false"}})


def write_logs(names: Names, log_group: str) -> Grant:
    """Grant to write to one log group, which exists already."""
    return Grant("WriteLogs", LOG_ACTIONS, (f"{names.log_group_arn(log_group)}:*",))


def use_key(
    sid: str, names: Names, key_arn: Text, service: str, actions: tuple[str, ...], context: Mapping[str, Text]
) -> Grant:
    """Grant to use a key through one service only, and only for what `context` names."""
    equals: dict[str, Text] = {"kms:ViaService": f"{service}.{names.place.region}.amazonaws.com"}
    equals |= {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
    return Grant(sid, actions, (key_arn,), {"StringEquals": equals})


def _statement(
    effect: str, sid: str, principal: Any, actions: tuple[str, ...], resources: tuple[Text, ...], condition: Condition
) -> Statement:
    statement: Statement = {"Sid": sid, "Effect": effect}
    if principal is not None:
        statement["Principal"] = principal
    statement |= {"Action": list(actions), "Resource": resources[0] if len(resources) == 1 else list(resources)}
    if condition:
        statement["Condition"] = {operator: dict(tests) for operator, tests in condition.items()}
    return statement
