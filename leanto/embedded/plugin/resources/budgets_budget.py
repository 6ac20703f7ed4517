"""`aws:budgets/budget:Budget`."""

from datetime import UTC, datetime
from types import MappingProxyType

from leanto.embedded.plugin.budget_rules import (
    COST_TYPES,
    NOTIFICATION_FIELDS,
    as_budget,
    as_notification,
    budget_problems,
    notification_key,
    notification_problems,
    period_start,
    shown_budget,
)
from leanto.embedded.plugin.emulated import EmulatedResource, Problems
from leanto.embedded.plugin.errors import RefusedError, absent
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

MISSING = "NotFoundException"
NOTIFICATIONS = "notifications"


class Budget(EmulatedResource):
    """A budget with its notifications. Moto tells neither subscribers nor tags, and has no UpdateBudget."""

    token = "aws:budgets/budget:Budget"
    regional = False
    replace_on = frozenset({"name"})
    computed = frozenset({"accountId", "arn", "costTypes", "namePrefix", "timePeriodStart"})
    required = frozenset({"budgetType", "timeUnit"})
    auto_name = AutoName(max_length=100)
    taggable = True
    defaults = MappingProxyType({"timePeriodEnd": "2087-06-15_00:00"})
    accepts = frozenset(
        {
            "budgetType", "costFilters", "costTypes", "limitAmount", "limitUnit", "name", "notifications", "tags",
            "timePeriodEnd", "timePeriodStart", "timeUnit",
        }
    )  # fmt: skip
    unordered = frozenset({"costFilters", "notifications"})
    computed_fields = frozenset(f"costTypes.{key}" for key in COST_TYPES)
    side_stored = frozenset({NOTIFICATIONS, "tagsAll"})

    def validate(self, inputs: Props) -> Problems:
        """Return what Budgets or the box refuses."""
        return [*super().validate(inputs), *budget_problems(inputs)]

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the budget with its notifications."""
        self._refuse_notifications(inputs)
        _create(ctx, inputs, period_start(inputs["timeUnit"], datetime.now(UTC)))
        budget_id = f"{ctx.account_id}:{inputs['name']}"
        self.keep(ctx, budget_id, inputs)
        return budget_id

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the budget; its subscribers are those that were kept for the notifications that it still has."""
        budget = _budget(ctx, resource_id)
        if budget is None:
            return None
        kept = self.kept(ctx, resource_id)
        shown = {key: value for key, value in shown_budget(budget).items() if value != [] or key in inputs}
        notifications = _notifications(ctx, budget["BudgetName"], kept.get(NOTIFICATIONS, []))
        if notifications or NOTIFICATIONS in inputs:
            shown[NOTIFICATIONS] = notifications
        return shown | {
            "accountId": ctx.account_id,
            "arn": f"arn:{ctx.partition}:budgets::{ctx.account_id}:budget/{budget['BudgetName']}",
            "tagsAll": kept.get("tagsAll", {}),
        }

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Make the budget anew where moto has no call to change it; when that fails the old one stands again."""
        self._refuse_notifications(news)
        if any(olds.get(key) != news.get(key) for key in {*olds, *news} - {"tags", "tagsAll"}):
            budget = _budget(ctx, resource_id)
            now = datetime.now(UTC)
            started = budget["TimePeriod"]["Start"] if budget else period_start(news["timeUnit"], now)
            client = ctx.client("budgets")
            with absent(MISSING):
                client.delete_budget(AccountId=ctx.account_id, BudgetName=news["name"])
            try:
                _create(ctx, news, started)
            except Exception:
                _create(ctx, olds, started)
                raise
        self.keep(ctx, resource_id, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the budget."""
        del outputs
        with absent(MISSING):
            ctx.client("budgets").delete_budget(AccountId=ctx.account_id, BudgetName=_name(resource_id))

    def _refuse_notifications(self, inputs: Props) -> None:
        """Raise what Budgets raises: at preview some subscribers were not known yet."""
        found = notification_problems(inputs.get(NOTIFICATIONS) or [])
        if found:
            raise RefusedError("CreationLimitExceededException", f"the notifications {found[0]}")


def _name(budget_id: str) -> str:
    return budget_id.partition(":")[2]


def _budget(ctx: Context, budget_id: str) -> Props | None:
    with absent(MISSING):
        found = ctx.client("budgets").describe_budget(AccountId=ctx.account_id, BudgetName=_name(budget_id))
        budget: Props = found["Budget"]
        return budget
    return None


def _create(ctx: Context, inputs: Props, started: datetime) -> None:
    ctx.client("budgets").create_budget(
        AccountId=ctx.account_id,
        Budget=as_budget(inputs, started),
        NotificationsWithSubscribers=[as_notification(one) for one in inputs.get(NOTIFICATIONS) or ()],
    )


def _notifications(ctx: Context, name: str, kept: list[Props]) -> list[Props]:
    found = ctx.client("budgets").describe_notifications_for_budget(AccountId=ctx.account_id, BudgetName=name)
    known = {notification_key(one): one for one in kept}
    shown = []
    for notification in found["Notifications"]:
        # Budgets leaves the threshold's type out where it is a percentage.
        fields = {key: notification.get(api, "PERCENTAGE") for key, api in NOTIFICATION_FIELDS.items()}
        subscribers = known.get(notification_key(fields), {})
        shown.append(fields | {key: value for key, value in subscribers.items() if key not in fields})
    return shown


RESOURCES: tuple[Resource, ...] = (Budget(),)
