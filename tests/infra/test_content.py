"""Claim: a guardrail of a route is complete or refused, may be applied and no more, and its price is known."""

import json
from typing import Any

import pytest

from infra.content import POLICIES
from leanto.check.items import policy_stack
from policies.configuration import of_profile
from policies.pack import RULES, guarded, known_types
from policies.runner import Run, Verdict, evaluate
from runtime.gateway.deployment import read_deployment
from tests.infra.synthesised import synthesised
from tests.infra.test_document import document
from tests.infra.test_settings import problem_keys, settings
from tests.infra.wrong_settings import GPU, LOCAL, ROUTE
from tests.policies.corpus import TODAY

GUARDRAIL = {"id": "abc123", "version": "4", "onInput": "block", "onFailure": "closed"}
BOTH = GUARDRAIL | {"onOutput": "mask", "outputBuffer": "whole"}
PLACE = "routes[0].guardrail"


def routes(**guardrail: Any) -> list[dict[str, Any]]:
    return [{**ROUTE, "guardrail": guardrail}]


def without(name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != name}


@pytest.mark.parametrize(
    ("guardrail", "key"),
    [
        (without("onFailure", GUARDRAIL), f"{PLACE}.onFailure"),
        (without("id", GUARDRAIL), f"{PLACE}.id"),
        (without("version", GUARDRAIL), f"{PLACE}.version"),
        (without("onInput", GUARDRAIL), f"{PLACE}.onInput"),
        (GUARDRAIL | {"version": "DRAFT"}, f"{PLACE}.version"),
        (GUARDRAIL | {"onInput": "warn"}, f"{PLACE}.onInput"),
        (GUARDRAIL | {"onOutput": "block"}, f"{PLACE}.outputBuffer"),
        (GUARDRAIL | {"outputBuffer": "whole"}, f"{PLACE}.outputBuffer"),
        (BOTH | {"outputBuffer": 199}, f"{PLACE}.outputBuffer"),
        (BOTH | {"outputBuffer": "some"}, f"{PLACE}.outputBuffer"),
        (GUARDRAIL | {"policies": ["words"]}, f"{PLACE}.policies[0]"),
    ],
)
def test_half_a_guardrail_is_refused(guardrail: dict[str, Any], key: str) -> None:
    assert problem_keys(routes=routes(**guardrail)) == {key}


def test_where_no_price_is_known_no_guardrail_is_set() -> None:
    assert problem_keys(region="eu-north-1", routes=routes(**GUARDRAIL)) == {f"{PLACE}.policies"}
    assert problem_keys(region="eu-north-1", routes=[ROUTE]) == set()


def test_the_gateway_reads_it_with_its_prices() -> None:
    found = read_deployment(document("managed", routes=routes(**BOTH, policies=["content", "topics"]))).routes["small"]
    check = found.content_check
    assert check is not None
    assert check.url == "https://bedrock-runtime.us-east-1.amazonaws.com/guardrail/abc123/version/4/apply"
    assert (check.on_input, check.on_output, check.fails_open, check.buffer_characters) == ("block", "mask", False, 0)
    assert check.assumed == ("contentPolicyUnits", "topicPolicyUnits")
    assert check.rates == {
        "contentPolicyUnits": 150_000,
        "topicPolicyUnits": 150_000,
        "sensitiveInformationPolicyUnits": 100_000,
        "contextualGroundingPolicyUnits": 100_000,
    }
    assert set(check.rates) == {member for member, _ in POLICIES.values()}


def test_a_part_of_a_stream_and_failing_open_are_told() -> None:
    routed = routes(**BOTH | {"outputBuffer": "500", "onFailure": "open"})
    check = read_deployment(document("managed", routes=routed)).routes["small"].content_check
    assert check is not None
    assert (check.buffer_characters, check.fails_open) == (500, True)


def test_bedrock_elsewhere_has_its_guardrails_there() -> None:
    changes = {
        "providersAllowed": ["openai", "bedrock"],
        "providerBaseUrls": {"bedrock": "http://127.0.0.1:9/openai/v1"},
        "routes": routes(**GUARDRAIL),
    }
    assert document("managed", **changes)["routes"][0]["content_check"]["base_url"] == "http://127.0.0.1:9"


def test_off_unless_set_and_a_stack_of_nodes_pays_for_it_from_its_limit() -> None:
    assert "content_check" not in json.dumps(document("managed"))
    assert document("gpu")["limits"]["monthly_spend_micro_usd"] == 0
    found = document("gpu", routes=[{**LOCAL, "guardrail": GUARDRAIL}])
    assert found["limits"]["monthly_spend_micro_usd"] == 50_000_000
    assert settings(**GPU).routes[0].guardrail is None


def test_the_gateway_may_apply_exactly_the_guardrails_of_routes() -> None:
    other = {**ROUTE, "model": "other", "guardrail": GUARDRAIL | {"id": "def456"}}
    synthesis = synthesised("managed", routes=json.dumps([*routes(**GUARDRAIL), other]))
    statements = [
        statement
        for row in synthesis.owned()
        if row.type == "aws:iam/rolePolicy:RolePolicy"
        for statement in json.loads(row.inputs["policy"])["Statement"]
    ]
    found = [one for one in statements if "bedrock" in json.dumps(one)]
    assert [(one["Sid"], one["Action"]) for one in found] == [("CheckContent", ["bedrock:ApplyGuardrail"])]
    assert [arn.split(":")[2:4] + arn.split(":")[5:] for arn in found[0]["Resource"]] == [
        ["bedrock", "us-east-1", "guardrail/abc123"],
        ["bedrock", "us-east-1", "guardrail/def456"],
    ]


def test_no_rule_finds_anything_in_it() -> None:
    def findings(**changes: Any) -> set[str]:
        stack = policy_stack(synthesised("managed", "prod", **changes), environment="prod")
        run = Run("prod", TODAY, of_profile("prod", RULES).parameters, known_types(), guarded())
        passed = {Verdict.PASS, Verdict.NOT_APPLICABLE}
        return {result.rule.id for result in evaluate(RULES, stack, run) if result.verdict not in passed}

    assert findings(routes=json.dumps(routes(**BOTH))) == findings()
