"""Claim: the authorizer admits exactly the keys that the table holds as active, and says who they belong to."""

import time
from typing import Any

import pytest

from runtime.authorizer.handler import handle
from runtime.aws import AwsError
from runtime.errors import ConfigurationError
from runtime.state.keys import NewKey, make_key
from tests.runtime.calling import call

METHOD_ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc123/v1/POST/chat/completions"


def store(boto: Any, table: str, key: NewKey, **values: Any) -> None:
    item = {"pk": {"S": "KEYS"}, "sk": {"S": key.key_id}, "hash": {"S": key.hash}, "name": {"S": "app"}}
    item |= {"team": {"S": "search"}, "state": {"S": "active"}, **values}
    boto("dynamodb").put_item(TableName=table, Item=item)


def event(header: str) -> dict[str, str]:
    return {"type": "TOKEN", "authorizationToken": header, "methodArn": METHOD_ARN}


@pytest.fixture
def variables(aws_variables: dict[str, str], table_name: str) -> dict[str, str]:
    return aws_variables | {"LEANTO_TABLE": table_name}


def test_an_active_key_may_call_every_route_of_its_stage_and_no_other(
    variables: dict[str, str], table_name: str, boto: Any
) -> None:
    key = make_key()
    store(boto, table_name, key)
    first, second = call(handle, variables, event(f"Bearer {key.text}"), event(f"Bearer {key.text}"))
    assert first == second
    assert first == {
        "principalId": key.key_id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "execute-api:Invoke",
                    "Resource": "arn:aws:execute-api:eu-west-1:123456789012:abc123/v1/*",
                }
            ],
        },
        "context": {"keyId": key.key_id, "team": "search", "name": "app", "models": "*"},
    }


def test_the_models_of_a_key_are_told_as_text(variables: dict[str, str], table_name: str, boto: Any) -> None:
    key = make_key()
    store(boto, table_name, key, models={"L": [{"S": "small"}, {"S": "own"}]})
    (result,) = call(handle, variables, event(f"Bearer {key.text}"))
    assert result["context"]["models"] == '["small", "own"]'
    assert all(isinstance(value, str) for value in result["context"].values())


def test_the_data_class_of_a_key_is_told(variables: dict[str, str], table_name: str, boto: Any) -> None:
    key = make_key()
    store(boto, table_name, key, data_class={"S": "eu"})
    (result,) = call(handle, variables, event(f"Bearer {key.text}"))
    assert result["context"]["dataClass"] == "eu"


def test_a_key_made_with_limits_is_told_as_such(variables: dict[str, str], table_name: str, boto: Any) -> None:
    key = make_key()
    store(boto, table_name, key, limited={"BOOL": True})
    (result,) = call(handle, variables, event(f"Bearer {key.text}"))
    assert result["context"]["limited"] == "true"


@pytest.mark.parametrize(
    "values",
    [
        {"state": {"S": "revoked"}},
        {"expires_at": {"N": str(int(time.time()) - 1)}},
        {"hash": {"S": make_key().hash}},
    ],
    ids=["revoked", "expired", "another's hash"],
)
def test_a_key_that_does_not_count_is_unauthorized_in_api_gateways_word(
    variables: dict[str, str], table_name: str, boto: Any, values: dict[str, Any]
) -> None:
    key = make_key()
    store(boto, table_name, key, **values)
    (error,) = call(handle, variables, event(f"Bearer {key.text}"))
    assert str(error) == "Unauthorized"


def test_an_unknown_key_and_every_malformed_one_is_unauthorized(variables: dict[str, str]) -> None:
    headers = [f"Bearer {make_key().text}", "", "Bearer x", "Basic abc", f"Bearer {make_key().text} "]
    results = call(handle, variables, *map(event, headers), {})
    assert [str(error) for error in results] == ["Unauthorized"] * 6


def test_without_its_table_nobody_is_admitted_and_nobody_called_unauthorized(variables: dict[str, str]) -> None:
    (error,) = call(handle, variables | {"LEANTO_TABLE": "absent"}, event(f"Bearer {make_key().text}"))
    assert isinstance(error, AwsError)
    assert str(error) == "dynamodb GetItem failed: ResourceNotFoundException (status 400)"


def test_a_missing_variable_is_named(aws_variables: dict[str, str]) -> None:
    (error,) = call(handle, aws_variables, event(f"Bearer {make_key().text}"))
    assert isinstance(error, ConfigurationError)
    assert "LEANTO_TABLE" in str(error)
