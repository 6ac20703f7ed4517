"""In development nothing runs at night: a group's minimum is zero, or a schedule takes it there."""

from collections.abc import Iterator
from decimal import Decimal

from policies.reading import Unread
from policies.rule import Level, Levels, NotApplicable, Outcome, Problem, Rule, Severity, Unevaluated
from policies.stack import Item, Settings, Stack

GROUP, SCHEDULE = "aws:autoscaling/group:Group", "aws:autoscaling/schedule:Schedule"


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at each group's minimum and desired size, and at its schedules."""
    if settings.profile != "dev":
        raise NotApplicable("outside development, nodes may wait")
    for item in stack.of(GROUP):
        try:
            yield from _group(stack, item)
        except Unread as error:
            yield Unevaluated(error.path, error.reason, item)


def _group(stack: Stack, item: Item) -> Iterator[Problem]:
    key, least = max(
        ((key, item.props.number(key, 0) or Decimal(0)) for key in ("minSize", "desiredCapacity")), key=_size
    )
    if least > 0 and not any(_to_zero(row) for row in stack.linked(item, SCHEDULE, by="autoscalingGroupName")):
        yield Problem(key, f"{least:f} instances run at night too, and no schedule takes the group to zero", item)


def _size(row: tuple[str, Decimal]) -> Decimal:
    return row[1]


def _to_zero(schedule: Item) -> bool:
    """Return whether a schedule takes a group to zero again and again: once would not do for the next night."""
    sizes = [schedule.props.number(key, -1) for key in ("minSize", "desiredCapacity")]
    return sizes == [0, 0] and bool(schedule.props.text("recurrence"))


RULE = Rule(
    id="scale-to-zero-dev",
    area="cost",
    title="In development no instance waits at night",
    severity=Severity.HIGH,
    levels=Levels(dev=Level.MANDATORY, prod=Level.ADVISORY, eu=Level.ADVISORY),
    types=(GROUP, SCHEDULE),
    guards=("minSize", "recurrence"),
    check_stack=check_stack,
    rationale="A week has 168 hours, of which a team works 40: what runs in the others is three quarters of the bill.",
    fix="Set `minSize` and `desiredCapacity` to zero, or add a schedule with a recurrence that does.",
)
