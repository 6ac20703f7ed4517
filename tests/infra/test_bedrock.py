"""Claim: a stack that leads to Bedrock may invoke exactly its models, past its guardrail, and keeps no key for it."""

import json
from typing import Any

import pytest

from catalog.tables import catalogue
from infra.bedrock import model_grants, signed_models
from infra.declarations import stack_values
from infra.document import deployment_document
from infra.guardrail import Guardrail
from infra.naming import Names, Place
from infra.problems import SettingsError
from infra.settings import Settings, read_settings
from leanto.check.items import policy_stack
from policies.configuration import of_profile
from policies.pack import RULES, guarded, known_types
from policies.runner import Run, Verdict, evaluate
from runtime.gateway.deployment import CONVERSE, ROLE, ProviderUpstream, read_deployment
from tests.infra.synthesised import synthesised
from tests.policies.corpus import TODAY

NAMES = Names("team", Place("aws", "eu-central-1", "123456789012"))
NOVA, PROFILE, MINISTRAL = "amazon.nova-lite-v1:0", "eu.amazon.nova-lite-v1:0", "mistral.ministral-3-8b-instruct"
PROFILE_ARN = f"arn:aws:bedrock:eu-central-1:123456789012:inference-profile/{PROFILE}"
GUARDRAIL_ARN = "arn:aws:bedrock:eu-central-1:123456789012:guardrail/abc123"
ROUTES = [
    {"model": "nova", "provider": "bedrock", "providerModel": PROFILE},
    {"model": "small", "provider": "bedrock", "providerModel": MINISTRAL},
]
CHOICE: dict[str, Any] = {
    "region": "eu-central-1",
    "residency": "eu",
    "providersAllowed": json.dumps(["bedrock"]),
    "routes": json.dumps(ROUTES),
}
GUARDED = CHOICE | {"bedrockGuardrailId": "abc123", "bedrockGuardrailVersion": "4"}


def settings(**changes: Any) -> Settings:
    return read_settings({**stack_values("managed"), **{f"leanto:{key}": value for key, value in changes.items()}})


def statements(*models: str, guardrail: Guardrail | None = None) -> dict[str, dict[str, Any]]:
    return {grant.sid: grant.statement() for grant in model_grants(NAMES, models, guardrail)}


def test_a_model_is_invoked_by_its_name_in_its_region() -> None:
    assert statements(NOVA) == {
        "InvokeModels": {
            "Sid": "InvokeModels",
            "Effect": "Allow",
            "Action": ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
            "Resource": f"arn:aws:bedrock:eu-central-1::foundation-model/{NOVA}",
        }
    }


def test_the_model_behind_a_profile_is_invoked_through_it_only() -> None:
    found = statements(PROFILE)
    assert found["InvokeModels"]["Resource"] == PROFILE_ARN
    assert "Condition" not in found["InvokeModels"]
    behind = found["InvokeModelsThroughProfiles"]
    regions = ["eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"]
    assert behind["Resource"] == [f"arn:aws:bedrock:{region}::foundation-model/{NOVA}" for region in regions]
    assert behind["Condition"] == {"StringEquals": {"bedrock:InferenceProfileArn": [PROFILE_ARN]}}


def test_the_model_behind_a_profile_of_no_known_place_is_invoked_anywhere() -> None:
    behind = statements("global.anthropic.claude-haiku-5-5")["InvokeModelsThroughProfiles"]
    assert behind["Resource"] == "arn:aws:bedrock:*::foundation-model/anthropic.claude-haiku-5-5"


def test_with_a_guardrail_nothing_is_invoked_without_it() -> None:
    found = statements(PROFILE, MINISTRAL, guardrail=Guardrail("abc123", "4"))
    for sid in ("InvokeModels", "InvokeModelsThroughProfiles"):
        equals = found[sid]["Condition"]["StringEquals"]
        assert equals["bedrock:GuardrailIdentifier"] == f"{GUARDRAIL_ARN}:4"
    assert found["ApplyGuardrail"]["Action"] == ["bedrock:ApplyGuardrail"]
    assert found["ApplyGuardrail"]["Resource"] == GUARDRAIL_ARN


def test_without_models_nothing_is_granted() -> None:
    assert statements(guardrail=Guardrail("abc123", "4")) == {}
    assert signed_models(settings(), catalogue()) == ()


def test_the_gateway_reads_what_the_document_says_of_bedrock() -> None:
    document = json.loads(deployment_document(settings(**GUARDED), "team", catalogue()))
    deployment = read_deployment(document)
    provider = deployment.providers["bedrock"]
    assert (provider.auth, provider.base_url) == (ROLE, "https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1")
    assert provider.guardrail is not None
    assert (provider.guardrail.id, provider.guardrail.version) == ("abc123", "4")
    apis = {}
    for name, route in deployment.routes.items():
        upstream = route.upstreams[0]
        assert isinstance(upstream, ProviderUpstream)
        apis[name] = upstream.api
    assert apis == {"nova": CONVERSE, "small": "chat-completions"}


def test_bedrock_needs_no_secret_and_the_gateway_still_spends_by_the_budget() -> None:
    synthesis = synthesised("managed", **CHOICE)
    assert not [row for row in synthesis.owned() if row.type == "aws:secretsmanager/secret:Secret"]
    policies = [row.inputs["policy"] for row in synthesis.owned() if row.type == "aws:iam/rolePolicy:RolePolicy"]
    granted = "".join(map(str, policies))
    assert "InvokeModelsThroughProfiles" in granted
    assert "SpendMoney" in granted


def findings(profile: str, choice: dict[str, Any]) -> set[str]:
    """Return the rules that do not pass for a stack of a profile."""
    stack = policy_stack(synthesised("managed", "prod", **choice), environment="prod")
    run = Run(profile, TODAY, of_profile(profile, RULES).parameters, known_types(), guarded())
    passed = {Verdict.PASS, Verdict.NOT_APPLICABLE}
    return {result.rule.id for result in evaluate(RULES, stack, run) if result.verdict not in passed}


@pytest.mark.parametrize("profile", ["dev", "prod", "eu"])
def test_rules_find_in_a_stack_of_bedrock_only_that_it_has_no_guardrail(profile: str) -> None:
    ours = findings(profile, {"region": "eu-central-1", "residency": "eu"})
    assert findings(profile, CHOICE) - ours == {"guardrail-attached"}
    assert findings(profile, GUARDED) - ours == set()


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"bedrockGuardrailId": "abc123"}, "leanto:bedrockGuardrailVersion"),
        ({"bedrockGuardrailVersion": "1"}, "leanto:bedrockGuardrailId"),
        ({"bedrockGuardrailVersion": "DRAFT"}, "leanto:bedrockGuardrailVersion"),
        (
            {"bedrockGuardrailId": "abc123", "bedrockGuardrailVersion": "1", "providersAllowed": ["openai"]},
            "leanto:bedrockGuardrailId",
        ),
    ],
)
def test_half_a_guardrail_or_one_that_nothing_passes_is_refused(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(**changes)
    assert key in {problem.key for problem in caught.value.problems}
