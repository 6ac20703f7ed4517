"""No identity can give itself more rights than it has: by IAM's own actions, or by taking on another's role."""

import re
from collections.abc import Iterator

from policies.iam_conditions import narrows_resources
from policies.iam_documents import Statement, any_resource
from policies.identity_policies import DOCUMENT_INPUTS, DOCUMENT_TYPES, each_grant
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

PASS_ROLE = "iam:PassRole"  # noqa: S105 - an action

ESCALATING = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:CreateServiceSpecificCredential",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:ResetServiceSpecificCredential",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAccessKey",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "codebuild:UpdateProject",
    "ec2:ReplaceIamInstanceProfileAssociation",
    "glue:UpdateDevEndpoint",
    "glue:UpdateJob",
    "lambda:UpdateFunctionCode",
    "sagemaker:CreatePresignedDomainUrl",
    "sagemaker:CreatePresignedNotebookInstanceUrl",
    "ssm:SendCommand",
    "ssm:StartSession",
)
"""Actions that, on resources of every name, lead to the rights of another identity (the escalation paths that Rhino
Security Labs and pathfinding.cloud describe; AWS service authorization reference)."""

OF_ANY_SERVICE = frozenset({"iam:passedtoservice"})
EVERY_NAME = re.compile(
    r"arn:[^:]*:(?:iam|lambda|glue|ssm|ec2|codebuild|sagemaker):[^:]*:[^:]*:"
    r"(?:\*+|(?:role|user|group|policy|instance-profile|function|instance|document|project|job|devendpoint"
    r"|notebook-instance|user-profile)[:/][*/]+)",
    re.IGNORECASE,
)
"""ARNs that name a kind of resource, and every one of that kind."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each statement of each policy that the resource holds."""
    del settings
    yield from each_grant(item, _statement)


def _statement(statement: Statement) -> Iterator[Outcome]:
    found = statement.granted((*ESCALATING, PASS_ROLE))
    if not found or not _on_every_name(statement):
        return
    at = statement.at("NotAction" if statement.has("NotAction") else "Action")
    # A role passed to one service only is still any role: that service then acts with an administrator's.
    if PASS_ROLE in found and not narrows_resources(statement, OF_ANY_SERVICE):
        yield Problem(at, "the statement lets the identity pass every role of the account to a service")
    others = [action for action in found if action != PASS_ROLE]
    if others and not narrows_resources(statement):
        named = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        yield Problem(at, f"the identity can give itself another's rights by {named}")


def _on_every_name(statement: Statement) -> bool:
    if statement.has("NotResource"):
        return True
    return statement.any_of(
        "Resource", lambda text: any_resource(text) or EVERY_NAME.fullmatch(text.strip()) is not None
    )


RULE = Rule(
    id="iam-no-privesc",
    area="identity",
    title="No identity can raise its own rights",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=DOCUMENT_TYPES,
    guards=DOCUMENT_INPUTS,
    check=check,
    rationale="Rights that lead to other rights are worth as much as the strongest of those, whatever the policy says.",
    fix="Allow the action on the ARNs of the roles, policies or functions that are meant; for iam:PassRole name the"
    " roles and add a condition on iam:PassedToService.",
    references={
        "checkov": ("CKV_AWS_286", "CKV_AWS_287"),
        "trivy": ("AWS-0342",),
        "guard": ("no_wildcard_resource_on_passrole",),
    },
)
