"""Who may use the stack's keys: administrators to administer, AWS services on the stack's behalf, nobody for all.

In a key's policy, `Resource: "*"` means the key itself. The account's root as a principal means every identity of the
account whose own policy allows the action as well: two locks.
"""

from infra.naming import Names
from infra.permissions import Condition, Statement, allow, document

THIS_KEY = ("*",)

ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""Everything but use: no administrator reads data by being one."""

USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
PUBLISH = ("kms:Decrypt", "kms:GenerateDataKey")
"""What a service needs to publish to an encrypted topic."""

AUTO_SCALING_ROLE = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def data_key_policy(names: Names) -> dict[str, object]:
    """Return the policy of the key for table, secrets, bundles, functions' variables, logs and topics."""
    return document(
        _administration(names),
        *_through_services(names, ("dynamodb", "lambda", "s3", "secretsmanager", "sns")),
        allow(
            "Logs",
            USE,
            THIS_KEY,
            principal={"Service": f"logs.{names.place.region}.amazonaws.com"},
            condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.log_group_arn("*")}},
        ),
        _publisher("AlarmsPublish", names, "cloudwatch.amazonaws.com", names.arn("cloudwatch", "alarm:*")),
        _publisher("BudgetPublishes", names, "budgets.amazonaws.com", budget_source_arn(names)),
    )


def pool_key_policy(names: Names, *, record_flows: bool) -> dict[str, object]:
    """Return the policy of the key for the nodes' volumes and the pool's bucket."""
    flows = [_flow_logs(names)] if record_flows else []
    return document(_administration(names), *_through_services(names, ("ec2", "s3")), *_auto_scaling(names), *flows)


def budget_source_arn(names: Names) -> str:
    """Return the ARN pattern of the account's budgets, which have no region."""
    return f"arn:{names.place.partition}:budgets::{names.place.account_id}:*"


def _administration(names: Names) -> Statement:
    return allow("Administration", ADMINISTRATION, THIS_KEY, principal={"AWS": names.account_root_arn})


def _through_services(names: Names, services: tuple[str, ...]) -> tuple[Statement, Statement]:
    """Allow identities of the account to use the key through these services, and to grant it to the services."""
    hosts = [f"{service}.{names.place.region}.amazonaws.com" for service in services]
    equals = {"kms:ViaService": hosts, "kms:CallerAccount": names.place.account_id}
    principal = {"AWS": names.account_root_arn}
    granting: Condition = {"StringEquals": equals, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    return (
        allow("UseThroughServices", USE, THIS_KEY, principal=principal, condition={"StringEquals": equals}),
        allow("GrantToServices", ("kms:CreateGrant",), THIS_KEY, principal=principal, condition=granting),
    )


def _publisher(sid: str, names: Names, service: str, source_arn: str) -> Statement:
    condition: Condition = {
        "StringEquals": {"aws:SourceAccount": names.place.account_id},
        "ArnLike": {"aws:SourceArn": source_arn},
    }
    return allow(sid, PUBLISH, THIS_KEY, principal={"Service": service}, condition=condition)


def _auto_scaling(names: Names) -> tuple[Statement, Statement]:
    """Allow Auto Scaling's service-linked role to start nodes with encrypted volumes.

    The role cannot be the principal: in an account that has never had a group it does not exist yet, and AWS refuses a
    policy that names a missing principal. The account's root cannot either, as the role's own policy says nothing of
    keys. So the principal is anybody, and the condition leaves exactly that role.
    """
    role = f"arn:{names.place.partition}:iam::{names.place.account_id}:{AUTO_SCALING_ROLE}"
    only: Condition = {
        "ArnEquals": {"aws:PrincipalArn": role},
        "StringEquals": {"kms:CallerAccount": names.place.account_id},
    }
    granting = {**only, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    anybody = {"AWS": "*"}
    return (
        allow("UseByAutoScaling", USE, THIS_KEY, principal=anybody, condition=only),
        allow("GrantByAutoScaling", ("kms:CreateGrant",), THIS_KEY, principal=anybody, condition=granting),
    )


def _flow_logs(names: Names) -> Statement:
    condition: Condition = {
        "StringEquals": {"aws:SourceAccount": names.place.account_id},
        "ArnLike": {"aws:SourceArn": names.arn("logs", "*")},
    }
    return allow("FlowLogs", USE, THIS_KEY, principal={"Service": "delivery.logs.amazonaws.com"}, condition=condition)
