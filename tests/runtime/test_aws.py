"""Claim: the AWS client reaches AWS, repeats what may pass and nothing else, and its errors tell no value."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from runtime import aws as aws_module
from runtime.aws import Aws, AwsError, open_aws
from runtime.errors import ConfigurationError
from tests.runtime.raw_upstream import CLOSE, HANG, RawUpstream, whole

VARIABLES = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "canary-secret",
    "AWS_SESSION_TOKEN": "canary-token",
}
JSON_TYPE = "application/x-amz-json-1.0"
THROTTLED = whole("400 Bad Request", b'{"__type": "com.amazonaws#ThrottlingException"}', content_type=JSON_TYPE)
FAILED = whole("500 Internal Server Error", b"", content_type=JSON_TYPE)
DENIED = whole(
    "400 Bad Request",
    b'{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"canary-user may not"}',
    content_type=JSON_TYPE,
)
FINE = whole("200 OK", b'{"Item": {}}', content_type=JSON_TYPE)


@asynccontextmanager
async def scripted(*scripts: list[bytes]) -> AsyncIterator[tuple[Aws, RawUpstream]]:
    upstream = RawUpstream(*scripts)
    await upstream.start()
    endpoint = upstream.base_url.removesuffix("/v1")
    async with open_aws({**VARIABLES, "AWS_ENDPOINT_URL": endpoint}) as aws:
        yield aws, upstream
    await upstream.close()


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(test())


async def get_item(aws: Aws) -> dict[str, Any]:
    return await aws.json("dynamodb", "DynamoDB_20120810.GetItem", {"TableName": "canary-table"}, version="1.0")


def test_json_and_query_calls_reach_real_services(aws_variables: dict[str, str], boto: Any) -> None:
    boto("secretsmanager").create_secret(Name="known", SecretString="the value")
    boto("sns").create_topic(Name="topic-of-this-test")

    async def test() -> None:
        async with open_aws(aws_variables) as aws:
            secret = await aws.json(
                "secretsmanager", "secretsmanager.GetSecretValue", {"SecretId": "known"}, version="1.1"
            )
            assert secret["SecretString"] == "the value"
            topics = await aws.query("sns", "2010-03-31", "ListTopics", {})
            arns = [arn.text or "" for arn in topics.iterfind(".//TopicArn")]
            assert [arn for arn in arns if arn.endswith(":topic-of-this-test")] != []

    run(test)


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        (
            "json",
            ("secretsmanager", "secretsmanager.GetSecretValue", {"SecretId": "absent"}),
            "ResourceNotFoundException",
        ),
        ("query", ("sns", "2010-03-31", "Publish", {"TopicArn": "arn:aws:sns:x:1:no", "Message": "m"}), "NotFound"),
    ],
)
def test_refusals_carry_awss_code(aws_variables: dict[str, str], service: str, call: Any, code: str) -> None:
    async def test() -> None:
        async with open_aws(aws_variables) as aws:
            with pytest.raises(AwsError) as error:
                await (aws.json(*call, version="1.1") if service == "json" else aws.query(*call))
            assert error.value.code == code
            assert error.value.status in {400, 404}

    run(test)


@pytest.mark.parametrize("passing", [[THROTTLED], [FAILED, FAILED], [[CLOSE]], [THROTTLED, [CLOSE]]])
def test_what_may_pass_is_tried_again(passing: list[list[bytes]]) -> None:
    async def test() -> None:
        async with scripted(*passing, FINE) as (aws, upstream):
            assert await get_item(aws) == {"Item": {}}
            assert len(upstream.received) == len(passing) + 1

    run(test)


@pytest.mark.parametrize(("script", "code"), [(THROTTLED, "ThrottlingException"), (FAILED, "UnknownError")])
def test_three_attempts_are_all(script: list[bytes], code: str) -> None:
    async def test() -> None:
        async with scripted(script) as (aws, upstream):
            with pytest.raises(AwsError) as error:
                await get_item(aws)
            assert error.value.code == code
            assert len(upstream.received) == 3

    run(test)


def test_a_refusal_is_final_and_its_text_repeats_no_value() -> None:
    async def test() -> None:
        async with scripted(DENIED) as (aws, upstream):
            with pytest.raises(AwsError) as error:
                await get_item(aws)
            assert len(upstream.received) == 1
            assert str(error.value) == "dynamodb GetItem failed: AccessDeniedException (status 400)"
            assert error.value.message == "canary-user may not"

    run(test)


def test_a_redirect_is_an_error_and_takes_the_signature_nowhere_else() -> None:
    async def test() -> None:
        async with (
            scripted(FINE) as (_, other),
            scripted(whole("307 Temporary Redirect", b"", f"Location: {other.base_url}")) as (aws, _),
        ):
            with pytest.raises(AwsError) as error:
                await get_item(aws)
            assert error.value.status == 307
            assert other.received == []

    run(test)


def test_a_service_that_is_silent_is_unreachable_within_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_module, "ATTEMPT_SECONDS", 0.2)

    async def test() -> None:
        async with scripted([HANG]) as (aws, upstream):
            begun = time.monotonic()
            with pytest.raises(AwsError) as error:
                await get_item(aws)
            assert (error.value.code, error.value.status) == ("Unreachable", 0)
            assert time.monotonic() - begun < 20
            assert len(upstream.received) == 3

    run(test)


@pytest.mark.parametrize("body", [b"<Oops", b"plain", b"[]", b'{"__type": {"x": 1}}', b'{"__type": "bad type\\n"}'])
def test_an_error_that_cannot_be_read_has_a_plain_code(body: bytes) -> None:
    async def test() -> None:
        async with scripted(whole("400 Bad Request", body)) as (aws, _):
            with pytest.raises(AwsError) as error:
                await get_item(aws)
            assert error.value.code == "UnknownError"

    run(test)


def test_requests_are_signed_with_the_session_token_and_carry_no_secret() -> None:
    async def test() -> None:
        async with scripted(FINE) as (aws, upstream):
            await get_item(aws)
            request = upstream.received[0]
            assert request.header("x-amz-security-token") == "canary-token"
            assert "x-amz-security-token" in (request.header("authorization") or "")
            assert "canary-secret" not in str(request)

    run(test)


@pytest.mark.parametrize("missing", ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_missing_variable_is_named(missing: str) -> None:
    async def test() -> None:
        variables = {name: value for name, value in VARIABLES.items() if name != missing}
        with pytest.raises(ConfigurationError, match=missing):
            async with open_aws(variables) as aws:
                await get_item(aws)

    run(test)


def test_without_an_endpoint_the_service_of_the_region_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    class SeenError(Exception):
        pass

    def post(_self: Any, url: str, **_: Any) -> Any:
        raise SeenError(url)

    async def test() -> None:
        monkeypatch.setattr("aiohttp.ClientSession.post", post)
        async with open_aws(VARIABLES) as aws:
            with pytest.raises(SeenError, match=r"^https://dynamodb\.eu-west-1\.amazonaws\.com/$"):
                await get_item(aws)

    run(test)
