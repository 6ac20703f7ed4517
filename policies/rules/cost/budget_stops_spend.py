"""When the budget is used up, something stops what spends: GPU instances, and calls to managed models."""

from collections.abc import Iterator
from decimal import Decimal

from catalog.fleet import GROUP
from catalog.managed import managed_lines
from catalog.view import Case, View
from policies.estimate import INSTANCE_TYPES, view_of
from policies.gpu_groups import gpu_groups
from policies.reading import Block, Unread
from policies.rule import PROD, NotApplicable, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings, Stack

BUDGET, ACTION = "aws:budgets/budget:Budget", "aws:budgets/budgetAction:BudgetAction"
TOPIC, SUBSCRIPTION = "aws:sns/topic:Topic", "aws:sns/topicSubscription:TopicSubscription"
FULL = Decimal(100)


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look for a way from the budget to a function, or to a policy that AWS applies by itself.

    An action that denies calls stops managed models; instances are started by a role of AWS that no policy reaches, so
    that only a function can stop them.
    """
    view = view_of(Case.WORST, stack, settings)
    groups = tuple(gpu_groups(stack, view))
    managed = _calls_models(view)
    if not groups and not managed:
        raise NotApplicable("the stack has neither GPU instances nor managed models")
    if _calls_function(stack):
        return
    for item, _ in groups:
        yield Problem("", "no budget calls a function that could stop its instances at 100 %", item)
    if managed and not any(_denies(item) for item in stack.of(ACTION)):
        yield Problem("", "nothing stops calls to managed models when the budget is used up")


def _calls_models(view: View) -> bool:
    return any(True for _ in managed_lines(view))


def _calls_function(stack: Stack) -> bool:
    """Return whether a budget of actual costs has a topic that calls a function. Raises Unread when that is open."""
    hidden: Unread | None = None
    for item in stack.of(BUDGET):
        try:
            if _stops(stack, item):
                return True
        except Unread as error:
            hidden = error
    if hidden is not None:
        raise hidden
    return False


def _stops(stack: Stack, budget: Item) -> bool:
    rows = [row for row in budget.props.blocks("notifications") if _is_full(row)]
    topics = [topic for row in rows for topic in stack.targets(budget, row.at("subscriberSnsTopicArns"), TOPIC)]
    calls = [call for topic in topics for call in stack.linked(topic, SUBSCRIPTION, by="topic")]
    return any(call.props.text("protocol") == "lambda" for call in calls)


def _is_full(row: Block) -> bool:
    """Return whether a notification tells a topic of actual costs when the budget is used up, or before."""
    threshold = row.number("threshold")
    reached = threshold is not None and (
        threshold <= FULL or row.text("thresholdType", "PERCENTAGE") == "ABSOLUTE_VALUE"
    )
    return row.text("notificationType") == "ACTUAL" and reached and bool(row.values("subscriberSnsTopicArns"))


def _denies(action: Item) -> bool:
    """Return whether an action applies a policy by itself: one that waits for approval stops nothing at night."""
    kinds = {"APPLY_IAM_POLICY", "APPLY_SCP_POLICY"}
    return action.props.text("actionType") in kinds and action.props.text("approvalModel") == "AUTOMATIC"


RULE = Rule(
    id="budget-stops-spend",
    area="cost",
    title="What spends is stopped when the budget is used up",
    severity=Severity.HIGH,
    levels=PROD,
    types=(BUDGET, ACTION, GROUP),
    guards=("notifications", "approvalModel", "actionType"),
    check_stack=check_stack,
    rationale="A mail at night stops nothing. What AWS counts is up to a day late, so that the stop comes on top of"
    " caps, and does not replace them.",
    fix="Send the budget's notification of ACTUAL costs at 100 percent to a topic that calls a function, which sets the"
    " groups to zero and turns the routes off; for managed models an action with AUTOMATIC approval will do.",
    references={"owasp-llm-2026": ("LLM06",)},
    parameters=(INSTANCE_TYPES,),
)
