"""Claim: every rule says of every case of the corpus what the case says it must, offline and as a policy pack."""

from functools import cache

import pytest

from catalog.families import canonical
from policies.pack import BY_ID, run_of
from policies.rule import Rule
from policies.runner import evaluate_rule
from tests.policies.corpus import STACK, TODAY, Case, cases, exemptions_of, stack_of, urn_of
from tests.policies.servicer import Driven, verdict


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.label)
def test_the_rule_says_what_the_case_expects(case: Case) -> None:
    rule = BY_ID[case.rule]
    problems = exemptions_of(case).problems
    run = run_of(case.profile, TODAY, {rule.id: case.parameters}, problems)
    found = {
        STACK if result.item is None else result.item.name: result.verdict.value
        for result in evaluate_rule(rule, stack_of(case), run.settings(rule))
    }
    assert {name: found.get(name, "not-applicable") for name in case.expect} == dict(case.expect)


@cache
def driven(rule: str) -> Driven:
    """Return one servicer a rule: with all of them in each, this file would take three times as long."""
    return Driven((BY_ID[rule],))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.label)
def test_the_rule_says_the_same_as_a_policy_pack_under_pulumi(case: Case) -> None:
    rule = BY_ID[case.rule]
    level = rule.levels.of(case.profile).value
    configuration = {"profile": {"name": case.profile}, rule.id: {"enforcementLevel": level, **case.parameters}}
    told = driven(rule.id).run(stack_of(case), configuration, exemptions=exemptions_of(case))
    urns = {STACK: ""} | {row["name"]: urn_of(row) for row in case.resources}
    types = {row["name"]: row["type"] for row in case.resources}
    expected = {
        name: "fine" if wanted in {"pass", "not-applicable"} else wanted
        for name, wanted in case.expect.items()
        if name == STACK or can_be_told(rule, types[name])
    }
    found = {name: verdict(rule.id, urns[name], told) for name in expected}
    assert {name: "fine" if seen == "pass" else seen for name, seen in found.items()} == expected


def can_be_told(rule: Rule, kind: str) -> bool:
    return rule.check_stack is not None or rule.applies_to(canonical(kind))
