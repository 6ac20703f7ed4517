"""Every alarm tells somebody: it has an action, and its actions are on."""

from collections.abc import Iterator

from policies.iam_documents import any_known
from policies.rule import ALWAYS, NotApplicable, Outcome, Problem, Rule, Severity, each_item
from policies.stack import Item, Settings, Stack

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at alarms; those that a composite alarm is made from need no action of their own."""
    del settings
    alarms = stack.of(ALARM, COMPOSITE)
    if not alarms:
        raise NotApplicable("the stack has no alarm")
    yield from each_item(alarms, _on)
    yield from each_item(alarms, lambda alarm: _action(stack, alarm))


def _on(alarm: Item) -> Iterator[Outcome]:
    if not alarm.props.flag("actionsEnabled", default=True):
        yield Problem("actionsEnabled", "the alarm's actions are off")


def _action(stack: Stack, alarm: Item) -> Iterator[Outcome]:
    if not alarm.props.values("alarmActions") and not any_known(
        stack.of(COMPOSITE), lambda row: _part_of(stack, alarm, row)
    ):
        yield Problem("alarmActions", "nobody is told when the alarm goes off")


def _part_of(stack: Stack, alarm: Item, composite: Item) -> bool:
    """Tell whether a composite alarm's rule names an alarm."""
    if alarm in stack.targets(composite, "alarmRule", alarm.type):
        return True
    name = alarm.output.text("name") or alarm.output.text("alarmName")
    return bool(name) and name in composite.props.text("alarmRule")


RULE = Rule(
    id="alarms-actionable",
    area="logging",
    title="Alarms tell somebody",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=(ALARM, COMPOSITE),
    guards=("alarmActions", "actionsEnabled"),
    check_stack=check_stack,
    rationale="An alarm without actions goes off unheard.",
    fix="Set `alarmActions` to a topic, and leave `actionsEnabled` true.",
    references={"checkov": ("CKV_AWS_319",), "fsbp": ("CloudWatch.15", "CloudWatch.17")},
)
