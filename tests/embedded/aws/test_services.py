"""Single promises of the embedded AWS about services: public parameters, checksums, log events, warm-up."""

import base64
import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from leanto.embedded.aws.parameters import PUBLIC_PARAMETERS
from leanto.embedded.aws.warm import WARM_SERVICES, warm


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1"])
@pytest.mark.parametrize("name", PUBLIC_PARAMETERS)
def test_the_public_image_parameter_names_an_x86_64_image_of_every_region(
    client: Callable[..., Any], name: str, region: str
) -> None:
    parameter = client("ssm", region).get_parameter(Name=name)["Parameter"]
    image = client("ec2", region).describe_images(ImageIds=[parameter["Value"]])["Images"][0]
    assert (image["Architecture"], image["State"], image["RootDeviceType"]) == ("x86_64", "available", "ebs")
    assert client("ssm", region).get_parameter(Name=name)["Parameter"]["Version"] == 1


def test_an_upload_with_a_wrong_checksum_is_refused_and_not_stored(client: Callable[..., Any]) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="checksums", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    right = base64.b64encode(hashlib.sha256(b"content").digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    with pytest.raises(ClientError, match=r"\(BadDigest\).*x-amz-checksum-sha256"):
        s3.put_object(Bucket="checksums", Key="k", Body=b"content", ChecksumSHA256=wrong)
    assert s3.list_objects_v2(Bucket="checksums")["KeyCount"] == 0
    s3.put_object(Bucket="checksums", Key="k", Body=b"content", ChecksumSHA256=right)
    assert s3.get_object(Bucket="checksums", Key="k")["Body"].read() == b"content"


def test_log_events_are_kept_in_order(client: Callable[..., Any]) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="/g")
    logs.create_log_stream(logGroupName="/g", logStreamName="s")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + number, "message": f"line {number}"} for number in range(3)]
    logs.put_log_events(logGroupName="/g", logStreamName="s", logEvents=events)
    got = logs.get_log_events(logGroupName="/g", logStreamName="s", startFromHead=True)["events"]
    assert [event["message"] for event in got] == ["line 0", "line 1", "line 2"]


def test_the_tags_of_an_api_are_changed_and_read_back(client: Callable[..., Any]) -> None:
    apigateway = client("apigateway")
    api_id = apigateway.create_rest_api(name="tagged", tags={"owner": "team", "stage": "dev"})["id"]
    arn = f"arn:aws:apigateway:eu-central-1::/restapis/{api_id}"
    apigateway.tag_resource(resourceArn=arn, tags={"owner": "other"})
    apigateway.untag_resource(resourceArn=arn, tagKeys=["stage"])
    assert apigateway.get_tags(resourceArn=arn)["tags"] == {"owner": "other"}
    assert apigateway.get_rest_api(restApiId=api_id)["tags"] == {"owner": "other"}
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.get_tags(resourceArn=f"{arn}x")


def test_warming_loads_every_service_of_a_deployment(caplog: pytest.LogCaptureFixture) -> None:
    dispatcher = DomainDispatcherApplication(create_backend_app)
    warm(dispatcher, "123456789099", "eu-central-1", threading.Event())
    assert set(dispatcher.app_instances) == set(WARM_SERVICES)
    assert caplog.text == ""


def test_warming_ends_when_the_server_stops() -> None:
    dispatcher, stop = DomainDispatcherApplication(create_backend_app), threading.Event()
    stop.set()
    warm(dispatcher, "123456789099", "eu-central-1", stop)
    assert dispatcher.app_instances == {}


def test_a_bucket_with_a_delete_marker_can_be_emptied_once_its_versioning_is_suspended(client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="marked", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket="marked", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="marked", Key="k", Body=b"content")
    s3.delete_object(Bucket="marked", Key="k")
    s3.put_bucket_versioning(Bucket="marked", VersioningConfiguration={"Status": "Suspended"})
    listed = s3.list_object_versions(Bucket="marked")
    versions = [*listed["Versions"], *listed["DeleteMarkers"]]
    found = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in versions]
    s3.delete_objects(Bucket="marked", Delete={"Objects": found})
    s3.delete_bucket(Bucket="marked")
