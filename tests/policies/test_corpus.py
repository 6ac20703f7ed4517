"""Claim: every rule says of every case of the corpus what the case says it must."""

import pytest

from policies.pack import BY_ID
from policies.runner import Run, evaluate_rule
from tests.policies.corpus import STACK, TODAY, Case, cases, stack_of


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.label)
def test_the_rule_says_what_the_case_expects(case: Case) -> None:
    rule = BY_ID[case.rule]
    run = Run(case.profile, TODAY, {rule.id: case.parameters})
    found = {
        STACK if result.item is None else result.item.name: result.verdict.value
        for result in evaluate_rule(rule, stack_of(case), run.settings(rule))
    }
    assert {name: found.get(name, "not-applicable") for name in case.expect} == dict(case.expect)
