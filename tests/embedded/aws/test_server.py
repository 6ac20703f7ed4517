"""Servers start on free loopback ports, keep apart, and are gone when they are stopped."""

import html
import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, HTTPClientError

from leanto.embedded.aws import AwsServer
from leanto.embedded.aws.server import AwsServerError

REGION = "eu-central-1"
PROGRAM = """
import sys
from leanto.embedded.aws import AwsServer
with AwsServer() as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


def ping(url: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.request("GET", "/_leanto/ping")
    document: dict[str, Any] = json.load(connection.getresponse())
    connection.close()
    return document


def create_table(client: Any, name: str) -> None:
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_it_listens_on_loopback_only(aws: AwsServer) -> None:
    assert aws._state().http.socket.getsockname() == ("127.0.0.1", int(aws.url.rpartition(":")[2]))


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Origin": "https://evil.example"}, b"answers programs, not web pages"),
        ({"Host": "evil.example:80"}, b"not at 'evil.example'"),
    ],
)
@pytest.mark.parametrize("path", ["/bucket/key", "/moto-api/reset", "/_leanto/side/token/id"])
def test_a_web_page_gets_nothing(aws: AwsServer, path: str, headers: dict[str, str], reason: bytes) -> None:
    aws.side.put("token", "id", {"kept": True})
    connection = http.client.HTTPConnection(aws.url.removeprefix("http://"))
    connection.request("POST" if "reset" in path else "GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert (response.status, reason in html.unescape(body.decode()).encode()) == (403, True)
    assert b"kept" not in body
    aws.side.delete("token", "id")


def test_a_taken_port_is_refused_with_a_remedy(aws: AwsServer) -> None:
    port = int(aws.url.rpartition(":")[2])
    with pytest.raises(AwsServerError, match=rf"port {port} on 127\.0\.0\.1 is refused .*use port 0"):
        AwsServer(port).start()


def test_servers_of_one_process_work_in_accounts_of_their_own(aws: AwsServer, connect: Callable[..., Any]) -> None:
    with AwsServer() as other:
        assert ping(other.url)["account_id"] == other.account_id != aws.account_id
        here, there = connect(aws.url, "dynamodb"), connect(other.url, "dynamodb")
        create_table(there, "theirs")
        assert "theirs" not in here.list_tables()["TableNames"]
        assert f":{other.account_id}:table/theirs" in there.describe_table(TableName="theirs")["Table"]["TableArn"]
        buckets = connect(other.url, "s3")
        buckets.create_bucket(Bucket="reused-name", CreateBucketConfiguration={"LocationConstraint": REGION})
        for client in (here, there, buckets):
            client.close()
    with AwsServer() as again:
        tables, buckets = connect(again.url, "dynamodb"), connect(again.url, "s3")
        assert tables.list_tables()["TableNames"] == []
        buckets.create_bucket(Bucket="reused-name", CreateBucketConfiguration={"LocationConstraint": REGION})
        tables.close()
        buckets.close()


def test_servers_of_two_processes_share_nothing(aws: AwsServer, connect: Callable[..., Any]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        here, there = connect(aws.url, "dynamodb"), connect(url, "dynamodb")
        create_table(there, "elsewhere")
        create_table(here, "elsewhere")
        there.delete_table(TableName="elsewhere")
        assert "elsewhere" in here.list_tables()["TableNames"]
        assert ping(url)["pid"] == process.pid
        for client in (here, there):
            client.close()
        process.communicate()
    assert process.returncode == 0


def test_a_server_that_stops_leaves_the_objects_of_another_alone(aws: AwsServer, connect: Callable[..., Any]) -> None:
    here = connect(aws.url, "s3")
    here.create_bucket(Bucket="stays", CreateBucketConfiguration={"LocationConstraint": REGION})
    here.put_bucket_versioning(Bucket="stays", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"first", b"second"):
        here.put_object(Bucket="stays", Key="k", Body=body)
    with AwsServer() as other:
        there = connect(other.url, "s3")
        there.create_bucket(Bucket="goes", CreateBucketConfiguration={"LocationConstraint": REGION})
        there.put_object(Bucket="goes", Key="k", Body=b"other")
        there.close()
    assert here.get_object(Bucket="stays", Key="k")["Body"].read() == b"second"
    here.close()


def test_a_stopped_server_answers_nobody(connect: Callable[..., Any]) -> None:
    server = AwsServer()
    client = connect(server.start(), "dynamodb")
    client.list_tables()
    server.stop()
    server.stop()
    with pytest.raises((EndpointConnectionError, HTTPClientError)):
        client.list_tables()
    client.close()
    with pytest.raises(AwsServerError, match="not running"):
        _ = server.url


def test_a_sender_who_stalls_in_the_middle_of_a_body_holds_up_nobody(
    aws: AwsServer, client: Callable[..., Any]
) -> None:
    host, _, port = aws.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as stalled:
        stalled.sendall(b"PUT /bucket/key HTTP/1.1\r\nHost: box\r\nContent-Length: 1000\r\n\r\nonly the beginning")
        assert "TableNames" in client("dynamodb").list_tables()
