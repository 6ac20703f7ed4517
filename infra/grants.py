"""What each function and node may do, and on what: all of it, in one place to read."""

import pulumi

from infra.naming import Names
from infra.node import BOOT_PREFIX
from infra.objects import AGENTS, ENGINES, MODELS
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
LIMITS, RATES, NODES = "LIMITS", "RATES", "NODES"
"""Partitions of the table: the clients' keys, the stop flag, what is spent, which upstreams are left alone, what keys
and teams may use, how much of their minute keys have used, and the pool's nodes."""


def authorizer_grants(names: Names, key_arn: Text) -> tuple[Grant, ...]:
    """Return what the authorizer may do: read keys."""
    return (_items("ReadKeys", names, ("dynamodb:GetItem",), (KEYS,)), _table_key(names, key_arn))


def gateway_grants(
    names: Names, key_arn: Text, secret_arns: tuple[Text, ...], models: tuple[Grant, ...] = (), *, has_pool: bool
) -> tuple[Grant, ...]:
    """Return what the gateway may do: read limits and the stop flag, count; with providers, spend money at them.

    `secret_arns` are of the secrets with providers' keys, `models` what it may do with Bedrock's. With a pool it reads
    which nodes there are, and asks them through the relay.
    """
    pool = (
        _items("ReadNodes", names, ("dynamodb:Query",), (NODES,)),
        Grant("AskNodes", ("lambda:InvokeFunction",), (names.function_arn("relay"),)),
    )
    grants = (
        *(pool if has_pool else ()),
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


def network_grants(names: Names) -> tuple[Grant, ...]:
    """Return what Lambda needs to put a function into a network; the function's own code is denied all of it.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html: interfaces are made and deleted by the role of
    the function, and of no interface that there is already.
    """
    interfaces = (
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:UnassignPrivateIpAddresses",
    )
    kinds = ("network-interface", "security-group", "subnet")
    return (
        Grant("KeepInterfaces", interfaces, tuple(names.arn("ec2", f"{kind}/*") for kind in kinds)),
        # AWS knows no resource for these actions: "*" is the only one it accepts.
        Grant("FindInterfaces", ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"), ("*",)),
    )


def node_grants(names: Names, data_key_arn: Text, pool_key_arn: Text, bucket_arn: Text) -> tuple[Grant, ...]:
    """Return what a node may do: read what it serves with, leave its boot log, and say in the table how it is."""

    def below(prefix: str) -> Text:
        return pulumi.Output.concat(bucket_arn, f"/{prefix}*")

    return (
        Grant("ReadArtefacts", ("s3:GetObject",), (below(MODELS), below(ENGINES), below(AGENTS))),
        Grant("WriteBootLog", ("s3:PutObject",), (below(BOOT_PREFIX),)),
        use_key(
            "UseBucket", names, pool_key_arn, "s3", ("kms:Decrypt", "kms:GenerateDataKey"), {BUCKET_CONTEXT: bucket_arn}
        ),
        _items("TellState", names, ("dynamodb:UpdateItem",), (NODES,)),
        _table_key(names, data_key_arn),
    )


def _items(sid: str, names: Names, actions: tuple[str, ...], partitions: tuple[str, ...]) -> Grant:
    only: Condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": list(partitions)}}
    return Grant(sid, actions, (names.table_arn,), only)


def _table_key(names: Names, key_arn: Text) -> Grant:
    return use_key("DecryptTable", names, key_arn, "dynamodb", ("kms:Decrypt",), {TABLE_CONTEXT: names.table})
