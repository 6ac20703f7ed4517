"""The alarms: each tells people, and the one about money stops the stack as well."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.alarm_table import Alarm


@dataclass(frozen=True)
class AlarmsArgs:
    """Settings of the alarms."""

    alarms: tuple[Alarm, ...]
    alert_topic_arn: pulumi.Input[str]
    stop_topic_arn: pulumi.Input[str]


class Alarms(pulumi.ComponentResource):
    """A CloudWatch alarm for each row of the table, with actions; silence is no alarm."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Alarms", name, None, opts)
        for alarm in args.alarms:
            stop = [args.stop_topic_arn] if alarm.stops else []
            aws.cloudwatch.MetricAlarm(
                f"{name}-{alarm.name}",
                alarm_description=alarm.description,
                namespace=alarm.namespace,
                metric_name=alarm.metric,
                dimensions=dict(alarm.dimensions),
                statistic="Sum",
                period=alarm.period_seconds,
                evaluation_periods=1,
                comparison_operator="GreaterThanOrEqualToThreshold",
                threshold=alarm.threshold,
                treat_missing_data="notBreaching",
                actions_enabled=True,
                alarm_actions=[args.alert_topic_arn, *stop],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
