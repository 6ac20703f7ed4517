"""Claim: a budget and whom it tells are read back as they are, and what AWS Budgets refuses is refused."""

from datetime import UTC, datetime

import pytest

from leanto.embedded.plugin.budget_rules import period_start
from leanto.embedded.plugin.registry import resource_of
from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.refusals import delete, failures, read, refused, update
from tests.embedded.plugin.sample import World
from tests.embedded.plugin.samples_budgets import BUDGET, TOPIC_ARN, budget, notification, spend_more

TWO_TOPICS = notification(50, subscriberSnsTopicArns=[TOPIC_ARN, f"{TOPIC_ARN}-2"])


@pytest.mark.parametrize(
    ("changes", "key", "word"),
    [
        ({"notifications": [TWO_TOPICS]}, "notifications", "2 topics"),
        ({"notifications": [notification(50, subscriberEmailAddresses=[])]}, "notifications", "without a subscriber"),
        ({"notifications": [notification(50, subscriberEmailAddresses=[f"{n}@example.com" for n in range(11)])]},
         "notifications", "at most 10"),
        ({"notifications": [notification(50), notification(50.0)]}, "notifications", "repeat"),
        ({"notifications": [notification(n) for n in range(11)]}, "notifications", "at most 10 in a budget"),
        ({"limitAmount": "many"}, "limitAmount", "number"),
        ({"limitAmount": "0"}, "limitAmount", "above 0"),
        ({"limitUnit": "EUR"}, "limitUnit", "USD"),
        ({"timeUnit": "WEEKLY"}, "timeUnit", "MONTHLY"),
        ({"budgetType": "CO2"}, "budgetType", "COST"),
        ({"name": "a:b"}, "name", "without :"),
        ({"timePeriodStart": "2026-01-31"}, "timePeriodStart", "2026-01-31_00:00"),
        ({"plannedLimits": []}, "plannedLimits", "does not emulate"),
    ],
)  # fmt: skip
def test_what_budgets_or_the_box_refuses_is_refused_before_anything_is_made(
    changes: Props, key: str, word: str
) -> None:
    assert word in failures(BUDGET, budget(**changes))[key]


def test_a_second_topic_that_is_known_late_is_refused_with_the_code_of_aws(world: World) -> None:
    """At preview the ARN of a topic that is yet to be made is unknown, so that Check cannot count it."""
    context = world.backend.context(world.configuration)
    inputs = {**budget(notifications=[TWO_TOPICS]), "name": "cap", "timePeriodEnd": "2087-06-15_00:00"}
    with refused("CreationLimitExceededException", "2 topics"):
        resource_of(BUDGET).create(context, inputs)
    assert world.client("budgets").describe_budgets(AccountId=world.backend.account_id)["Budgets"] == []


def test_a_budget_is_named_and_read_as_the_official_provider_does(world: World) -> None:
    state = world.create(BUDGET, budget())
    account_id, name = world.backend.account_id, state.outputs["name"]
    assert state.resource_id == f"{account_id}:{name}"
    assert state.outputs["arn"] == f"arn:aws:budgets::{account_id}:budget/{name}"
    assert state.outputs["accountId"] == account_id
    assert "region" not in state.outputs
    assert state.outputs["costTypes"]["includeTax"] is True
    assert state.outputs["timePeriodEnd"] == "2087-06-15_00:00"
    assert state.outputs["timePeriodStart"].endswith("-01_00:00")
    assert state.outputs["tagsAll"]["Name"] == "cap"
    delete(world, BUDGET, state)


def test_limit_filter_and_notifications_reach_budgets(world: World) -> None:
    made = world.make(BUDGET, **budget())
    client, account_id = world.client("budgets"), world.backend.account_id
    found = client.describe_budget(AccountId=account_id, BudgetName=made["name"])["Budget"]
    assert found["BudgetLimit"] == {"Amount": "50", "Unit": "USD"}
    assert found["CostFilters"] == {"TagKeyValue": ["user:leanto:stack$prod"]}
    told = client.describe_notifications_for_budget(AccountId=account_id, BudgetName=made["name"])["Notifications"]
    assert sorted((one["NotificationType"], one["Threshold"]) for one in told) == [("ACTUAL", 80), ("FORECASTED", 100)]


def test_a_notification_that_somebody_deletes_shows(world: World) -> None:
    state = world.create(BUDGET, budget())
    gone = {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": 80,
        "ThresholdType": "PERCENTAGE",
    }
    world.client("budgets").delete_notification(
        AccountId=world.backend.account_id, BudgetName=state.outputs["name"], Notification=gone
    )
    seen = read(world, BUDGET, state)
    assert seen is not None
    assert [one["threshold"] for one in seen.inputs["notifications"]] == [100]
    assert seen.inputs["notifications"][0]["subscriberSnsTopicArns"] == [TOPIC_ARN]
    delete(world, BUDGET, state)


def test_a_raised_limit_shows_and_is_put_right(world: World) -> None:
    state = world.create(BUDGET, budget())
    spend_more(world, state.resource_id)
    seen = read(world, BUDGET, state)
    assert seen is not None
    assert seen.inputs["limitAmount"] == "5000"
    repaired = update(world, BUDGET, seen, **budget())
    assert repaired.outputs["limitAmount"] == "50"
    assert len(repaired.outputs["notifications"]) == 2
    delete(world, BUDGET, repaired)


def test_an_update_that_fails_leaves_the_old_budget(world: World) -> None:
    """Moto has no UpdateBudget: the budget is made anew, and must not be lost on the way."""
    state = world.create(BUDGET, budget())
    with pytest.raises(Exception, match="Unknown parameter"):
        update(world, BUDGET, state, costTypes={"includeEverything": True})
    seen = read(world, BUDGET, state)
    assert seen is not None
    assert seen.inputs == state.inputs
    delete(world, BUDGET, state)


def test_an_update_keeps_the_start_of_the_period(world: World) -> None:
    state = world.create(BUDGET, budget(timePeriodStart="2025-03-01_00:00"))
    changed = update(world, BUDGET, state, timePeriodStart=None, limitAmount="60")
    assert changed.outputs["timePeriodStart"] == "2025-03-01_00:00"
    delete(world, BUDGET, changed)


@pytest.mark.parametrize(
    ("unit", "day"),
    [("DAILY", (2026, 8, 17)), ("MONTHLY", (2026, 8, 1)), ("QUARTERLY", (2026, 7, 1)), ("ANNUALLY", (2026, 1, 1))],
)
def test_a_budget_begins_with_the_day_month_quarter_or_year(unit: str, day: tuple[int, int, int]) -> None:
    assert period_start(unit, datetime(2026, 8, 17, 12, 30, tzinfo=UTC)) == datetime(*day, tzinfo=UTC)
