"""Claim: a stack that can call managed models costs its spending limit at worst, and has no end without one."""

import json
from decimal import Decimal
from typing import Any

import pytest

from catalog.deployed import DeployedResource
from catalog.month import estimate, month
from catalog.pricing import Line, Unbounded, Unknown
from catalog.usage import Usage
from catalog.view import Case

LAYER, SECRET = "aws:lambda/layerVersion:LayerVersion", "aws:secretsmanager/secret:Secret"


def layer(name: str = "document", **document: Any) -> DeployedResource:
    code = {"assets": {"leanto/deployment.json": {"text": json.dumps(document)}}}
    return DeployedResource(LAYER, name, {"code": code})


def models(case: Case, *resources: DeployedResource, usage: Usage | None = None) -> Line | None:
    lines = [line for line in month(case, resources, "us-east-1", usage) if line.item == "managed.models"]
    return lines[0] if lines else None


def limited(micro_usd: Any) -> DeployedResource:
    return layer(providers={"openai": {}}, limits={"monthly_spend_micro_usd": micro_usd})


def test_the_gateways_limit_is_what_models_cost_at_worst() -> None:
    worst, expected = (models(case, limited(50_000_000)) for case in (Case.WORST, Case.EXPECTED))
    assert worst is not None
    assert expected is not None
    assert (worst.low, worst.high) == (Decimal(50), Decimal(50))
    assert worst.knob == "limits.monthly_spend_micro_usd in leanto/deployment.json"
    assert expected.high == Decimal("12.5"), "a quarter of it, as declared"
    assert models(Case.IDLE, limited(50_000_000)) is None


@pytest.mark.parametrize("wrong", [None, "50000000", True, -1, 1.5])
def test_a_limit_that_is_none_bounds_nothing(wrong: Any) -> None:
    line = models(Case.WORST, limited(wrong))
    assert line is not None
    assert isinstance(line.high, Unbounded)


def environment(**variables: str) -> dict[str, Any]:
    return {"environment": {"variables": variables}}


@pytest.mark.parametrize(
    "caller",
    [
        DeployedResource(SECRET, "openai-key", {}),
        DeployedResource(SECRET, "key", {"name": "prod/Anthropic"}),
        DeployedResource("aws:lambda/function:Function", "f", environment(MISTRAL_SECRET_ARN="arn")),
        DeployedResource("aws:iam/rolePolicy:RolePolicy", "p", {"policy": '{"Action": "bedrock:InvokeModel"}'}),
        DeployedResource("aws:iam/policy:Policy", "p", {"policy": {"Action": ["Bedrock:*"]}}),
        DeployedResource("aws:iam/role:Role", "p", {"inlinePolicies": [{"policy": '{"Action":"bedrock:Converse"}'}]}),
    ],
    ids=["secret", "secret's name", "variable", "permission", "document as object", "inline policy"],
)
def test_whoever_can_call_models_needs_a_limit(caller: DeployedResource) -> None:
    line = models(Case.WORST, caller)
    assert line is not None
    assert isinstance(line.high, Unbounded)
    assert line.resources == (caller.name,)
    declared = models(Case.WORST, caller, usage=Usage(managed_usd=Decimal(20)))
    assert declared is not None
    assert declared.high == Decimal(20)
    expected = models(Case.EXPECTED, caller)
    assert expected is not None
    assert isinstance(expected.high, Unknown)


def test_a_stack_without_models_has_no_line_for_them() -> None:
    others = [
        DeployedResource(SECRET, "database", {"name": "prod/database"}),
        layer(providers={}, limits={}),
        DeployedResource(LAYER, "code", {"code": {"path": "layer.zip"}}),
        DeployedResource("aws:iam/policy:Policy", "p", {"policy": '{"Action": "s3:GetObject"}'}),
    ]
    assert [models(case, *others) for case in Case] == [None, None, None]


def test_a_broken_document_is_none() -> None:
    broken = DeployedResource(LAYER, "l", {"code": {"assets": {"leanto/deployment.json": {"text": "{"}}}})
    assert estimate([broken], "us-east-1").worst == ()


@pytest.mark.parametrize("code", [Unknown("later"), {"assets": {"leanto/deployment.json": {"hash": "x"}}}])
def test_a_document_that_cannot_be_read_may_hold_a_limit(code: Any) -> None:
    line = models(Case.WORST, DeployedResource(LAYER, "l", {"code": code}), DeployedResource(SECRET, "openai", {}))
    assert line is not None
    assert isinstance(line.high, Unknown)
    assert line.high.unread
