"""Claim: a proxy event becomes the request that the client sent."""

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.lambda_events import EXTENSION, ProxyEventError, asgi_request

EVENT: dict[str, Any] = {
    "resource": "/chat/completions",
    "path": "/chat/completions",
    "httpMethod": "post",
    "headers": {"X-A": "2"},
    "multiValueHeaders": {"X-A": ["1", "2"], "Content-Type": ["application/json"], "X-Ü": ["é"]},
    "queryStringParameters": {"a": "2"},
    "multiValueQueryStringParameters": {"a": ["1", "2"], "b c": ["&="]},
    "pathParameters": None,
    "requestContext": {
        "requestId": "id-1",
        "domainName": "api.example",
        "identity": {"sourceIp": "203.0.113.7"},
        "authorizer": {"keyId": "k", "principalId": "k"},
        "path": "/v1/chat/completions",
        "stage": "v1",
    },
    "body": "é",
    "isBase64Encoded": False,
}


def convert(**changes: Any) -> tuple[dict[str, Any], bytes]:
    return asgi_request({**EVENT, **changes}, deadline=12.5, trace_id="Root=1")


def test_the_whole_request_is_there() -> None:
    scope, body = convert()
    assert (scope["method"], scope["path"], scope["raw_path"]) == ("POST", "/chat/completions", b"/chat/completions")
    assert scope["headers"][:3] == [(b"x-a", b"1"), (b"x-a", b"2"), (b"content-type", b"application/json")]
    assert scope["headers"][3] == ("x-ü".encode(), "é".encode())
    assert scope["query_string"] == b"a=1&a=2&b+c=%26%3D"
    assert scope["client"] == ("203.0.113.7", 0)
    assert scope["server"] == ("api.example", 443)
    assert scope["extensions"][EXTENSION] == {
        "authorizer": {"keyId": "k", "principalId": "k"},
        "request_id": "id-1",
        "deadline": 12.5,
        "trace_id": "Root=1",
    }
    assert body == "é".encode()


def test_single_value_tables_are_taken_where_there_are_no_others() -> None:
    scope, _ = convert(multiValueHeaders=None, multiValueQueryStringParameters=None)
    assert (scope["headers"], scope["query_string"]) == ([(b"x-a", b"2")], b"a=2")


def test_nothing_but_a_method_is_needed() -> None:
    scope, body = asgi_request({"httpMethod": "GET"}, deadline=0, trace_id="")
    assert (scope["path"], scope["headers"], scope["query_string"], body) == ("/", [], b"", b"")
    assert scope["extensions"][EXTENSION]["authorizer"] == {}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"path": "/base/chat/completions"}, "/chat/completions"),
        ({"resource": "/models/{model}", "pathParameters": {"model": "a b"}}, "/models/a b"),
        ({"resource": "/{proxy+}", "pathParameters": {"proxy": "x/y"}}, "/x/y"),
        ({"resource": None}, "/chat/completions"),
    ],
)
def test_the_path_is_the_one_below_stage_and_custom_domain(changes: dict[str, Any], path: str) -> None:
    assert convert(**changes)[0]["path"] == path


def test_a_base64_body_is_decoded_and_a_broken_one_refused_without_quoting_it() -> None:
    data = bytes(range(256))
    assert convert(body=base64.b64encode(data).decode(), isBase64Encoded=True)[1] == data
    with pytest.raises(ProxyEventError) as error:
        convert(body="canary!", isBase64Encoded=True)
    assert "canary" not in str(error.value)


@pytest.mark.parametrize("event", [None, [], "x", {}, {"httpMethod": 7}, {"version": "2.0", "rawPath": "/"}])
def test_another_event_is_refused(event: Any) -> None:
    with pytest.raises(ProxyEventError):
        asgi_request(event, deadline=0, trace_id="")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = ("authorizer", "identity", "sourceIp", "isBase64Encoded", "version", *EVENT)


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.sampled_from(MEMBERS), ANYTHING), st.dictionaries(st.sampled_from(MEMBERS), ANYTHING))
def test_whatever_an_event_holds_it_is_a_request_or_a_refusal(changes: Any, context: Any) -> None:
    for event in ({**EVENT, **changes}, {**EVENT, **changes, "requestContext": context}, changes):
        try:
            scope, body = asgi_request(event, deadline=0, trace_id="")
        except ProxyEventError:
            continue
        assert isinstance(body, bytes)
        assert all(isinstance(part, bytes) for header in scope["headers"] for part in header)
        assert (type(scope["path"]), type(scope["raw_path"]), type(scope["query_string"])) == (str, bytes, bytes)
