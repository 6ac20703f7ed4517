"""The side store keeps JSON objects by type and id, whatever characters they hold, apart from each other."""

import http.client
import json
from typing import Any
from urllib.parse import quote

import pytest

from leanto.embedded.aws import AwsServer

TOKEN = "aws:apigateway/integration:Integration"
HARD_ID = "agi-a/b c:d%2Fe?f#ü"


def send(aws: AwsServer, method: str, *parts: str, body: bytes | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(aws.url.removeprefix("http://"))
    connection.request(method, "/".join(["/_leanto/side", *(quote(part, safe="") for part in parts)]), body)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, json.loads(text) if text else None


def ask(aws: AwsServer, method: str, *parts: str, body: bytes | None = None) -> Any:
    status, document = send(aws, method, *parts, body=body)
    assert status == (200 if method == "GET" else 204)
    return document


def test_what_is_put_is_got_until_it_is_deleted(aws: AwsServer) -> None:
    assert ask(aws, "GET", TOKEN, HARD_ID) == {}
    ask(aws, "PUT", TOKEN, HARD_ID, body=json.dumps({"responseTransferMode": "STREAM", "n": [1, None]}).encode())
    assert ask(aws, "GET", TOKEN, HARD_ID) == {"responseTransferMode": "STREAM", "n": [1, None]}
    ask(aws, "PUT", TOKEN, HARD_ID, body=b'{"n": 2}')
    assert ask(aws, "GET", TOKEN, HARD_ID) == {"n": 2}
    ask(aws, "DELETE", TOKEN, HARD_ID)
    ask(aws, "DELETE", TOKEN, HARD_ID)
    assert ask(aws, "GET", TOKEN, HARD_ID) == {}


def test_records_of_other_types_and_ids_are_apart_and_listed(aws: AwsServer) -> None:
    ask(aws, "PUT", TOKEN, "one", body=b'{"a": 1}')
    ask(aws, "PUT", "aws:other/type:Type", "one", body=b'{"a": 2}')
    assert ask(aws, "GET", TOKEN, "two") == {}
    assert ask(aws, "GET", TOKEN) == {"ids": ["one"]}
    assert ask(aws, "GET") == {"tokens": [TOKEN, "aws:other/type:Type"]}
    assert aws.side.get("aws:other/type:Type", "one") == {"a": 2}
    for token in (TOKEN, "aws:other/type:Type"):
        ask(aws, "DELETE", token, "one")


@pytest.mark.parametrize("body", [b"[1]", b"not json", b""])
def test_anything_but_an_object_is_refused(aws: AwsServer, body: bytes) -> None:
    status, document = send(aws, "PUT", TOKEN, "bad", body=body)
    assert (status, document) == (400, {"message": f"the side store keeps JSON objects, not what was sent for {TOKEN}"})
    assert ask(aws, "GET", TOKEN, "bad") == {}
