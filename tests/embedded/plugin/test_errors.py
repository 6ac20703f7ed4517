"""Claim: whatever goes wrong reads as one line that says what and, where known, what to do; and small parts hold."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError
from botocore.parsers import ResponseParserError

from leanto.embedded.aws import AwsServer
from leanto.embedded.plugin import tags
from leanto.embedded.plugin.errors import CreatedInPartError, RefusedError, absent, code_of, creating, explain
from leanto.embedded.plugin.side import HttpSideStore, MemorySideStore, SideStoreError

URL = "http://127.0.0.1:5000"
TOKEN = "aws:iam/role:Role"


def client_error(code: str, message: str = "said AWS") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateThing")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (client_error("LimitExceeded"), "LimitExceeded: said AWS (in CreateThing)"),
        (
            client_error("DeleteConflict"),
            "DeleteConflict: said AWS (in CreateThing). Remedy: delete what still hangs on it first",
        ),
        (RefusedError("InvalidThing", "is wrong"), "InvalidThing: is wrong"),
        (
            ParamValidationError(report="Missing\n  required"),
            "the request was not sent: Parameter validation failed: Missing required",
        ),
        (ResponseParserError("bad\nXML"), f"the embedded AWS at {URL} does not implement this call: bad XML"),
        (client_error("500", "x"), f"the embedded AWS at {URL} does not implement this call: "),
        (EndpointConnectionError(endpoint_url=URL), f"the embedded AWS at {URL} does not answer"),
        (ConnectionRefusedError(111, "refused"), f"the embedded AWS at {URL} does not answer"),
        (KeyError("Thing"), "KeyError: 'Thing'"),
        (
            CreatedInPartError("id", client_error("LimitExceeded")),
            "created, but not completed: LimitExceeded: said AWS (in CreateThing)",
        ),
    ],
)
def test_each_error_is_one_line(error: Exception, line: str) -> None:
    text = explain(error, URL)
    assert text.startswith(line)
    assert "\n" not in text


def test_only_the_named_codes_mean_gone() -> None:
    with absent("NoSuchThing"):
        raise client_error("NoSuchThing")
    with pytest.raises(ClientError), absent("NoSuchThing"):
        raise client_error("AccessDenied")
    with pytest.raises(ZeroDivisionError), absent("NoSuchThing"):
        raise ZeroDivisionError
    assert code_of(RefusedError("Code", "m")) == "Code"


def test_a_creation_that_breaks_is_undone_or_handed_on() -> None:
    undone: list[str] = []
    with pytest.raises(ClientError), creating("id", lambda: undone.append("id")):
        raise client_error("LimitExceeded")
    assert undone == ["id"]
    with pytest.raises(CreatedInPartError) as caught, creating("id"):
        raise client_error("LimitExceeded")
    assert caught.value.resource_id == "id"


def test_tags_of_aws_itself_are_not_shown_and_changes_are_the_fewest() -> None:
    pairs = [{"Key": "b", "Value": "2"}, {"Key": "aws:cloudformation:x", "Value": "y"}, {"Key": "a", "Value": "1"}]
    assert tags.as_map(pairs) == {"a": "1", "b": "2"}
    assert tags.as_list({"b": "2", "a": "1"}, "TagKey", "TagValue")[0] == {"TagKey": "a", "TagValue": "1"}
    olds, news = {"tagsAll": {"a": "1", "b": "2", "c": "3"}}, {"tagsAll": {"b": "2", "c": "4", "d": "5"}}
    assert tags.changes(olds, news) == (["a"], {"c": "4", "d": "5"})


def test_own_tags_are_those_the_program_set_or_nobody_did() -> None:
    shown = {"owner": "platform", "part": "store", "stray": "x", "stage": "dev"}
    inputs, defaults = {"tags": {"part": "store", "stage": "dev"}}, {"owner": "platform", "stage": "dev"}
    assert tags.own(shown, inputs, defaults) == {"part": "store", "stray": "x", "stage": "dev"}


@pytest.mark.parametrize("kind", ["memory", "http"])
def test_a_side_store_keeps_replaces_and_forgets(kind: str, aws: AwsServer) -> None:
    store = MemorySideStore() if kind == "memory" else HttpSideStore(aws.url)
    resource_id = "arn:aws:x/ä b?c=d#e"
    assert store.get(TOKEN, resource_id) == {}
    store.put(TOKEN, resource_id, {"period": 180, "deep": {"list": [1, None]}})
    assert store.get(TOKEN, resource_id) == {"period": 180, "deep": {"list": [1, None]}}
    store.put(TOKEN, resource_id, {"other": True})
    assert store.get(TOKEN, resource_id) == {"other": True}
    assert store.get("aws:kms/key:Key", resource_id) == {}
    store.delete(TOKEN, resource_id)
    store.delete(TOKEN, resource_id)
    assert store.get(TOKEN, resource_id) == {}


def test_what_is_kept_does_not_change_with_what_was_given() -> None:
    store, given = MemorySideStore(), {"list": [1]}
    store.put(TOKEN, "id", given)
    given["list"].append(2)
    store.get(TOKEN, "id")["list"].append(3)
    assert store.get(TOKEN, "id") == {"list": [1]}


def test_a_server_that_does_not_take_the_record_is_named(aws: AwsServer) -> None:
    store = HttpSideStore(aws.url)
    with pytest.raises(SideStoreError, match="answers 405"):
        store._call("POST", TOKEN, "id")
