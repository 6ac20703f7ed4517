"""The stack has a monthly budget over its own costs that tells people before it is used up."""

from collections.abc import Iterator
from decimal import Decimal

from catalog.free import FREE
from policies.estimate import creates
from policies.reading import Block, Unread, Value
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.stack import Item, Settings, Stack

BUDGET = "aws:budgets/budget:Budget"
EARLY, FULL = Decimal(80), Decimal(100)
SUBSCRIBERS = ("subscriberEmailAddresses", "subscriberSnsTopicArns")


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look for one budget of costs a month that is as it should be; tell of each that is not."""
    if not any(creates(item) and (item.type not in FREE or item.type == BUDGET) for item in stack.items):
        raise NotApplicable("nothing in the stack costs anything")
    good, hidden = False, None
    for item in stack.of(BUDGET):
        try:
            problems = list(_budget(item, settings))
        except NotApplicable:
            continue
        except Unread as error:
            hidden = error
            yield Unevaluated(error.path, error.reason, item)
            continue
        good = True
        yield from problems
    if not good and hidden is not None:
        raise hidden
    if not good:
        yield Problem("", "the stack has no budget of its costs a month")


def _budget(item: Item, settings: Settings) -> Iterator[Problem]:
    props = item.props
    if props.text("budgetType") != "COST" or props.text("timeUnit") != "MONTHLY":
        raise NotApplicable("it is no budget of costs a month")
    limit, cap = props.number("limitAmount"), Decimal(str(settings["maximumUsd"]))
    if limit is None or limit <= 0:
        yield Problem("limitAmount", "it has no fixed limit", item)
    elif limit > cap:
        yield Problem("limitAmount", f"its limit of {limit:f} USD is above {cap:f} USD", item)
    if settings["tagFilter"] and not _by_tag(props):
        yield Problem("costFilters", "it does not add up the costs of this stack's tag", item)
    yield from _notifications(item, props)


def _by_tag(props: Block) -> bool:
    """Return whether a budget counts what carries a tag: by a filter, or by an expression of one."""
    for row in props.blocks("costFilters"):
        if row.text("name") == "TagKeyValue" and row.has("values"):
            return True
    expression = props.block("filterExpression")
    return bool(expression.keys()) and "tags" in str(expression.raw).lower()


def _notifications(item: Item, props: Block) -> Iterator[Problem]:
    actual = [row for row in props.blocks("notifications") if row.text("notificationType") == "ACTUAL"]
    heard = [row for row in actual if any(_named(row, key) for key in SUBSCRIBERS)]
    for most, what in ((EARLY, "at 80 % or before"), (FULL, "at 100 % or before, beside the early one")):
        wanted = 1 if most is EARLY else 2
        if sum(_percent(row, props) <= most for row in heard) < wanted:
            yield Problem("notifications", f"nobody is told of actual costs {what}", item)
    for row in props.blocks("notifications"):
        if len(_named(row, "subscriberSnsTopicArns")) > 1:
            path = row.at("subscriberSnsTopicArns")
            yield Problem(path, "AWS refuses a second topic for a notification", item)


def _percent(row: Block, props: Block) -> Decimal:
    threshold = row.number("threshold")
    if threshold is None:
        return Decimal("Infinity")
    if row.text("thresholdType", "PERCENTAGE") == "PERCENTAGE":
        return threshold
    limit = props.number("limitAmount")
    return threshold / limit * 100 if limit else Decimal("Infinity")


def _named(row: Block, key: str) -> tuple[Value, ...]:
    """Return the subscribers of a kind; one that is not known yet is one."""
    return row.values(key)


RULE = Rule(
    id="budget-present",
    area="cost",
    title="The stack has a monthly budget that tells people in time",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(BUDGET,),
    guards=("limitAmount", "notifications", "costFilters", "timeUnit", "budgetType"),
    check_stack=check_stack,
    rationale="A cap bounds what one thing costs; the budget is what adds everything up, also what nobody thought of.",
    fix="Add a budget of type COST with `timeUnit` MONTHLY, a limit, a filter by the stack's tag, and notifications of"
    " ACTUAL costs at 80 and 100 percent, each with a subscriber. Activate the tag for costs in the payer account.",
    parameters=(
        Parameter(
            "maximumUsd", "number", 5000, "The highest limit of a budget in USD.", minimum=0, defaults={"dev": 500}
        ),
        Parameter("tagFilter", "boolean", True, "Whether a budget must add up the costs of a tag only."),
    ),
)
