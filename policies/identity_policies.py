"""Finds what identities may do, wherever a program writes it: policies, inline policies, attachments of AWS's own."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from policies.iam_documents import Check, each_statement
from policies.reading import Value
from policies.rule import Outcome, each
from policies.stack import Item

ROLE = "aws:iam/role:Role"

DOCUMENTS: Mapping[str, str] = MappingProxyType(
    {
        "aws:iam/policy:Policy": "policy",
        "aws:iam/rolePolicy:RolePolicy": "policy",
        "aws:iam/userPolicy:UserPolicy": "policy",
        "aws:iam/groupPolicy:GroupPolicy": "policy",
        "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
    }
)
"""Types that hold one policy of an identity, and the input that holds it."""

ATTACHMENTS: Mapping[str, str] = MappingProxyType(
    {
        ROLE: "managedPolicyArns",
        "aws:iam/policyAttachment:PolicyAttachment": "policyArn",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn",
        "aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
        "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": "policyArns",
        "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": "policyArns",
        "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": "policyArns",
        "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": "managedPolicyArn",
        "aws:ssoadmin/managedPolicyAttachmentsExclusive:ManagedPolicyAttachmentsExclusive": "managedPolicyArns",
    }
)
"""Types that name managed policies by ARN, and the input that names them."""

DOCUMENT_TYPES = (*DOCUMENTS, ROLE)
ALL_TYPES = (*DOCUMENTS, *ATTACHMENTS)
DOCUMENT_INPUTS = ("policy", "inlinePolicy", "inlinePolicies")
ALL_INPUTS = (*DOCUMENT_INPUTS, "policyArn", "policyArns", "managedPolicyArn", "managedPolicyArns")
"""What rules about these types guard."""

MANAGED = re.compile(r"arn:[^:]+:iam::aws:policy/(?:[^/]+/)*([^/]+)", re.IGNORECASE)
ManagedCheck = Callable[[str, str], Iterator[Outcome]]


def each_grant(item: Item, check: Check) -> Iterator[Outcome]:
    """Check each statement of each policy that a resource gives to an identity, for itself."""
    if item.type in DOCUMENTS:
        yield from each_statement(item.props.get(DOCUMENTS[item.type]), check)
    if item.type == ROLE:
        rows = item.props.block_values("inlinePolicies")
        yield from each(rows, lambda row: each_statement(row.block().get("policy"), check))


def each_managed(item: Item, check: ManagedCheck) -> Iterator[Outcome]:
    """Check each managed policy of AWS's own that a resource attaches: `check` gets its name and the path."""
    if item.type in ATTACHMENTS:
        yield from each(item.props.values(ATTACHMENTS[item.type]), lambda value: _managed(value, check))


def _managed(value: Value, check: ManagedCheck) -> Iterator[Outcome]:
    """A policy of the account's own is a resource for itself, whose document is looked at there."""
    found = MANAGED.fullmatch(value.text().strip())
    if found:
        yield from check(found.group(1), value.path)
