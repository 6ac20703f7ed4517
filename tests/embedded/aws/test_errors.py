"""What moto does not know or breaks on reaches boto3 as a ClientError with a sentence, in every protocol."""

import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from werkzeug.wrappers import Response

from leanto.embedded.aws import AwsServer
from leanto.embedded.aws.call import Call
from leanto.embedded.aws.errors import error_response, from_exception, readable


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "action"),
    [
        ("autoscaling", "start_instance_refresh", {"AutoScalingGroupName": "g"}, "StartInstanceRefresh of autoscaling"),
        (
            "iam",
            "simulate_principal_policy",
            {"PolicySourceArn": "a" * 20, "ActionNames": ["s3:Get"]},
            "SimulatePrincipal",
        ),
        ("ec2", "delete_launch_template_versions", {"LaunchTemplateId": "lt-1", "Versions": ["1"]}, "of ec2"),
        ("logs", "associate_kms_key", {"logGroupName": "g", "kmsKeyId": "k"}, "AssociateKmsKey of logs"),
        ("budgets", "update_budget", None, "UpdateBudget of budgets"),
        ("cloudwatch", "describe_alarm_history", {}, "DescribeAlarmHistory of monitoring"),
        ("lambda", "get_account_settings", {}, "GET /2016-08-19/account-settings/? of lambda"),
        ("apigateway", "update_method", {"restApiId": "a", "resourceId": "r", "httpMethod": "POST"}, "of apigateway"),
    ],
)
def test_an_action_that_moto_lacks_is_named(
    client: Callable[..., Any], service: str, operation: str, arguments: dict[str, Any] | None, action: str
) -> None:
    if arguments is None:
        amount = {"BudgetName": "b", "TimeUnit": "MONTHLY", "BudgetType": "COST"}
        arguments = {"AccountId": "123456789012", "NewBudget": amount}
    with pytest.raises(ClientError, match=rf"\(NotImplemented\).*the embedded AWS does not know .*{action}"):
        getattr(client(service), operation)(**arguments)


def test_a_crash_inside_moto_is_a_client_error_that_tells_where(client: Callable[..., Any]) -> None:
    with pytest.raises(
        ClientError, match=r"InternalFailure.* failed in SetDesiredCapacity of autoscaling: KeyError at moto"
    ):
        client("autoscaling").set_desired_capacity(AutoScalingGroupName="absent", DesiredCapacity=1)


def test_a_crash_does_not_tell_what_the_caller_sent(caplog: pytest.LogCaptureFixture) -> None:
    call = Call("POST", "/", "", {"x-amz-target": "secretsmanager.PutSecretValue"}, b"", "secretsmanager", "r", "")
    response = from_exception(call, ValueError("canary-secret"))
    assert "canary-secret" not in response.get_data(as_text=True) + caplog.text
    assert json.loads(response.get_data())["__type"] == "InternalFailure"


@pytest.mark.parametrize(("service", "status", "body"), [("lambda", 404, ""), ("ec2", 405, "<!DOCTYPE html>no")])
def test_an_empty_404_and_a_page_are_unknown_actions(service: str, status: int, body: str) -> None:
    call = Call("GET", "/nowhere", "", {}, b"", service, "r", "")
    response = readable(call, Response(body, status))
    assert (response.status_code, b"does not know GET /nowhere" in response.get_data()) == (501, True)


def test_an_empty_404_of_s3_and_answers_without_error_are_left_alone() -> None:
    absent, fine = Response("", 404), Response("<!doctype html>", 200)
    assert readable(Call("GET", "/bucket/key", "", {}, b"", "s3", "r", ""), absent) is absent
    assert readable(Call("GET", "/", "", {}, b"", "lambda", "r", ""), fine) is fine


def test_an_error_for_a_cbor_caller_is_cbor() -> None:
    call = Call("POST", "/", "", {"smithy-protocol": "rpc-v2-cbor"}, b"", "monitoring", "r", "")
    response = error_response(call, "Short", "m" * 300)
    assert response.get_data() == b"\xa2\x66__type\x65Short\x67message\x79\x01\x2c" + b"m" * 300


def test_errors_that_moto_words_itself_are_left_alone(client: Callable[..., Any]) -> None:
    with pytest.raises(client("dynamodb").exceptions.ResourceNotFoundException):
        client("dynamodb").describe_table(TableName="absent")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        client("s3").get_object(Bucket="absent-bucket", Key="k")
    with pytest.raises(ClientError, match=r"\(404\)"):
        client("s3").head_object(Bucket="absent-bucket", Key="k")


def test_an_unknown_path_of_the_box_is_a_404_in_json(aws: AwsServer) -> None:
    connection = http.client.HTTPConnection(aws.url.removeprefix("http://"))
    connection.request("GET", "/_leanto/absent")
    response = connection.getresponse()
    assert (response.status, json.load(response)) == (
        404,
        {"message": "the embedded AWS has nothing at /_leanto/absent"},
    )
    connection.close()
