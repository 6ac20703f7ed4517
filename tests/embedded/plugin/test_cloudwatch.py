"""Claim: log groups, alarms and dashboards are as CloudWatch would have them, and drift of each shows."""

import re

import pytest

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.refusals import delete, failures, read, refused, update
from tests.embedded.plugin.sample import World
from tests.embedded.plugin.samples_cloudwatch import (
    ALARM,
    DASHBOARD,
    LOG_GROUP,
    TOPIC_ARN,
    key_for,
    logs_key,
    math,
    metric,
    plain,
)


@pytest.mark.parametrize(
    ("token", "inputs", "key", "word"),
    [
        (LOG_GROUP, {"retentionInDays": 13}, "retentionInDays", "14"),
        (LOG_GROUP, {"name": "a b"}, "name", "1 to 512"),
        (LOG_GROUP, {"logGroupClass": "CHEAP"}, "logGroupClass", "INFREQUENT_ACCESS"),
        (LOG_GROUP, {"deletionProtectionEnabled": True}, "deletionProtectionEnabled", "False only"),
        (ALARM, plain(period=45), "period", "multiple of 60"),
        (ALARM, plain(period=0), "period", "multiple of 60"),
        (ALARM, plain(datapointsToAlarm=4), "datapointsToAlarm", "evaluationPeriods, 3"),
        (ALARM, plain(period=1800, evaluationPeriods=49), "evaluationPeriods", "86400"),
        (ALARM, plain(period=3600, evaluationPeriods=169), "evaluationPeriods", "604800"),
        (ALARM, plain(comparisonOperator="MoreThan"), "comparisonOperator", "GreaterThanThreshold"),
        (ALARM, plain(statistic="Median"), "statistic", "Maximum"),
        (ALARM, plain(extendedStatistic="p99"), "extendedStatistic", "exactly one"),
        (ALARM, plain(treatMissingData="ok"), "treatMissingData", "notBreaching"),
        (ALARM, plain(alarmActions=["alerts"]), "alarmActions", "no ARN"),
        (ALARM, plain(okActions=[TOPIC_ARN] * 6), "okActions", "at most 5"),
        (ALARM, math(namespace="AWS/Lambda"), "namespace", "metricQueries"),
        (ALARM, math(metricQueries=[{"id": "Rate", "expression": "1", "returnData": True}]), "metricQueries", "small"),
        (ALARM, math(metricQueries=[{"id": "rate", "expression": "1"}]), "metricQueries", "exactly one"),
        (ALARM, math(metricQueries=[{"id": "rate", "returnData": True}]), "metricQueries", "both or none"),
        (ALARM, math(metricQueries=[{"id": "m", "metric": metric("A", period=7), "returnData": True}]),
         "metricQueries", "'m' whose period"),
        (ALARM, plain(evaluationWindow={"type": "x"}), "evaluationWindow", "does not emulate"),
        (DASHBOARD, {"dashboardName": "a b", "dashboardBody": '{"widgets": []}'}, "dashboardName", "letters"),
        (DASHBOARD, {"dashboardName": "a", "dashboardBody": "{}"}, "dashboardBody", "widgets"),
        (DASHBOARD, {"dashboardName": "a", "dashboardBody": "text"}, "dashboardBody", "widgets"),
    ],
)  # fmt: skip
def test_what_cloudwatch_or_the_box_refuses_is_refused_before_anything_is_made(
    token: str, inputs: Props, key: str, word: str
) -> None:
    assert word in failures(token, inputs)[key]


@pytest.mark.parametrize(
    "inputs",
    [
        plain(),
        math(),
        plain(period=10),
        plain(period=3600, evaluationPeriods=168),
        plain(period=86400, evaluationPeriods=7),
    ],
)
def test_alarms_that_cloudwatch_takes_are_taken(inputs: Props) -> None:
    assert failures(ALARM, inputs) == {}


def test_a_log_group_is_named_and_read_as_the_official_provider_does(world: World) -> None:
    state = world.create(LOG_GROUP, {})
    assert re.fullmatch("sample-[0-9a-f]{7}", state.resource_id)
    assert state.outputs["arn"] == f"arn:aws:logs:eu-west-1:{world.backend.account_id}:log-group:{state.resource_id}"
    assert state.outputs["retentionInDays"] == 0
    assert state.outputs["logGroupClass"] == "STANDARD"
    delete(world, LOG_GROUP, state)


def test_retention_and_encryption_reach_the_log_group(world: World) -> None:
    key = logs_key(world)
    made = world.make(LOG_GROUP, name="/front", retentionInDays=30, kmsKeyId=key)
    found = world.client("logs").describe_log_groups(logGroupNamePrefix="/front")["logGroups"][0]
    assert (found["retentionInDays"], found["kmsKeyId"], made["kmsKeyId"]) == (30, key, key)


def test_a_log_group_is_told_from_one_whose_name_begins_alike(world: World) -> None:
    longer = world.make(LOG_GROUP, "longer", name="/front/access")
    state = world.create(LOG_GROUP, {"name": "/front"})
    delete(world, LOG_GROUP, state)
    assert read(world, LOG_GROUP, state) is None
    assert world.client("logs").describe_log_groups(logGroupNamePrefix=longer["name"])["logGroups"]


def test_a_key_that_does_not_let_the_logs_in_is_refused(world: World) -> None:
    """CloudWatch Logs tries the key when the group is made; with a policy that forgets it a deployment fails there."""
    for key, word in ((key_for(world), "key policy"), (key_for(world, "logs.us-east-1.amazonaws.com"), "eu-west-1")):
        with refused("InvalidParameterException", word):
            world.create(LOG_GROUP, {"kmsKeyId": key})
    with refused("InvalidParameterException", "does not exist"):
        world.create(LOG_GROUP, {"kmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/0123"})


def test_a_key_can_be_changed_and_taken_away_although_moto_has_no_call_for_it(world: World) -> None:
    state = world.create(LOG_GROUP, {"kmsKeyId": logs_key(world)})
    other = logs_key(world)
    state = update(world, LOG_GROUP, state, kmsKeyId=other)
    assert state.outputs["kmsKeyId"] == other
    state = update(world, LOG_GROUP, state, kmsKeyId=None)
    assert "kmsKeyId" not in state.outputs
    delete(world, LOG_GROUP, state)


def test_logs_stay_when_the_program_says_so(world: World) -> None:
    state = world.create(LOG_GROUP, {"skipDestroy": True})
    delete(world, LOG_GROUP, state)
    assert read(world, LOG_GROUP, state) is not None
    world.client("logs").delete_log_group(logGroupName=state.resource_id)


def test_an_alarm_on_a_metric_reaches_cloudwatch_as_written(world: World) -> None:
    made = world.make(ALARM, **plain())
    found = world.client("cloudwatch").describe_alarms(AlarmNames=[made["name"]])["MetricAlarms"][0]
    assert found["Dimensions"] == [{"Name": "FunctionName", "Value": "gateway"}]
    assert found["AlarmActions"] == [TOPIC_ARN]
    assert (found["Threshold"], found["TreatMissingData"], found["ActionsEnabled"]) == (1, "notBreaching", True)


def test_metric_math_reaches_cloudwatch_as_written(world: World) -> None:
    made = world.make(ALARM, **math())
    metrics = world.client("cloudwatch").describe_alarms(AlarmNames=[made["name"]])["MetricAlarms"][0]["Metrics"]
    assert [(one["Id"], one["ReturnData"]) for one in metrics] == [
        ("rate", True),
        ("errors", False),
        ("requests", False),
    ]
    assert metrics[1]["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "ApiName", "Value": "front"}]
    assert metrics[2]["MetricStat"]["Unit"] == "Count"


def test_the_tags_of_an_alarm_change_with_it(world: World) -> None:
    state = update(world, ALARM, world.create(ALARM, plain()), threshold=2, tags={"severity": "mail"})
    assert state.outputs["tagsAll"] == {"owner": "platform", "cost-centre": "4711", "severity": "mail"}
    delete(world, ALARM, state)


def test_an_alarm_needs_a_metric_or_metric_math(world: World) -> None:
    with refused("MissingParameter", "metricName", "metricQueries"):
        world.create(ALARM, {"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1, "threshold": 1})


def test_a_dashboard_spelt_otherwise_is_no_change(world: World) -> None:
    state = world.create(DASHBOARD, {"dashboardName": "front", "dashboardBody": '{"widgets": [], "start": "-PT3H"}'})
    world.client("cloudwatch").put_dashboard(DashboardName="front", DashboardBody='{"start":"-PT3H","widgets":[]}')
    seen = read(world, DASHBOARD, state)
    assert seen is not None
    assert seen.inputs == state.inputs
    delete(world, DASHBOARD, state)
