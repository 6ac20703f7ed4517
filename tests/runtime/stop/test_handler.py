"""Claim: the stop function turns the routes off and its own group to zero, once or many times, whole or not at all."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from runtime.stop.handler import StopIncompleteError, handle
from runtime.stop.notification import StopRequestError
from tests.runtime.calling import call

STACK = "demo-prod"
DIRECT = {"reason": "told by a person"}


def sns(message: str, subject: str = "subject", topic_arn: str = "arn:aws:sns:eu-west-1:123456789012:stop") -> Any:
    return {
        "Records": [{"EventSource": "aws:sns", "Sns": {"TopicArn": topic_arn, "Subject": subject, "Message": message}}]
    }


def alarm(state: str) -> Any:
    return sns(json.dumps({"AlarmName": "spending", "NewStateValue": state, "NewStateReason": "threshold crossed"}))


class Stack:
    """What the stop function acts on, as it stands in AWS."""

    def __init__(self, boto: Any, variables: dict[str, str], table: str, topic_arn: str, queue_url: str):
        self.boto = boto
        self.topic_arn = topic_arn
        self.queue_url = queue_url
        self.group_name = f"group-{table}"
        self.table = table
        self.variables = variables | {
            "LEANTO_STACK": STACK,
            "LEANTO_TABLE": table,
            "LEANTO_GROUP": self.group_name,
            "LEANTO_ALERT_TOPIC_ARN": topic_arn,
        }

    def make_group(self, stack: str = STACK) -> None:
        ec2, autoscaling = self.boto("ec2"), self.boto("autoscaling")
        data = {"ImageId": "ami-12c6146b", "InstanceType": "t3.micro"}
        ec2.create_launch_template(LaunchTemplateName=self.group_name, LaunchTemplateData=data)
        tag = {"ResourceId": self.group_name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=self.group_name,
            LaunchTemplate={"LaunchTemplateName": self.group_name},
            MinSize=0,
            MaxSize=3,
            DesiredCapacity=2,
            AvailabilityZones=["eu-west-1a"],
            Tags=[tag | {"Key": "leanto:stack", "Value": stack}, tag | {"Key": "other", "Value": "x"}],
        )

    def sizes(self) -> tuple[int, int, int]:
        groups = self.boto("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[self.group_name])
        (group,) = groups["AutoScalingGroups"]
        return group["MinSize"], group["MaxSize"], group["DesiredCapacity"]

    def flag(self) -> dict[str, Any]:
        key = {"pk": {"S": "CONTROL"}, "sk": {"S": "STOP"}}
        item: dict[str, Any] = self.boto("dynamodb").get_item(TableName=self.table, Key=key).get("Item", {})
        return item

    def notices(self) -> list[str]:
        messages = self.boto("sqs").receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"])["Message"] for message in messages]


@pytest.fixture
def stack(boto: Any, aws_variables: dict[str, str], table_name: str) -> Stack:
    sns_client, sqs = boto("sns"), boto("sqs")
    topic_arn = sns_client.create_topic(Name=f"alerts-{table_name}")["TopicArn"]
    queue_url = sqs.create_queue(QueueName=f"alerts-{table_name}")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns_client.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn)
    return Stack(boto, aws_variables, table_name, topic_arn, queue_url)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (DIRECT, "told by a person"),
        (alarm("ALARM"), "alarm spending is in state ALARM"),
        (alarm("INSUFFICIENT_DATA"), "alarm spending is in state INSUFFICIENT_DATA"),
        (sns("AWS Budget Notification ...", "AWS Budgets: cap"), "notification: AWS Budgets: cap"),
        (sns("[1, 2]", ""), "notification: a notification without a subject"),
    ],
)
def test_every_reason_stops_routes_and_group_and_tells_people(stack: Stack, event: Any, reason: str) -> None:
    stack.make_group()
    (result,) = call(handle, stack.variables, event)
    assert result == {
        "stack": STACK,
        "reason": reason,
        "dry_run": False,
        "done": {"routes": "turned off", "group": "set from 2 (maximum 3) to zero", "notice": "published"},
    }
    assert stack.sizes() == (0, 0, 0)
    flag = stack.flag()
    assert (flag["stopped"], flag["reason"]) == ({"BOOL": True}, {"S": reason})
    (notice,) = stack.notices()
    assert reason in notice
    assert f"leanto resume --stack {STACK}" in notice


def test_a_second_call_changes_nothing(stack: Stack) -> None:
    stack.make_group()
    _, result = call(handle, stack.variables, DIRECT, {"reason": "again"})
    assert result["done"] == {"routes": "already off", "group": "already at zero", "notice": "published"}
    assert stack.flag()["reason"] == {"S": "told by a person"}


def test_an_alarm_that_is_over_does_nothing(stack: Stack) -> None:
    stack.make_group()
    (result,) = call(handle, stack.variables, alarm("OK"))
    assert result["done"] == {}
    assert (stack.sizes(), stack.flag(), stack.notices()) == ((0, 3, 2), {}, [])


def test_a_dry_run_says_what_it_would_do_and_does_nothing(stack: Stack) -> None:
    stack.make_group()
    (result,) = call(handle, stack.variables, {**DIRECT, "dry_run": True})
    assert result["dry_run"] is True
    assert result["done"] == {
        "routes": "would be turned off",
        "group": "would go from 2 (maximum 3) to zero",
        "notice": "would be published",
    }
    assert (stack.sizes(), stack.flag(), stack.notices()) == ((0, 3, 2), {}, [])


def test_a_group_of_another_stack_is_left_alone_and_the_rest_is_done(stack: Stack) -> None:
    stack.make_group(stack="another")
    (error,) = call(handle, stack.variables, DIRECT)
    assert isinstance(error, StopIncompleteError)
    assert "leanto:stack=another" in str(error)
    assert stack.sizes() == (0, 3, 2)
    assert stack.flag()["stopped"] == {"BOOL": True}
    (notice,) = stack.notices()
    assert "group FAILED" in notice


def test_a_stack_without_a_pool_and_one_whose_group_is_gone_are_stopped(stack: Stack) -> None:
    without, gone = stack.variables | {"LEANTO_GROUP": ""}, stack.variables
    assert call(handle, without, DIRECT)[0]["done"] == {"routes": "turned off", "notice": "published"}
    assert call(handle, gone, DIRECT)[0]["done"]["group"] == "absent"


@pytest.mark.parametrize(
    ("broken", "failed", "check"),
    [
        ({"LEANTO_TABLE": "absent"}, "routes: dynamodb UpdateItem", lambda stack: stack.sizes() == (0, 0, 0)),
        (
            {"LEANTO_ALERT_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:absent"},
            "notice: sns Publish",
            lambda stack: stack.sizes() == (0, 0, 0) and stack.flag()["stopped"] == {"BOOL": True},
        ),
    ],
    ids=["table", "topic"],
)
def test_one_failing_step_does_not_keep_the_others_from_being_done_and_is_raised_for_a_repeat(
    stack: Stack, broken: dict[str, str], failed: str, check: Callable[[Stack], bool]
) -> None:
    stack.make_group()
    error, result = call(handle, stack.variables | broken, DIRECT) + call(handle, stack.variables, DIRECT)
    assert isinstance(error, StopIncompleteError)
    assert failed in str(error)
    assert check(stack)
    assert set(result["done"]) == {"routes", "group", "notice"}


def test_a_notification_of_the_alert_topic_itself_is_not_answered_to_it(stack: Stack) -> None:
    """Otherwise each notice would call the function again, without an end."""
    (result,) = call(handle, stack.variables, sns("text", topic_arn=stack.topic_arn))
    assert "notice" not in result["done"]
    assert stack.notices() == []


def test_an_event_that_gives_no_reason_stops_nothing(stack: Stack) -> None:
    stack.make_group()
    events = (
        None,
        [],
        "stop",
        {},
        {"reason": " "},
        {"reason": 7},
        {"Records": []},
        {"Records": ["x"]},
        {"Records": [{}]},
    )
    errors = call(handle, stack.variables, *events)
    assert [type(error) for error in errors] == [StopRequestError] * len(events)
    assert (stack.sizes(), stack.flag()) == ((0, 3, 2), {})


def test_a_reason_is_kept_as_one_line_of_bounded_length(stack: Stack) -> None:
    (result,) = call(handle, stack.variables, {"reason": "a\n\nb " + "x" * 500})
    assert result["reason"].startswith("a b xxx")
    assert len(result["reason"]) == 200
