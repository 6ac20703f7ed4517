"""A budget as the official provider writes it and as AWS Budgets takes it, and what Budgets refuses; pure.

Figures: API reference of Budgets: CreateBudget, CreateNotification, Subscriber.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin.emulated import Problems, one_of
from leanto.embedded.plugin.resource import Props

MAXIMUM_NOTIFICATIONS = 10
MAXIMUM_EMAIL_SUBSCRIBERS = 10
MAXIMUM_SNS_SUBSCRIBERS = 1
TIME_FORMAT = "%Y-%m-%d_%H:%M"
COST_TYPES = MappingProxyType(
    {
        "includeCredit": True,
        "includeDiscount": True,
        "includeOtherSubscription": True,
        "includeRecurring": True,
        "includeRefund": True,
        "includeSubscription": True,
        "includeSupport": True,
        "includeTax": True,
        "includeUpfront": True,
        "useAmortized": False,
        "useBlended": False,
    }
)
NOTIFICATION_FIELDS = MappingProxyType(
    {
        "comparisonOperator": "ComparisonOperator",
        "notificationType": "NotificationType",
        "threshold": "Threshold",
        "thresholdType": "ThresholdType",
    }
)
SUBSCRIBERS = MappingProxyType({"subscriberEmailAddresses": "EMAIL", "subscriberSnsTopicArns": "SNS"})
_NAME = re.compile(r"[^:\\]{1,100}")


def budget_problems(inputs: Props) -> Problems:
    """Return (property, reason) for everything that Budgets refuses in the known inputs of a budget."""
    problems = [
        *one_of(inputs, "budgetType", ("COST", "USAGE")),
        *one_of(inputs, "timeUnit", ("ANNUALLY", "DAILY", "MONTHLY", "QUARTERLY")),
        *_limit_problems(inputs),
        *(("notifications", reason) for reason in notification_problems(inputs.get("notifications") or [])),
    ]
    name = inputs.get("name")
    if name is not None and not _NAME.fullmatch(name):
        problems.append(("name", f"is {name!r}, Budgets takes 1 to 100 characters without : and \\"))
    return problems + [
        (key, f"is {inputs[key]!r}, which is no time such as 2026-01-31_00:00")
        for key in ("timePeriodStart", "timePeriodEnd")
        if key in inputs and _moment(inputs[key]) is None
    ]


def _limit_problems(inputs: Props) -> Problems:
    amount, unit = inputs.get("limitAmount"), inputs.get("limitUnit")
    problems: Problems = []
    if amount is not None and not _is_positive(amount):
        problems.append(("limitAmount", f"is {amount!r}, Budgets takes a number above 0 as text"))
    if inputs.get("budgetType") == "COST" and unit not in {None, "USD"}:
        problems.append(("limitUnit", f"is {unit!r}, the cost of an account is budgeted in USD"))
    return problems


def _is_positive(text: Any) -> bool:
    try:
        return Decimal(str(text)) > 0
    except InvalidOperation:
        return False


def notification_problems(notifications: list[Props]) -> list[str]:
    """Return what Budgets refuses with `CreationLimitExceededException` or `InvalidParameterException`."""
    found = []
    if len(notifications) > MAXIMUM_NOTIFICATIONS:
        found.append(f"are {len(notifications)}, Budgets takes at most {MAXIMUM_NOTIFICATIONS} in a budget")
    keys = [notification_key(one) for one in notifications]
    if len(set(keys)) != len(keys):
        found.append("repeat: two have the same type, comparison, threshold and threshold type")
    for one in notifications:
        emails, topics = (one.get(key) or [] for key in SUBSCRIBERS)
        if not emails and not topics:
            found.append(f"hold {notification_key(one)} without a subscriber; give an address or a topic")
        if len(topics) > MAXIMUM_SNS_SUBSCRIBERS:
            found.append(f"hold {notification_key(one)} with {len(topics)} topics, Budgets takes one")
        if len(emails) > MAXIMUM_EMAIL_SUBSCRIBERS:
            limit = MAXIMUM_EMAIL_SUBSCRIBERS
            found.append(f"hold {notification_key(one)} with {len(emails)} addresses, Budgets takes at most {limit}")
    return found


def notification_key(notification: Props) -> str:
    """Return what tells one notification of a budget from the others."""
    parts = [notification.get("notificationType"), notification.get("comparisonOperator")]
    threshold = notification.get("threshold")
    parts += [f"{threshold:g}" if isinstance(threshold, int | float) else threshold, notification.get("thresholdType")]
    return " ".join(str(part) for part in parts)


def period_start(time_unit: str, now: datetime) -> datetime:
    """Return where a budget begins that names no start: with the day, month, quarter or year of `now`."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first_month = {"DAILY": now.month, "MONTHLY": now.month, "QUARTERLY": (now.month - 1) // 3 * 3 + 1}
    return day if time_unit == "DAILY" else day.replace(month=first_month.get(time_unit, 1), day=1)


def as_budget(inputs: Props, started: datetime) -> Props:
    """Return the budget as CreateBudget takes it; it begins at `started` unless the program says when."""
    period = {
        "Start": _moment(inputs["timePeriodStart"]) if "timePeriodStart" in inputs else started,
        "End": _moment(inputs["timePeriodEnd"]),
    }
    budget: Props = {
        "BudgetName": inputs["name"],
        "BudgetType": inputs["budgetType"],
        "TimeUnit": inputs["timeUnit"],
        "TimePeriod": period,
        "CostFilters": {one["name"]: one["values"] for one in inputs.get("costFilters") or ()},
    }
    if inputs.get("limitAmount") is not None:
        budget["BudgetLimit"] = {"Amount": str(inputs["limitAmount"]), "Unit": inputs.get("limitUnit", "USD")}
    if inputs["budgetType"] == "COST":
        types = {**COST_TYPES, **(inputs.get("costTypes") or {})}
        budget["CostTypes"] = {key[0].upper() + key[1:]: value for key, value in types.items()}
    return budget


def as_notification(notification: Props) -> Props:
    """Return a notification with its subscribers as CreateBudget takes them."""
    return {
        "Notification": {api: notification[key] for key, api in NOTIFICATION_FIELDS.items()},
        "Subscribers": [
            {"SubscriptionType": kind, "Address": address}
            for key, kind in SUBSCRIBERS.items()
            for address in notification.get(key) or ()
        ],
    }


def shown_budget(budget: Props) -> Props:
    """Return a budget of DescribeBudget as the official provider shows it."""
    limit, period = budget.get("BudgetLimit"), budget["TimePeriod"]
    types = budget.get("CostTypes") or {}
    return {
        "budgetType": budget["BudgetType"],
        "costFilters": [{"name": name, "values": values} for name, values in budget.get("CostFilters", {}).items()],
        "costTypes": {key[0].lower() + key[1:]: value for key, value in types.items()},
        "limitAmount": limit["Amount"] if limit else None,
        "limitUnit": limit["Unit"] if limit else None,
        "name": budget["BudgetName"],
        "namePrefix": "",
        "timePeriodEnd": _text(period["End"]),
        "timePeriodStart": _text(period["Start"]),
        "timeUnit": budget["TimeUnit"],
    }


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.strptime(str(text), TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(TIME_FORMAT)
