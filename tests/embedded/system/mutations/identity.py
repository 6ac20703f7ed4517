"""What is spoilt of roles, permissions and variables."""

import json

import pulumi
import pulumi_aws as aws

from tests.embedded.system.claims import identity
from tests.embedded.system.mutate import GONE, M, Made, of, one, put, statement, trust

NOT_A_KEY = "sk-aaaaaaaaaaaaaaaa"
"""Has the form of a secret, and is none."""


def _attached_policy(made: Made) -> pulumi.Resource:
    role = one(made, "iam/role", "-api-logging-role")
    rights = {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": ["*"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    policy = aws.iam.Policy("extra-policy", policy=document, opts=pulumi.ResourceOptions(parent=role))
    opts = pulumi.ResourceOptions(parent=policy)
    return aws.iam.RolePolicyAttachment("extra-attachment", role=role.name, policy_arn=policy.id, opts=opts)


FIRST = (
    M(
        identity.no_action_is_a_pattern,
        "all of DynamoDB",
        "iam/rolePolicy",
        "-authorizer-policy",
        statement("ReadKeys", "Action", ["dynamodb:*"]),
    ),
    M(
        identity.no_resource_is_everything,
        "every group",
        "iam/rolePolicy",
        "-stop-policy",
        statement("SetGroupToZero", "Resource", "*"),
    ),
    M(
        identity.roles_have_no_policies_of_others,
        "one of the account",
        "iam/rolePolicyAttachment",
        "extra-attachment",
        add=_attached_policy,
        named=of("role"),
    ),
    M(
        identity.roles_are_for_one_service,
        "any account's functions",
        "iam/role",
        "-gateway-role",
        trust("Condition", GONE),
    ),
    M(
        identity.keys_are_used_through_one_service,
        "anything",
        "iam/rolePolicy",
        "-gateway-policy",
        statement("DecryptTable", "Condition", GONE),
    ),
    M(
        identity.functions_are_invoked_by_one_source,
        "any topic",
        "lambda/permission",
        "-stop-permission",
        put("source_arn", GONE),
    ),
    M(
        identity.variables_are_encrypted,
        "with Lambda's own key",
        "lambda/function",
        "-authorizer",
        put("kms_key_arn", GONE),
    ),
    M(
        identity.variables_hold_no_secret,
        "a provider's key",
        "lambda/function",
        "-gateway",
        put("environment.variables.OPENAI_API_KEY", NOT_A_KEY),
    ),
)

SECOND = (
    M(
        identity.no_action_is_a_pattern,
        "all but one",
        "iam/rolePolicy",
        "-stop-policy",
        statement("WriteLogs", "Action", ["logs:Put*"]),
    ),
    M(
        identity.roles_are_for_one_service,
        "anybody",
        "iam/role",
        "-node-role",
        trust("Principal", {"AWS": "*"}),
    ),
)
