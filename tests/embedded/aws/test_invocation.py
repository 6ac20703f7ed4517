"""Functions run where the hook runs them: for callers who wait, for events, and for topics."""

import base64
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from queue import Empty, Queue
from typing import Any

import pytest
from botocore.exceptions import ClientError

from leanto.embedded.aws import AwsServer, InvokeRefusedError, InvokeResult

REGION = "eu-central-1"
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}


def zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # With a date of its own, the same text is the same bytes at any time.
        archive.writestr(zipfile.ZipInfo("code.py", (2026, 1, 1, 0, 0, 0)), text)
    return buffer.getvalue()


class Host:
    """Stands where the function host stands: notes what it is asked and answers as the test says."""

    def __init__(self) -> None:
        self.asked: Queue[tuple[str, Any, str]] = Queue()
        self.answer: Callable[[Any], InvokeResult] = lambda _: InvokeResult(b'"done"')

    def __call__(self, function: str, payload: bytes, region: str) -> InvokeResult:
        event = json.loads(payload or b"null")
        self.asked.put((function, event, region))
        return self.answer(event)


class Box:
    def __init__(self, server: AwsServer, host: Host, connect: Callable[..., Any]) -> None:
        self.server, self.host, self.connect = server, host, connect
        self.clients = {
            name: connect(server.url, name) for name in ("lambda", "sns", "iam", "s3", "dynamodb", "cloudwatch")
        }
        role = self.clients["iam"].create_role(RoleName="run", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.role_arn = role["Role"]["Arn"]

    def __getitem__(self, service: str) -> Any:
        return self.clients[service]

    def function(self, name: str, **code: Any) -> str:
        arguments = {"FunctionName": name, "Role": self.role_arn, "Runtime": "python3.13", "Handler": "code.handle"}
        created = self["lambda"].create_function(**arguments, Code=code or {"ZipFile": zipped(name)})
        return str(created["FunctionArn"])

    def subscribed_topic(self, name: str, function_arn: str, *, permitted: bool) -> str:
        topic_arn = self["sns"].create_topic(Name=name)["TopicArn"]
        self["sns"].subscribe(TopicArn=topic_arn, Protocol="lambda", Endpoint=function_arn)
        if permitted:
            self["lambda"].add_permission(
                FunctionName=function_arn,
                StatementId=name,
                Action="lambda:InvokeFunction",
                Principal="sns.amazonaws.com",
                SourceArn=topic_arn,
            )
        return str(topic_arn)


@pytest.fixture(scope="module")
def box(connect: Callable[..., Any]) -> Iterator[Box]:
    host = Host()
    with AwsServer(on_invoke=host, retry_delays_seconds=(0.01, 0.02)) as server:
        box = Box(server, host, connect)
        yield box
        for client in box.clients.values():
            client.close()


@pytest.fixture(autouse=True)
def fresh_host(box: Box) -> None:
    box.host.asked = Queue()
    box.host.answer = lambda _: InvokeResult(b'"done"')


def test_a_caller_who_waits_gets_the_result_and_the_log_tail(box: Box) -> None:
    arn = box.function("echo")
    box.host.answer = lambda event: InvokeResult(json.dumps({"got": event}).encode(), log_tail="a line\n")
    answer = box["lambda"].invoke(FunctionName=arn, Payload=b'{"a": 1}', LogType="Tail")
    assert json.loads(answer["Payload"].read()) == {"got": {"a": 1}}
    assert base64.b64decode(answer["LogResult"]) == b"a line\n"
    assert (answer["StatusCode"], answer["ExecutedVersion"], answer.get("FunctionError")) == (200, "$LATEST", None)
    assert box.host.asked.get(timeout=5) == ("echo", {"a": 1}, REGION)


def test_a_failing_function_is_a_result_with_function_error(box: Box) -> None:
    box.function("failing")
    box.host.answer = lambda _: InvokeResult(b'{"errorMessage": "no"}', function_error="Unhandled")
    answer = box["lambda"].invoke(FunctionName="failing")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.loads(answer["Payload"].read()) == {"errorMessage": "no"}


def test_a_throttled_caller_gets_lambdas_own_error(box: Box) -> None:
    def throttle(_: Any) -> InvokeResult:
        raise InvokeRefusedError("TooManyRequestsException", "Rate Exceeded.", 429)

    box.function("busy")
    box.host.answer = throttle
    with pytest.raises(box["lambda"].exceptions.TooManyRequestsException, match="Rate Exceeded"):
        box["lambda"].invoke(FunctionName="busy")


def test_an_unknown_function_is_not_found_and_not_run(box: Box) -> None:
    with pytest.raises(box["lambda"].exceptions.ResourceNotFoundException, match=r"Function not found: .*:absent"):
        box["lambda"].invoke(FunctionName="absent")
    assert box.host.asked.empty()


def test_a_dry_run_and_a_payload_that_is_no_json_run_nothing(box: Box) -> None:
    box.function("checked")
    assert box["lambda"].invoke(FunctionName="checked", InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(box["lambda"].exceptions.InvalidRequestContentException):
        box["lambda"].invoke(FunctionName="checked", Payload=b"{not json")
    assert box.host.asked.empty()


def test_an_event_is_answered_at_once_and_a_failing_one_is_tried_three_times(box: Box) -> None:
    box.function("event")
    box.host.answer = lambda _: InvokeResult(b"{}", function_error="Unhandled")
    assert box["lambda"].invoke(FunctionName="event", InvocationType="Event", Payload=b'{"n": 1}')["StatusCode"] == 202
    assert [box.host.asked.get(timeout=5)[1] for _ in range(3)] == [{"n": 1}] * 3
    with pytest.raises(Empty):
        box.host.asked.get(timeout=0.2)


def test_an_event_is_retried_as_the_function_is_configured(box: Box) -> None:
    box.function("once")
    box["lambda"].put_function_event_invoke_config(FunctionName="once", MaximumRetryAttempts=0)
    box.host.answer = lambda _: InvokeResult(b"{}", function_error="Unhandled")
    box["lambda"].invoke(FunctionName="once", InvocationType="Event")
    box.host.asked.get(timeout=5)
    with pytest.raises(Empty):
        box.host.asked.get(timeout=0.2)


def test_an_event_that_fails_for_good_is_told_to_the_destination(box: Box) -> None:
    topic_arn = box.subscribed_topic("failures", box.function("told"), permitted=True)
    failing = box.function("hopeless")
    box["lambda"].put_function_event_invoke_config(
        FunctionName="hopeless",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": topic_arn}},
    )
    failed = InvokeResult(b'{"errorMessage": "no"}', function_error="Unhandled")
    box.host.answer = lambda event: InvokeResult(b"null") if "Records" in event else failed
    box["lambda"].invoke(FunctionName="hopeless", InvocationType="Event", Payload=b'{"n": 1}')
    asked = [box.host.asked.get(timeout=5) for _ in range(3)]
    assert [name for name, _, _ in asked] == ["hopeless", "hopeless", "told"]
    record = json.loads(asked[2][1]["Records"][0]["Sns"]["Message"])
    context = record["requestContext"]
    assert (context["functionArn"], context["condition"]) == (f"{failing}:$LATEST", "RetriesExhausted")
    assert context["approximateInvokeCount"] == 2
    assert record["requestPayload"] == {"n": 1}
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"] == {"errorMessage": "no"}


def test_a_topic_delivers_the_record_that_sns_sends(box: Box) -> None:
    function_arn = box.function("subscriber")
    topic_arn = box.subscribed_topic("alarms", function_arn, permitted=True)
    message_id = box["sns"].publish(TopicArn=topic_arn, Message="stop", Subject="budget")["MessageId"]
    name, event, _ = box.host.asked.get(timeout=5)
    record = event["Records"][0]
    assert (name, record["EventSource"]) == ("subscriber", "aws:sns")
    assert record["EventSubscriptionArn"].startswith(f"{topic_arn}:")
    sns = record["Sns"]
    assert (sns["TopicArn"], sns["Message"], sns["Subject"], sns["MessageId"]) == (
        topic_arn,
        "stop",
        "budget",
        message_id,
    )


def test_a_topic_that_the_function_does_not_permit_delivers_nothing(box: Box) -> None:
    function_arn = box.function("guarded")
    permitted = box.subscribed_topic("permitted", function_arn, permitted=True)
    other = box.subscribed_topic("other", function_arn, permitted=False)
    box["sns"].publish(TopicArn=other, Message="from other")
    box["sns"].publish(TopicArn=permitted, Message="from permitted")
    assert box.host.asked.get(timeout=5)[1]["Records"][0]["Sns"]["Message"] == "from permitted"
    assert box.host.asked.empty()


def alarm(box: Box, name: str, topic_arn: str, *, enabled: bool = True) -> None:
    box["cloudwatch"].put_metric_alarm(
        AlarmName=name,
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic_arn],
        ActionsEnabled=enabled,
    )


def test_an_alarm_that_starts_to_sound_reaches_the_function_through_its_topic(box: Box) -> None:
    topic_arn = box.subscribed_topic("sounding", box.function("listener"), permitted=True)
    alarm(box, "spending", topic_arn)
    for state in ("OK", "ALARM", "ALARM"):
        box["cloudwatch"].set_alarm_state(AlarmName="spending", StateValue=state, StateReason="5 > 1")
    message = json.loads(box.host.asked.get(timeout=5)[1]["Records"][0]["Sns"]["Message"])
    assert (message["AlarmName"], message["OldStateValue"], message["NewStateValue"]) == ("spending", "OK", "ALARM")
    assert message["NewStateReason"] == "5 > 1"
    alarm(box, "muted", topic_arn, enabled=False)
    box["cloudwatch"].set_alarm_state(AlarmName="muted", StateValue="ALARM", StateReason="5 > 1")
    with pytest.raises(Empty):
        box.host.asked.get(timeout=0.2)


@pytest.mark.parametrize(
    ("principal", "heard"),
    [({"Service": "cloudwatch.amazonaws.com"}, True), ({"Service": "budgets.amazonaws.com"}, False)],
    ids=["cloudwatch", "budgets"],
)
def test_an_alarm_is_heard_only_by_a_topic_whose_policy_lets_cloudwatch_publish(
    box: Box, principal: dict[str, str], heard: bool
) -> None:
    name = next(iter(principal.values())).partition(".")[0]
    topic_arn = box.subscribed_topic(name, box.function(f"of-{name}"), permitted=True)
    condition = {"StringEquals": {"aws:SourceAccount": box.server.account_id}}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": topic_arn}
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Condition": condition}]}
    box["sns"].set_topic_attributes(TopicArn=topic_arn, AttributeName="Policy", AttributeValue=json.dumps(policy))
    alarm(box, f"for-{name}", topic_arn)
    box["cloudwatch"].set_alarm_state(AlarmName=f"for-{name}", StateValue="ALARM", StateReason="x")
    if heard:
        assert box.host.asked.get(timeout=5)[0] == f"of-{name}"
    with pytest.raises(Empty):
        box.host.asked.get(timeout=0.2)


def test_a_function_run_for_a_topic_may_call_aws_while_others_do(box: Box) -> None:
    """The stop function does so: topic, function, table. Nothing may wait for itself."""
    box["dynamodb"].create_table(
        TableName="control",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    finished = threading.Event()

    def stop(event: Any) -> InvokeResult:
        inner = box.connect(box.server.url, "lambda")
        inner.invoke(FunctionName="nested") if event is not None else None
        box["dynamodb"].put_item(TableName="control", Item={"pk": {"S": str(event is None)}})
        inner.close()
        if event is not None:
            finished.set()
        return InvokeResult(b"{}")

    box.function("nested")
    topic_arn = box.subscribed_topic("stop", box.function("stop"), permitted=True)
    box.host.answer = stop
    box["sns"].publish(TopicArn=topic_arn, Message="stop")
    box["dynamodb"].list_tables()
    assert finished.wait(10)
    items = box["dynamodb"].scan(TableName="control")["Items"]
    assert sorted(item["pk"]["S"] for item in items) == ["False", "True"]


def test_a_waiting_invocation_holds_up_nobody_else(box: Box) -> None:
    box.function("slow")
    release = threading.Event()

    def wait(_: Any) -> InvokeResult:
        release.wait(10)
        return InvokeResult(b"{}")

    box.host.answer = wait
    caller = threading.Thread(target=lambda: box["lambda"].invoke(FunctionName="slow"))
    caller.start()
    box.host.asked.get(timeout=5)
    assert "slow" in {function["FunctionName"] for function in box["lambda"].list_functions()["Functions"]}
    release.set()
    caller.join(10)
    assert not caller.is_alive()


def test_code_and_layers_are_read_back_byte_for_byte(box: Box) -> None:
    box.function("coded", ZipFile=zipped("coded"))
    assert box.server.lambda_code("coded", REGION) == zipped("coded")
    layer = box["lambda"].publish_layer_version(LayerName="data", Content={"ZipFile": zipped("layer")})
    assert box.server.layer_code(layer["LayerVersionArn"]) == zipped("layer")
    with pytest.raises(LookupError, match="Function not found"):
        box.server.lambda_code("absent", REGION)
    with pytest.raises(LookupError, match="no layer version"):
        box.server.layer_code(layer["LayerVersionArn"] + "7")


def test_code_is_that_of_the_deployed_object_version(box: Box) -> None:
    s3 = box["s3"]
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Enabled"})
    old, new = (
        s3.put_object(Bucket="code", Key="f.zip", Body=zipped(text))["VersionId"] for text in ("old code", "new code")
    )
    box.function("versioned", S3Bucket="code", S3Key="f.zip", S3ObjectVersion=old)
    assert box.server.lambda_code("versioned", REGION) == zipped("old code")
    update = {"FunctionName": "versioned", "S3Bucket": "code", "S3Key": "f.zip"}
    box["lambda"].update_function_code(**update, S3ObjectVersion=new)
    assert box.server.lambda_code("versioned", REGION) == zipped("new code")
    with pytest.raises(ClientError, match="NoSuchVersion"):
        box["lambda"].update_function_code(**update, S3ObjectVersion="4242")


def test_without_a_function_host_an_invocation_says_so(aws: AwsServer, client: Callable[..., Any]) -> None:
    role = client("iam").create_role(RoleName="hostless", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    client("lambda").create_function(
        FunctionName="hostless", Role=role, Runtime="python3.13", Handler="code.h", Code={"ZipFile": zipped("x")}
    )
    with pytest.raises(ClientError, match="started without a function host"):
        client("lambda").invoke(FunctionName="hostless")
