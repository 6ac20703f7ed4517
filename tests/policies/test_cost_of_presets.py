"""Claim: our own stacks break no rule about money, and a broken one tells the five largest items with their knobs."""

import datetime as dt
from typing import Any

import pytest

from leanto.check.items import policy_stack
from policies.rules.cost import RULES, monthly_worst_case
from policies.runner import Result, Run, Verdict, evaluate_rule
from policies.stack import Stack
from tests.infra.synthesised import PRESETS, synthesised

TODAY = dt.date(2026, 11, 25)


def stack(preset: str, environment: str, region: str = "us-east-1", *, preview: bool = False) -> Stack:
    return policy_stack(synthesised(preset, environment, preview=preview, region=region), environment=environment)


def results(of: Stack, profile: str, **parameters: Any) -> list[Result]:
    run = Run(profile, TODAY, {monthly_worst_case.RULE.id: parameters})
    return [result for rule in RULES for result in evaluate_rule(rule, of, run.settings(rule))]


def bad(found: list[Result]) -> list[tuple[str, str]]:
    open_ones = {Verdict.FAIL, Verdict.NOT_EVALUATED}
    return [(row.rule.id, row.item.name if row.item else "") for row in found if row.verdict in open_ones]


@pytest.mark.parametrize(("environment", "region"), [("dev", "us-east-1"), ("prod", "eu-central-1")])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_breaks_no_rule_about_money(preset: str, environment: str, region: str) -> None:
    """With the rules' own parameters, where prices are lowest and where they are highest."""
    assert bad(results(stack(preset, environment, region), environment)) == []


@pytest.mark.parametrize("preset", PRESETS)
def test_nothing_about_money_is_left_open_before_a_preset_exists(preset: str) -> None:
    assert bad(results(stack(preset, "prod", preview=True), "prod")) == []


def test_the_message_has_the_five_largest_items_each_with_what_lowers_it() -> None:
    found = results(stack("hybrid", "prod"), "prod", maximumUsd=1000)
    (problem,) = (row for result in found for row in result.problems)
    told = problem.message
    assert "more than the cap of 1000.00 USD" in told
    assert told.count("lowered by") == 5
    assert "lowered by leanto-hybrid-pool-group.maxSize" in told
    assert "methodSettings.settings.throttlingRateLimit" in told
    assert told.endswith("Prices as compared with their sources on 2026-11-23")


def test_prices_that_are_ninety_one_days_old_are_out_of_date() -> None:
    of = stack("managed", "prod")
    for days, expected in ((90, Verdict.PASS), (91, Verdict.FAIL)):
        run = Run("prod", dt.date(2026, 11, 23) + dt.timedelta(days=days))
        rule = next(rule for rule in RULES if rule.id == "no-unpriced-resource")
        assert next(iter(evaluate_rule(rule, of, run.settings(rule)))).verdict is expected
