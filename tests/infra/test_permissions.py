"""Permissions: what functions may do is what their code does, and every action that is named exists."""

import asyncio
import json
import re
from functools import cache
from pathlib import Path

import botocore.session
import pytest

from infra.grants import authorizer_grants, gateway_grants, node_grants, stop_grants
from infra.naming import Names, Place
from infra.permissions import Grant
from runtime.state.breakers import BREAKER_PARTITION
from runtime.state.budgets import BUDGET_PARTITION
from runtime.state.keys import KEY_PARTITION
from runtime.state.limits import LIMIT_PARTITION
from runtime.state.nodes import NODE_PARTITION
from runtime.state.rates import RATE_PARTITION
from runtime.state.table import CONTROL_PARTITION
from tests.infra.claims.stack import POLICY_PROPERTIES, actions, all_statements
from tests.infra.synthesised import PRESETS, ROOT, stack_of, synthesised

NAMES = Names("team", Place("aws", "eu-central-1", "123456789012"))
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:alert"
BUCKET = "arn:aws:s3:::pool"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:openai"

NO_OPERATION = {
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "s3:ListBucket",
    "s3:*",
    "execute-api:Invoke",
    "sts:AssumeRole",
    "lambda:InvokeFunction",
}
"""Permissions that are not called like an operation (Service Authorization Reference)."""


@cache
def operations(service: str) -> frozenset[str]:
    """Return what the AWS SDK can call of a service."""
    name = {"lambda": "lambda", "logs": "logs"}.get(service, service)
    return frozenset(botocore.session.Session().get_service_model(name).operation_names)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_action_that_a_policy_names_exists(preset: str) -> None:
    """A mistyped action is accepted by AWS, and allows nothing."""
    named = {
        action
        for _, statement in all_statements(stack_of(synthesised(preset, "prod"), "prod"), *POLICY_PROPERTIES)
        for action in actions(statement)
    }
    unknown = {
        action
        for action in named - NO_OPERATION
        if action.partition(":")[2] not in operations(action.partition(":")[0])
    }
    assert unknown == set()


CALLS = re.compile(
    r'"(?:secretsmanager\.|[A-Za-z]+_\d+\.)?((?:Get|Put|Update|Delete|Query|Describe|Set|Publish)[A-Za-z]*)"'
)


def called_operations(folder: Path) -> set[str]:
    """Return the names of AWS operations that the code under a folder spells out."""
    known = set().union(*(operations(service) for service in ("dynamodb", "secretsmanager", "autoscaling", "sns")))
    return {name for path in folder.rglob("*.py") for name in CALLS.findall(path.read_text()) if name in known}


def test_functions_may_do_what_their_code_does_and_nothing_else() -> None:
    grants = (
        *authorizer_grants(NAMES, KEY),
        *gateway_grants(NAMES, KEY, (SECRET,), has_pool=True),
        *stop_grants(NAMES, KEY, TOPIC, has_pool=True),
    )
    # The relay is invoked by its address, without the name of an operation.
    elsewhere = ("kms:", "lambda:")
    allowed = {action for grant in grants for action in grant.actions if not action.startswith(elsewhere)}
    assert {action.partition(":")[2] for action in allowed} == called_operations(ROOT / "runtime")


async def of_nodes() -> tuple[Grant, ...]:
    """Return what nodes may do; Pulumi joins names in an event loop only."""
    return node_grants(NAMES, KEY, KEY, BUCKET)


def test_the_stop_function_writes_the_stop_flag_the_gateway_what_is_counted_and_nobody_anything_else() -> None:
    reading = {"dynamodb:GetItem", "dynamodb:Query"}
    grants = {
        "authorizer": authorizer_grants(NAMES, KEY),
        "gateway": gateway_grants(NAMES, KEY, (SECRET,), has_pool=True),
        "gateway without providers": gateway_grants(NAMES, KEY, (), has_pool=False),
        "stop": stop_grants(NAMES, KEY, TOPIC, has_pool=True),
        "node": asyncio.run(of_nodes()),
    }
    writing = {
        (who, grant.actions, partition)
        for who, all_of_it in grants.items()
        for grant in all_of_it
        if any(action.startswith("dynamodb:") for action in grant.actions) and not set(grant.actions) <= reading
        for partition in grant.condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
    }
    assert writing == {
        ("gateway", ("dynamodb:UpdateItem",), BUDGET_PARTITION),
        ("gateway", ("dynamodb:UpdateItem",), BREAKER_PARTITION),
        ("gateway", ("dynamodb:UpdateItem",), RATE_PARTITION),
        ("gateway without providers", ("dynamodb:UpdateItem",), RATE_PARTITION),
        ("node", ("dynamodb:UpdateItem",), NODE_PARTITION),
        ("stop", ("dynamodb:GetItem", "dynamodb:UpdateItem"), CONTROL_PARTITION),
    }


def test_the_gateway_reads_what_it_looks_up_and_never_what_it_only_counts() -> None:
    (reading,) = [
        grant
        for grant in gateway_grants(NAMES, KEY, (SECRET,), has_pool=True)
        if grant.actions == ("dynamodb:GetItem",)
    ]
    partitions = reading.condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
    assert set(partitions) == {KEY_PARTITION, CONTROL_PARTITION, BREAKER_PARTITION, LIMIT_PARTITION}


@pytest.mark.parametrize(("has_pool", "partitions"), [(True, [[NODE_PARTITION]]), (False, [])])
def test_the_gateway_of_a_pool_finds_nodes_and_no_other_lists_anything(has_pool: bool, partitions: list[str]) -> None:
    grants = gateway_grants(NAMES, KEY, (SECRET,), has_pool=has_pool)
    listing = [grant for grant in grants if "dynamodb:Query" in grant.actions]
    assert [one.condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"] for one in listing] == partitions
    invoking = [grant.resources for grant in grants if "lambda:InvokeFunction" in grant.actions]
    assert invoking == ([(NAMES.function_arn("relay"),)] if has_pool else [])


def test_without_providers_the_gateway_reads_no_secret() -> None:
    assert "secretsmanager" not in json.dumps(
        [grant.statement() for grant in gateway_grants(NAMES, KEY, (), has_pool=False)]
    )


def test_the_gateway_reads_the_secrets_of_its_providers_only() -> None:
    statements = [grant.statement() for grant in gateway_grants(NAMES, KEY, (SECRET,), has_pool=True)]
    (reading,) = [one for one in statements if one["Action"] == ["secretsmanager:GetSecretValue"]]
    assert reading["Resource"] == SECRET


def test_without_a_pool_the_stop_function_touches_no_group() -> None:
    statements = [grant.statement() for grant in stop_grants(NAMES, KEY, TOPIC, has_pool=False)]
    assert "autoscaling" not in json.dumps(statements)


def test_the_stop_function_changes_this_stacks_group_only() -> None:
    statements = [grant.statement() for grant in stop_grants(NAMES, KEY, TOPIC, has_pool=True)]
    (setting,) = [one for one in statements if one["Action"] == ["autoscaling:UpdateAutoScalingGroup"]]
    assert setting["Resource"].endswith(":autoScalingGroupName/leanto-team-pool")
    assert setting["Condition"] == {"StringEquals": {"aws:ResourceTag/leanto:stack": "team"}}
