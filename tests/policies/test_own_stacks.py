"""Our own stacks hold what the pack demands of everybody, without an exemption."""

import pytest

from leanto.check.items import policy_stack
from policies.pack import RULES
from policies.rule import Level
from policies.runner import Verdict, evaluate
from tests.infra.synthesised import PRESETS, synthesised
from tests.policies.own import OWN, Own, level_of, open_findings

STAYS = {
    "lambda-tracing": "tracing costs by the request and needs a right on everything",
    "secret-rotation": "a provider's key is made at the provider, which offers no way to rotate it from AWS",
}
"""Advice that our stacks do not take, in every environment and profile, with the reason."""
STAYS_IN_DEV = {
    "deletion-protection": "what is tried out is deleted again",
    "vpc-flow-log": "records of an empty network's flows cost more than the network",
}
ALL = pytest.mark.parametrize("own", OWN, ids=lambda own: own.label)


@ALL
def test_no_mandatory_rule_is_broken_or_left_open(own: Own) -> None:
    """Nothing mandatory fails, and nothing mandatory could not be looked at."""
    found = open_findings(own, Level.MANDATORY)
    assert found == {}, "\n" + "\n".join(line for lines in found.values() for line in lines)


@ALL
def test_advice_not_taken_is_listed_with_a_reason(own: Own) -> None:
    """What advisory rules find is known and explained: nothing else appears."""
    known = STAYS if own.environment == "prod" else STAYS | STAYS_IN_DEV
    found = open_findings(own, Level.ADVISORY)
    assert set(found) <= set(known), "\n" + "\n".join(line for lines in found.values() for line in lines)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preview_breaks_no_rule(preset: str) -> None:
    """Before anything exists little is known: rules wait for it, and none stumbles."""
    own = Own(preset, "prod", "prod")
    stack = policy_stack(synthesised(preset, "prod", preview=True), environment="prod")
    results = evaluate(RULES, stack, own.run)
    mandatory = {rule.id for rule in RULES if level_of(rule, "prod") is Level.MANDATORY}
    found = [row.message for result in results for row in result.problems if result.rule.id in mandatory]
    assert found == []
    assert [row.message for result in results for row in result.problems if "itself failed" in row.message] == []


def test_every_reason_is_still_needed() -> None:
    """Each piece of advice that is listed as not taken is given to some stack of ours."""
    found = {rule for own in OWN for rule in open_findings(own, Level.ADVISORY)}
    assert set(STAYS) | set(STAYS_IN_DEV) == found


@ALL
def test_rules_have_something_to_look_at(own: Own) -> None:
    """A clean stack is one that was looked at: rules of several areas pass on resources of it."""
    passing = {result.rule.id for result in own.results if result.verdict is Verdict.PASS and result.item}
    assert {"iam-no-admin", "kms-rotation", "api-route-auth", "s3-public-blocked", "required-tags"} <= passing
