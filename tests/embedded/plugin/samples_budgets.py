"""Samples of AWS Budgets."""

from typing import Any

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World

BUDGET = "aws:budgets/budget:Budget"
TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:stop"


def notification(threshold: float, **changes: Any) -> Props:
    return {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": "ACTUAL",
        "threshold": threshold,
        "thresholdType": "PERCENTAGE",
        "subscriberEmailAddresses": ["team@example.com"],
        **changes,
    }


def budget(**changes: Any) -> Props:
    return {
        "budgetType": "COST",
        "timeUnit": "MONTHLY",
        "limitAmount": "50",
        "limitUnit": "USD",
        "costFilters": [{"name": "TagKeyValue", "values": ["user:leanto:stack$prod"]}],
        "notifications": [
            notification(80),
            notification(100, notificationType="FORECASTED", subscriberSnsTopicArns=[TOPIC_ARN]),
        ],
        "tags": {"Name": "cap"},
        **changes,
    }


def spend_more(world: World, budget_id: str) -> None:
    """Raise the limit behind Pulumi's back; moto has no call for it, so that the budget is made anew."""
    account_id, _, name = budget_id.partition(":")
    client = world.client("budgets")
    found = client.describe_budget(AccountId=account_id, BudgetName=name)["Budget"]
    client.delete_budget(AccountId=account_id, BudgetName=name)
    keys = ("BudgetName", "BudgetType", "TimeUnit", "TimePeriod", "CostFilters", "CostTypes")
    raised = {**{key: found[key] for key in keys}, "BudgetLimit": {"Amount": "5000", "Unit": "USD"}}
    client.create_budget(AccountId=account_id, Budget=raised)


SAMPLES = (
    Sample(
        BUDGET,
        lambda _: budget(),
        update={
            "limitAmount": "75.5",
            "notifications": [notification(90, subscriberSnsTopicArns=[TOPIC_ARN])],
            "costFilters": [{"name": "Service", "values": ["AWS Lambda"]}],
            "tags": {"Name": "higher cap"},
        },
        replace={"name": "other"},
        drift=spend_more,
        drifted=frozenset({"limitAmount", "notifications"}),
    ),
    Sample(
        BUDGET,
        lambda _: {
            "name": "plain",
            "budgetType": "COST",
            "timeUnit": "MONTHLY",
            "limitAmount": "10.0",
            "limitUnit": "USD",
            "timePeriodStart": "2026-01-01_00:00",
        },
        variant="plain",
        update={"timePeriodEnd": "2030-01-01_00:00", "notifications": [notification(50)]},
    ),
)
