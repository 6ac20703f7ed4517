"""Claim: the functions, started as deployed, serve API Gateway's events, and print no secret and no prompt."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from leanto.embedded.provider import start_stand_in
from runtime.state.keys import NewKey, make_key
from tests.runtime.functions import started

PROMPT = "canary-prompt"
PROVIDER_KEY = "sk-canary-provider"
METHOD_ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc123/v1/POST/chat/completions"


@pytest.fixture
def key(boto: Any, table_name: str) -> NewKey:
    key = make_key()
    item = {"pk": "KEYS", "sk": key.key_id, "hash": key.hash, "name": "app", "team": "search", "state": "active"}
    boto("dynamodb").put_item(TableName=table_name, Item={name: {"S": value} for name, value in item.items()})
    return key


@pytest.fixture
def variables(aws_variables: dict[str, str], table_name: str) -> dict[str, str]:
    return aws_variables | {"LEANTO_TABLE": table_name, "LEANTO_STACK": "demo"}


def event_of(context: dict[str, str], document: dict[str, Any], path: str = "/chat/completions") -> bytes:
    request_context = {"requestId": "front-1", "authorizer": context, "identity": {"sourceIp": "203.0.113.7"}}
    event = {"resource": path, "path": path, "httpMethod": "POST", "requestContext": request_context}
    return json.dumps(event | {"headers": {}, "body": json.dumps(document), "isBase64Encoded": False}).encode()


def write_deployment(path: Path, base_url: str) -> None:
    price = {"input_micro_usd_per_million": 100_000, "output_micro_usd_per_million": 500_000}
    upstream = {"kind": "provider", "provider": "acme", "model": "gpt-6-luna"}
    upstream["price"] = {**price, "maximum_output_tokens": 128_000}
    document = {
        "schema": 2,
        "stack": "demo",
        "mode": "managed",
        "limits": {
            "request_bytes": 100_000,
            "request_timeout_seconds": 20,
            "first_byte_timeout_seconds": 10,
            "monthly_spend_micro_usd": 50_000_000,
        },
        "providers": {"acme": {"base_url": base_url, "auth": "bearer"}},
        "routes": [{"model": "small", "created": 1, "upstreams": [upstream]}],
    }
    path.write_text(json.dumps(document))


def test_from_key_to_streamed_answer(
    variables: dict[str, str], boto: Any, key: NewKey, table_name: str, tmp_path: Path
) -> None:
    arn = boto("secretsmanager").create_secret(Name=f"deployed/{table_name}", SecretString=PROVIDER_KEY)["ARN"]
    gateway_variables = variables | {
        "LEANTO_DEPLOYMENT": str(tmp_path / "deployment.json"),
        "LEANTO_PROVIDER_SECRETS": json.dumps({"acme": arn}),
    }

    async def test() -> None:
        stand_in = await start_stand_in()
        write_deployment(tmp_path / "deployment.json", stand_in.base_url)
        async with started("runtime.authorizer.handler:handle", variables) as authorizer:
            token = {"authorizationToken": f"Bearer {key.text}", "methodArn": METHOD_ARN}
            context = json.loads((await authorizer.api.invoke(json.dumps(token).encode())).body)["context"]
            wrong = token | {"authorizationToken": f"Bearer {make_key().text}"}
            refusal = json.loads((await authorizer.api.invoke(json.dumps(wrong).encode())).body)
            assert refusal["errorMessage"] == "Unauthorized"
            assert await authorizer.end() == 0
        request = {"model": "small", "messages": [{"role": "user", "content": PROMPT}], "stream": True}
        async with started("runtime.gateway.app:app", gateway_variables) as gateway:
            for _ in range(2):
                posted = await gateway.api.invoke(event_of(context, request))
                prelude, _, body = posted.body.partition(b"\0" * 8)
                head = json.loads(prelude)
                assert head["statusCode"] == 200
                assert head["headers"]["content-type"] == "text/event-stream; charset=utf-8"
                assert head["headers"]["x-request-id"] == "front-1"
                assert body.startswith(b"data: ")
                assert body.endswith(b"data: [DONE]\n\n")
                times = [seconds for seconds, data in posted.chunks if b"data:" in data]
                assert times[-1] - times[0] > 0.2
            bad = await gateway.api.invoke(event_of(context, {"model": PROMPT}))
            assert json.loads(bad.body.partition(b"\0" * 8)[0])["statusCode"] == 400
            assert (await gateway.api.invoke(json.dumps({"prompt": PROMPT}).encode())).path.endswith("/error")
            assert await gateway.end() == 0
        await stand_in.close()
        lines = [json.loads(line) for line in gateway.output.splitlines()]
        assert [(line["event"], line.get("status")) for line in lines] == [
            ("request", 200),
            ("request", 200),
            ("request", 400),
            ("request_failed", None),
        ]
        printed = authorizer.output + gateway.output
        secrets = (
            PROMPT,
            PROVIDER_KEY,
            key.text,
            key.text[-43:],
            key.hash,
            "canary-secret-access-key",
            "canary-session",
        )
        assert [secret for secret in secrets if secret in printed] == []

    asyncio.run(test())


def test_the_stop_function_stops_from_an_event(variables: dict[str, str], boto: Any, table_name: str) -> None:
    topic_arn = boto("sns").create_topic(Name=f"deployed-{table_name}")["TopicArn"]
    own = variables | {"LEANTO_GROUP": "", "LEANTO_ALERT_TOPIC_ARN": topic_arn}

    async def test() -> None:
        async with started("runtime.stop.handler:handle", own) as function:
            result = json.loads((await function.api.invoke(b'{"reason": "a person said so"}')).body)
            assert result["done"] == {"routes": "turned off", "notice": "published"}
            assert await function.end() == 0
            (line,) = [json.loads(line) for line in function.output.splitlines()]
            assert (line["event"], line["done"]) == ("stop", result["done"])

    asyncio.run(test())


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"LEANTO_DEPLOYMENT": "/opt/absent.json"}, "the deployment document /opt/absent.json cannot be read"),
        ({"LEANTO_DEPLOYMENT": ""}, "LEANTO_DEPLOYMENT is not set"),
        ({"LEANTO_PROVIDER_SECRETS": "arn"}, "LEANTO_PROVIDER_SECRETS must be JSON"),
        ({"LEANTO_PROVIDER_SECRETS": "{}"}, "LEANTO_PROVIDER_SECRETS names no secret for acme"),
        ({"LEANTO_TABLE": ""}, "LEANTO_TABLE is not set"),
    ],
)
def test_a_gateway_that_was_deployed_wrong_says_so_before_the_first_request(
    variables: dict[str, str], tmp_path: Path, change: dict[str, str], part: str
) -> None:
    path = tmp_path / "deployment.json"
    write_deployment(path, "https://api.example.org/v1")
    right = {"LEANTO_DEPLOYMENT": str(path), "LEANTO_PROVIDER_SECRETS": '{"acme": "arn"}'}

    async def test() -> None:
        async with started("runtime.gateway.app:app", variables | right | change) as function:
            posted = await asyncio.wait_for(function.api.posted.get(), 10)
            report = json.loads(posted.body)
            assert posted.path.endswith("/runtime/init/error")
            assert report["errorType"] == "ConfigurationError"
            assert part in report["errorMessage"]
            assert await asyncio.wait_for(function.process.wait(), 10) == 1

    asyncio.run(test())
