"""Samples of CloudWatch: log groups, alarms on one metric and on metric math, dashboards."""

import json
from typing import Any

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:alerts"


def key_for(world: World, *services: str) -> str:
    """A key whose policy lets these services use it."""
    principals = {"Service": list(services)}
    owner = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
    use = {"Effect": "Allow", "Principal": principals, "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": "*"}
    statements = [owner, use] if services else [owner]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return str(world.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"])


def logs_key(world: World) -> str:
    return key_for(world, "logs.eu-west-1.amazonaws.com")


def plain(**changes: Any) -> Props:
    return {
        "alarmDescription": "The gateway fails",
        "comparisonOperator": "GreaterThanOrEqualToThreshold",
        "evaluationPeriods": 3,
        "datapointsToAlarm": 2,
        "metricName": "Errors",
        "namespace": "AWS/Lambda",
        "period": 60,
        "statistic": "Sum",
        "threshold": 1,
        "dimensions": {"FunctionName": "gateway"},
        "alarmActions": [TOPIC_ARN],
        "treatMissingData": "notBreaching",
        "tags": {"severity": "page"},
        **changes,
    }


def metric(name: str, **changes: Any) -> Props:
    return {"metricName": name, "namespace": "AWS/ApiGateway", "period": 60, "stat": "Sum", **changes}


def math(**changes: Any) -> Props:
    return {
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 5,
        "threshold": 0.05,
        "metricQueries": [
            {"id": "rate", "expression": "errors / requests", "label": "Error rate", "returnData": True},
            {"id": "errors", "metric": metric("5XXError", dimensions={"ApiName": "front"}), "returnData": False},
            {"id": "requests", "metric": metric("Count", unit="Count"), "returnData": False},
        ],
        **changes,
    }


def _forget_soon(world: World, name: str) -> None:
    world.client("logs").put_retention_policy(logGroupName=name, retentionInDays=1)


def _deafen(world: World, name: str) -> None:
    client = world.client("cloudwatch")
    found = client.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    keys = ("AlarmName", "ComparisonOperator", "EvaluationPeriods", "MetricName", "Namespace", "Period", "Statistic")
    client.put_metric_alarm(**{key: found[key] for key in keys}, Dimensions=found["Dimensions"], Threshold=1000)


def _body(*widgets: Props) -> str:
    return json.dumps({"widgets": list(widgets)})


TEXT = {"type": "text", "x": 0, "y": 0, "width": 3, "height": 3, "properties": {"markdown": "hello"}}

SAMPLES = (
    Sample(
        LOG_GROUP,
        lambda world: {"retentionInDays": 30, "kmsKeyId": logs_key(world), "tags": {"data-class": "internal"}},
        update=lambda world: {"retentionInDays": 90, "kmsKeyId": logs_key(world), "tags": {"data-class": "public"}},
        replace={"name": "/other", "logGroupClass": "INFREQUENT_ACCESS"},
        drift=_forget_soon,
        drifted=frozenset({"retentionInDays"}),
    ),
    Sample(
        LOG_GROUP,
        lambda world: {"name": "/aws/lambda/one", "kmsKeyId": logs_key(world), "logGroupClass": "INFREQUENT_ACCESS"},
        variant="for-ever",
        update={"kmsKeyId": None, "retentionInDays": 1},
    ),
    Sample(
        ALARM,
        lambda _: plain(),
        update={
            "threshold": 2.5,
            "alarmActions": [],
            "datapointsToAlarm": None,
            "dimensions": {"FunctionName": "stop"},
            "tags": {"severity": "mail"},
        },
        replace={"name": "other"},
        drift=_deafen,
        drifted=frozenset({"threshold", "treatMissingData"}),
    ),
    Sample(
        ALARM,
        lambda _: math(),
        variant="math",
        update={
            "threshold": 0.1,
            "metricQueries": [{"id": "m", "metric": metric("Latency", stat="p99"), "returnData": True}],
        },
    ),
    Sample(
        ALARM,
        lambda _: {key: value for key, value in plain().items() if key != "statistic"} | {"extendedStatistic": "p99"},
        variant="percentile",
        update={"extendedStatistic": "p90", "evaluateLowSampleCountPercentiles": "ignore"},
    ),
    Sample(
        DASHBOARD,
        lambda _: {"dashboardName": "front", "dashboardBody": _body()},
        update={"dashboardBody": _body(TEXT)},
        replace={"dashboardName": "other"},
        drift=lambda world, name: world.client("cloudwatch").put_dashboard(
            DashboardName=name, DashboardBody=_body(TEXT, TEXT)
        ),
        drifted=frozenset({"dashboardBody"}),
    ),
)
