"""What each function and node may do, and on what: all of it, in one place to read."""

from infra.naming import Names
from infra.permissions import (
    BUCKET_CONTEXT,
    SECRET_CONTEXT,
    TABLE_CONTEXT,
    Condition,
    Grant,
    Text,
    use_key,
)

KEYS, CONTROL, BUDGETS, BREAKERS = "KEYS", "CONTROL", "BUDGETS", "BREAKERS"
LIMITS, RATES = "LIMITS", "RATES"
"""Partitions of the table: the clients' keys, the stop flag, what is spent, which upstreams are left alone, what keys
and teams may use, and how much of their minute keys have used."""


def authorizer_grants(names: Names, key_arn: Text) -> tuple[Grant, ...]:
    """Return what the authorizer may do: read keys."""
    return (_items("ReadKeys", names, ("dynamodb:GetItem",), (KEYS,)), _table_key(names, key_arn))


def gateway_grants(
    names: Names, key_arn: Text, secret_arns: tuple[Text, ...], models: tuple[Grant, ...] = ()
) -> tuple[Grant, ...]:
    """Return what the gateway may do: read limits and the stop flag, count; with providers, spend money at them.

    `secret_arns` are of the secrets with providers' keys, `models` what it may do with Bedrock's.
    """
    grants = (
        _items("ReadState", names, ("dynamodb:GetItem",), (KEYS, CONTROL, BREAKERS, LIMITS)),
        _items("CountRequests", names, ("dynamodb:UpdateItem",), (RATES,)),
        _table_key(names, key_arn),
    )
    if not secret_arns and not models:
        return grants
    return (
        *grants,
        _items("SpendMoney", names, ("dynamodb:UpdateItem",), (BUDGETS,)),
        _items("LeaveUpstreamsAlone", names, ("dynamodb:UpdateItem",), (BREAKERS,)),
        *_provider_keys(names, key_arn, secret_arns),
        *models,
    )


def _provider_keys(names: Names, key_arn: Text, secret_arns: tuple[Text, ...]) -> tuple[Grant, ...]:
    if not secret_arns:
        return ()
    via = f"secretsmanager.{names.place.region}.amazonaws.com"
    context = f"kms:EncryptionContext:{SECRET_CONTEXT}"
    only: Condition = {"StringEquals": {"kms:ViaService": via, context: list(secret_arns)}}
    return (
        Grant("ReadProviderKeys", ("secretsmanager:GetSecretValue",), secret_arns),
        Grant("DecryptProviderKeys", ("kms:Decrypt",), (key_arn,), only),
    )


def stop_grants(names: Names, key_arn: Text, alert_topic_arn: Text, *, has_pool: bool) -> tuple[Grant, ...]:
    """Return what the stop function may do: set the stop flag, set the pool to zero, tell people."""
    via = f"sns.{names.place.region}.amazonaws.com"
    publish: Condition = {"StringEquals": {"kms:ViaService": via}}
    grants = (
        _items("SetStopFlag", names, ("dynamodb:GetItem", "dynamodb:UpdateItem"), (CONTROL,)),
        _table_key(names, key_arn),
        Grant("TellPeople", ("sns:Publish",), (alert_topic_arn,)),
        Grant("EncryptNotice", ("kms:Decrypt", "kms:GenerateDataKey"), (key_arn,), publish),
    )
    return (*grants, *_pool_stop(names)) if has_pool else grants


def _pool_stop(names: Names) -> tuple[Grant, Grant]:
    own: Condition = {"StringEquals": {"aws:ResourceTag/leanto:stack": names.stack}}
    return (
        # AWS knows no resource for this action: "*" is the only one it accepts.
        Grant("FindGroup", ("autoscaling:DescribeAutoScalingGroups",), ("*",)),
        Grant("SetGroupToZero", ("autoscaling:UpdateAutoScalingGroup",), (names.group_arn,), own),
    )


def node_grants(names: Names, key_arn: Text, bucket_arn: Text, boot_objects: Text) -> tuple[Grant, ...]:
    """Return what a node may do in this release: leave the reason why it went in the pool's bucket."""
    return (
        Grant("WriteBootLog", ("s3:PutObject",), (boot_objects,)),
        use_key("EncryptBootLog", names, key_arn, "s3", ("kms:GenerateDataKey",), {BUCKET_CONTEXT: bucket_arn}),
    )


def _items(sid: str, names: Names, actions: tuple[str, ...], partitions: tuple[str, ...]) -> Grant:
    only: Condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": list(partitions)}}
    return Grant(sid, actions, (names.table_arn,), only)


def _table_key(names: Names, key_arn: Text) -> Grant:
    return use_key("DecryptTable", names, key_arn, "dynamodb", ("kms:Decrypt",), {TABLE_CONTEXT: names.table})
