"""Every log group keeps its lines for a set time, and every function has a log group that does."""

from collections.abc import Iterator

from policies.iam_documents import any_known
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, each_item
from policies.stack import Item, Settings, Stack

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FUNCTION = "aws:lambda/function:Function"
OWN_PREFIX = "/aws/lambda/"


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at log groups, and at functions, whose log group AWS would make to keep lines for ever."""
    if not stack.of(LOG_GROUP, FUNCTION):
        raise NotApplicable("the stack has no log group and no function")
    bounds = (int(settings["minimumDays"]), int(settings["maximumDays"]))
    yield from each_item(stack.of(LOG_GROUP), lambda group: _kept(group, *bounds))
    yield from each_item(stack.of(FUNCTION), lambda function: _function(stack, function))


def _kept(group: Item, minimum: int, maximum: int) -> Iterator[Outcome]:
    # The class for delivery keeps lines for two days, and nobody can change that.
    if group.props.text("logGroupClass").strip().upper() == "DELIVERY":
        return
    days = group.props.number("retentionInDays", 0)
    if not days:
        yield Problem("retentionInDays", f"lines are kept for ever: expected {minimum} to {maximum} days")
    elif not minimum <= days <= maximum:
        yield Problem("retentionInDays", f"lines are kept for {days:f} days: expected {minimum} to {maximum}")


def _function(stack: Stack, function: Item) -> Iterator[Outcome]:
    path = "loggingConfig.logGroup"
    if stack.targets(function, path, LOG_GROUP):
        return
    named = function.props.block("loggingConfig").text("logGroup")
    if named and not named.startswith(OWN_PREFIX):
        # A group of another name that is not in this stack is somebody's, who keeps it as they say.
        return
    if not any_known(stack.of(LOG_GROUP), lambda group: _is_of(stack, group, function)):
        yield Problem(path, "AWS makes the function a log group that keeps lines for ever")


def _is_of(stack: Stack, group: Item, function: Item) -> bool:
    """Tell whether a log group is the one that Lambda would take: by the name, or made from the function's."""
    if function in stack.targets(group, "name", FUNCTION):
        return True
    name = group.props.text("name")
    return name.startswith(OWN_PREFIX) and name == OWN_PREFIX + function.output.text("name")


RULE = Rule(
    id="log-retention-set",
    area="logging",
    title="Logs are kept for a set time",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=(LOG_GROUP, FUNCTION),
    guards=("retentionInDays", "loggingConfig"),
    check_stack=check_stack,
    rationale=(
        "Lines that nobody deletes cost every month and hold data that should be gone; lines that are deleted too soon "
        "are missing when they are needed."
    ),
    fix="Set `retentionInDays`, and give each function a log group by `loggingConfig.logGroup`.",
    references={"checkov": ("CKV_AWS_66", "CKV_AWS_338"), "fsbp": ("CloudWatch.16",)},
    parameters=(
        Parameter(
            "minimumDays",
            "integer",
            30,
            "The shortest time to keep lines.",
            minimum=1,
            maximum=3653,
            defaults={"dev": 7},
        ),
        Parameter(
            "maximumDays",
            "integer",
            400,
            "The longest time to keep lines.",
            minimum=1,
            maximum=3653,
            defaults={"dev": 30},
        ),
    ),
)
