"""What bounds the hours of a group's instances besides its size: an alarm that counts them and stops the stack."""

from decimal import Decimal

from catalog.deployed import DeployedResource, Undetermined, amount, block_of, number, text, texts
from catalog.view import Cap, View

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC = "aws:sns/topic:Topic"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
COUNTED = frozenset({"GroupTotalInstances", "GroupInServiceInstances"})
MONTH_SECONDS = Decimal(31 * 24 * 3600)


def hours_cap(group: DeployedResource, peak: Decimal, view: View) -> Cap | None:
    """Return the most instance hours in a month that an alarm lets pass before a function stops the group.

    The alarm must sum the group's instances, which AWS counts each minute, and act on a topic that calls a function.
    A stop is undone by people only, so the worst month stays just below the threshold in every period; until the stop
    takes hold, all instances may run for one more hour.
    """
    caps = [cap for row in view.stack.of(ALARM) if (cap := _cap(row, group, peak, view)) is not None]
    return min(caps, key=lambda cap: cap.most if isinstance(cap.most, Decimal) else Decimal("Infinity"), default=None)


def _cap(alarm: DeployedResource, group: DeployedResource, peak: Decimal, view: View) -> Cap | None:
    try:
        if not (_counts(alarm, group) and stops(alarm, view)):
            return None
        threshold, period = number(alarm.properties, "threshold"), number(alarm.properties, "period")
        periods = amount(alarm.properties, "evaluationPeriods", 1)
    except Undetermined:
        return None
    if threshold is None or period is None or period <= 0 or periods < 1:
        return None
    hours = threshold / 60 * MONTH_SECONDS / period + peak * periods
    return Cap(hours, f"{alarm.name}.threshold", f"{threshold:f} instance minutes in {period:f} s, then a stop")


def _counts(alarm: DeployedResource, group: DeployedResource) -> bool:
    """Return whether an alarm looks at the sum of a group's instances, and AWS reports them."""
    metric = text(alarm.properties, "metricName")
    name = text(block_of(alarm.properties, "dimensions"), "AutoScalingGroupName")
    reported = texts(group.properties, "enabledMetrics")
    return (
        metric in COUNTED
        and metric in reported
        and text(alarm.properties, "statistic") == "Sum"
        and text(alarm.properties, "comparisonOperator").startswith("Greater")
        and name in group.names
    )


def stops(alarm: DeployedResource, view: View) -> bool:
    """Return whether an alarm calls a function, through one of its topics."""
    if text(alarm.properties, "actionsEnabled", "true").lower() != "true":
        return False
    for topic in view.stack.targets(alarm, "alarmActions", TOPIC):
        rows = view.stack.pointing_at(topic, SUBSCRIPTION, "topic")
        if any(text(row.properties, "protocol") == "lambda" for row in rows):
            return True
    return False
