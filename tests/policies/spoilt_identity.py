"""How rights and secrets of our own stacks are spoilt: by rule, what is done and how."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.policies.spoiling import GONE, Change, edit, every_input, extra, put
from tests.policies.spoiling_documents import Statement, added, allowing, fields, script, statements
from tests.policies.spoilt_encryption import ACCOUNT, FUNCTION, OPEN, VARIABLES

ROLE = "iam/role"
GRANTS = "iam/rolePolicy"
TRUST = "assumeRolePolicy"
TEMPLATE = "ec2/launchTemplate"
METADATA = "metadataOptions"
SECRET = "sk-ant-api03-" + "Zq7Rt2Lm" * 8
"""Looks like a key of a provider, and is none."""
NEVER_NAMED = (
    "logs:DescribeLogGroups",
    "autoscaling:DescribeAutoScalingGroups",
    "ec2:DescribeNetworkInterfaces",
)
"""Actions that AWS allows on everything or not at all."""
ESCALATING = (
    "iam:PassRole",
    "iam:CreatePolicyVersion",
    "iam:AttachRolePolicy",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "IAM:passrole",
    "iam:*",
)
MANAGED = "arn:aws:iam::aws:policy"


def _everything(old: Statement) -> Iterator[Statement]:
    yield {**old, "Action": "*", "Resource": "*"}
    yield {**old, "Action": ["*:*"], "Resource": ["*"]}
    yield {"Effect": "Allow", "NotAction": "sts:GetCallerIdentity", "Resource": "*"}


def _whole_service(old: Statement) -> Iterator[Statement]:
    service = old["Action"][0].partition(":")[0]
    yield {**old, "Action": f"{service}:*"}
    yield {**old, "Action": [*old["Action"], f"{service.upper()}:*"]}


def _every_resource(old: Statement) -> Iterator[Statement]:
    """Yield a statement for every resource; conditions that say of which data, or by which tag, go as well."""
    if old["Action"][0] not in NEVER_NAMED and old["Effect"] == "Allow":
        keys = json.dumps(old.get("Condition", {}))
        narrowing = GONE if "kms:" in keys or "aws:ResourceTag" in keys else old.get("Condition", GONE)
        for resource in ("*", ["*"], [old["Resource"], "*"]):
            yield from fields(Resource=resource, Condition=narrowing)(old)
        yield {"Effect": "Allow", "Action": old["Action"], "NotResource": "arn:aws:s3:::one"}


def _decrypts_all(old: Statement) -> Iterator[Statement]:
    if "kms:Decrypt" in old["Action"]:
        for resource in ("*", ["arn:aws:kms:*:*:key/*"], f"arn:aws:kms:us-east-1:{ACCOUNT[13:]}:key/*"):
            yield {key: row for key, row in {**old, "Resource": resource}.items() if key != "Condition"}


def _taken_on_by_all(old: Statement) -> Iterator[Statement]:
    for principal in ("*", {"AWS": "*"}, {"AWS": f"{ACCOUNT}:root"}, {"AWS": ["210987654321"]}):
        yield {key: row for key, row in {**old, "Principal": principal}.items() if key != "Condition"}


def _trusting(*rows: Mapping[str, Any]) -> Change:
    return added(ROLE, TRUST, *({"Action": "sts:AssumeRole", **row} for row in rows))


def _in_role(*rows: Statement) -> Change:
    """Put policies with one statement each into a role itself."""
    return put(ROLE, "inlinePolicies", *([{"name": "more", "policy": allowing(row)}] for row in rows))


IDENTITY: Mapping[str, Mapping[str, Change]] = {
    "iam-no-admin": {
        "everything": statements(GRANTS, "policy", _everything),
        "everything as well": added(GRANTS, "policy", {"Action": "*", "Resource": "*"}),
        "everything, in a role": _in_role({"Action": "*", "Resource": "*"}),
        "AWS's policy for administrators": put(
            ROLE, "managedPolicyArns", [f"{MANAGED}/AdministratorAccess"], [f"{MANAGED}/IAMFullAccess"]
        ),
        "an attachment": extra(
            "iam/rolePolicyAttachment", {"role": "r", "policyArn": f"{MANAGED}/AdministratorAccess"}
        ),
    },
    "iam-no-service-wildcard": {
        "a whole service": statements(GRANTS, "policy", _whole_service),
        "every resource": statements(GRANTS, "policy", _every_resource),
        "a whole service, in a role": _in_role({"Action": "dynamodb:*", "Resource": f"{ACCOUNT}:table/one"}),
        "AWS's policy for a service": put(ROLE, "managedPolicyArns", [f"{MANAGED}/AmazonS3FullAccess"]),
    },
    "iam-no-privesc": {
        "more rights": added(GRANTS, "policy", *({"Action": action, "Resource": "*"} for action in ESCALATING)),
        "more rights, in a role": _in_role(*({"Action": action, "Resource": "*"} for action in ESCALATING)),
    },
    "iam-kms-decrypt-scoped": {
        "every key": statements(GRANTS, "policy", _decrypts_all),
        "every key as well": added(GRANTS, "policy", {"Action": ["kms:Decrypt"], "Resource": "*"}),
        "every key, in a role": _in_role({"Action": "kms:*", "Resource": "*"}),
    },
    "iam-trust-scoped": {
        "anyone": statements(ROLE, TRUST, _taken_on_by_all),
        "anyone as well": _trusting({"Principal": "*"}, {"Principal": {"AWS": f"{ACCOUNT}:root"}}),
        "every user of a provider": _trusting(
            {
                "Principal": {"Federated": f"{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
            }
        ),
    },
    "iam-bedrock-scoped": {
        "every model": added(
            GRANTS,
            "policy",
            {"Action": "bedrock:InvokeModel*", "Resource": "*"},
            {"Action": ["bedrock:InvokeModel"], "Resource": "arn:aws:bedrock:*::foundation-model/*"},
        ),
        "every model, in a role": _in_role({"Action": "bedrock:InvokeModel", "Resource": "*"}),
        "AWS's policy": put(ROLE, "managedPolicyArns", [f"{MANAGED}/AmazonBedrockFullAccess"]),
    },
    "imdsv2-required": {
        "without a token": put(TEMPLATE, f"{METADATA}.httpTokens", "optional", GONE),
        "more hops": put(TEMPLATE, f"{METADATA}.httpPutResponseHopLimit", 3, "64"),
        "nothing said": put(TEMPLATE, METADATA, GONE, {}),
    },
    "no-iam-users": {"a user": extra("iam/user", {"name": "ci"}), "a key": extra("iam/accessKey", {"user": "ci"})},
    "launch-template-not-config": {
        "a launch configuration": put("autoscaling/group", "launchConfiguration", "nodes"),
        "the resource": extra("ec2/launchConfiguration", {"imageId": "ami-1", "instanceType": "g6.xlarge"}),
    },
    "no-plaintext-key-env": {
        "a provider's key": put(FUNCTION, f"{VARIABLES}.OPENAI_API_KEY", SECRET, "Zq7Rt2LmZq7Rt2LmZq7Rt2Lm"),
        "a key under any name": edit(FUNCTION, f"{VARIABLES}.*", lambda old: (SECRET,)),
        "a password": put(FUNCTION, f"{VARIABLES}.DATABASE_PASSWORD", "correct-horse-7"),
    },
    "no-secret-user-data": {
        "a key": script(f"export OPENAI_API_KEY={SECRET}", f"curl -H 'x-api-key: {SECRET}' https://x")
    },
    "no-secret-anywhere": {"in any input": every_input(SECRET, but=("environment", "userData"))},
    "no-secret-value-in-state": {
        "a value": extra("secretsmanager/secretVersion", {"secretId": "s", "secretString": SECRET})
    },
    "secret-policy-closed": {"for anyone": added("secretsmanager/secret", "policy", OPEN)},
    "session-logs-encrypted": {
        "shared": extra("ssm/document", {"permissions": {"type": "Share", "accountIds": "all"}})
    },
}
