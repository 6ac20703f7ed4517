"""Claim: no request passes a stopped stack, a table that is silent or a provider without a key, and each says why."""

from collections.abc import Callable
from typing import Any

import openai
import pytest

from tests.runtime.gateway.conftest import PROVIDER_KEY, Gateway, Provider

MESSAGES = [{"role": "user", "content": "canary-prompt"}]


def failure(gateway: Gateway, **options: Any) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as error:
        gateway.client.chat.completions.create(model="small", messages=MESSAGES, **options)
    return error.value


def stop(boto: Any, table_name: str, *, stopped: bool = True) -> None:
    item = {"pk": {"S": "CONTROL"}, "sk": {"S": "STOP"}, "stopped": {"BOOL": stopped}}
    item |= {"reason": {"S": "budget of 10 USD is used up"}, "at": {"S": "2026-11-24T10:00:00.000Z"}}
    boto("dynamodb").put_item(TableName=table_name, Item=item)


def test_a_stopped_stack_answers_nothing_and_says_why(
    start_gateway: Callable[..., Gateway], provider: Provider, boto: Any, table_name: str
) -> None:
    stop(boto, table_name)
    gateway = start_gateway()
    error = failure(gateway)
    assert (error.status_code, error.code) == (503, "stopped")
    assert "budget of 10 USD is used up" in error.message
    assert error.response.headers["x-should-retry"] == "false"
    with pytest.raises(openai.InternalServerError):
        gateway.client.models.list()
    assert provider.counts()["chat_requests"] == 0


def test_a_flag_that_says_not_stopped_lets_requests_pass(
    start_gateway: Callable[..., Gateway], provider: Provider, boto: Any, table_name: str
) -> None:
    stop(boto, table_name, stopped=False)
    gateway = start_gateway()
    assert gateway.client.chat.completions.create(model="small", messages=MESSAGES).choices


def test_a_table_that_is_not_there_lets_no_request_pass(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    gateway = start_gateway(variables={"LEANTO_TABLE": "no-such-table"})
    error = failure(gateway)
    assert (error.status_code, error.code) == (503, "state_unavailable")
    assert "ResourceNotFoundException" in error.message
    assert provider.counts()["chat_requests"] == 0


def test_a_table_that_does_not_answer_lets_no_request_pass(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    gateway = start_gateway(variables={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    error = failure(gateway)
    assert (error.status_code, error.code) == (503, "state_unavailable")
    assert provider.counts()["chat_requests"] == 0


@pytest.mark.parametrize("key", [None, " "])
def test_a_provider_without_a_key_is_503_and_names_the_remedy(
    start_gateway: Callable[..., Gateway], provider: Provider, key: str | None
) -> None:
    error = failure(start_gateway(key=key))
    assert (error.status_code, error.code) == (503, "provider_key_missing")
    assert "leanto provider-key set acme" in error.message
    assert error.response.headers["x-should-retry"] == "false"


def test_a_key_set_after_the_first_refusal_is_used_at_the_next_request(
    start_gateway: Callable[..., Gateway], provider: Provider, boto: Any
) -> None:
    gateway = start_gateway(key=None)
    failure(gateway)
    boto("secretsmanager").put_secret_value(SecretId=gateway.secret_arn, SecretString=PROVIDER_KEY)
    assert gateway.client.chat.completions.create(model="small", messages=MESSAGES).choices


def test_a_key_pasted_with_a_line_end_is_used_without_it(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    provider.control(require_key=PROVIDER_KEY)
    gateway = start_gateway(key=f"{PROVIDER_KEY}\n")
    assert gateway.client.chat.completions.create(model="small", messages=MESSAGES).choices


@pytest.mark.parametrize("key", ["two words", "a\r\nX-Injected: 1", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_503_and_not_shown(
    start_gateway: Callable[..., Gateway], provider: Provider, key: str
) -> None:
    error = failure(start_gateway(key=key))
    assert (error.status_code, error.code) == (503, "provider_key_unusable")
    assert key not in error.message
    assert provider.counts()["chat_requests"] == 0


def test_a_key_that_the_provider_refuses_is_502_and_names_the_remedy(gateway: Gateway, provider: Provider) -> None:
    provider.control(require_key="another")
    error = failure(gateway)
    assert (error.status_code, error.code) == (502, "upstream_refused_key")
    assert "leanto provider-key set acme" in error.message
    assert "Incorrect API key" not in error.message
