"""Claim: the front plays a deployed API as API Gateway would: events in, responses out, whole and streamed."""

import asyncio
import base64
import io
import json
import time
from collections.abc import AsyncGenerator, Callable

import aiohttp
import pytest

from tests.embedded.front.conftest import Running
from tests.embedded.front.stack import Stack, raw_exchange
from tests.embedded.functions.deployed import REGION

ECHO = """
import json
def handle(call):
    headers = {"x-mine": "1", "Content-Type": "application/json", "www-authenticate": "Bearer", "Server": "me"}
    call.respond({
        "statusCode": 201,
        "headers": headers,
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
        "body": json.dumps(call.event),
    })
"""
STREAM = r"""
import json, time
def handle(call):
    how = (call.event["queryStringParameters"] or {}).get("how", "")
    if how == "fails-first":
        return call.fail("ValueError", "secret words of a client")
    if how == "no-prelude":
        stream = call.stream("text/plain")
        stream.write(b"x" * 20000)
        return stream.close()
    stream = call.stream("application/vnd.awslambda.http-integration-response")
    prelude = {"statusCode": 200, "headers": {"content-type": "text/event-stream"}, "cookies": ["a=1", "b=2"]}
    encoded = json.dumps(prelude).encode() + b"\0" * 8
    stream.write(encoded[:10])
    stream.write(encoded[10:] + b"data: 1\n\n")
    for number in (2, 3):
        time.sleep(0.6)
        stream.write(b"data: %d\n\n" % number)
    if how == "breaks":
        return stream.close("ProviderError", "secret words of a client")
    stream.close()
"""
SHAPES = """
def handle(call):
    kind = call.event["pathParameters"]["kind"]
    answers = {
        "text": "just text",
        "no-status": {"body": "x"},
        "odd-body": {"statusCode": 200, "body": {"a": 1}},
        "odd-status": {"statusCode": 700},
        "binary": {"statusCode": 200, "isBase64Encoded": True, "body": "AAEC"},
        "empty": {"statusCode": 204},
    }
    if kind == "raises":
        raise ValueError("secret words of a client")
    if kind == "slow":
        import time
        time.sleep(3)
    call.respond(answers.get(kind, {"statusCode": 200, "body": "late"}))
"""


@pytest.fixture(scope="module")
def stack(running: Running) -> Stack:
    made = Stack(running.cloud, "serving")
    cloud = running.cloud
    echo = cloud.deploy("serving-echo", ECHO, Timeout=30)
    made.method("POST", "/echo/{name}", echo)
    made.method("GET", "/echo/exact", echo)
    made.method("ANY", "/deep/{rest+}", echo)
    made.method("GET", "/stream", cloud.deploy("serving-stream", STREAM, Timeout=30), streams=True)
    shapes = cloud.deploy("serving-shapes", SHAPES, Timeout=30)
    made.method("GET", "/shape/{kind}", shapes, timeoutMilliseconds=2000)
    made.method("GET", "/not-permitted", cloud.deploy("serving-closed", ECHO), permit=False)
    made.method("GET", "/throttled", cloud.deploy("serving-throttled", ECHO, concurrency=0))
    made.stage(variables={"colour": "blue"})
    return made


def test_a_request_reaches_the_function_in_the_format_of_a_proxy_integration(running: Running, stack: Stack) -> None:
    got = running.call(
        "POST",
        f"/{stack.api_id}/v1/echo/a%20b?x=1&x=2&y=%C3%A9",
        data='{"prompt": "é"}'.encode(),
        headers={"Content-Type": "application/json", "X-Twice": "first", "User-Agent": "tests"},
    )
    event = got.json()
    domain = f"{stack.api_id}.execute-api.{REGION}.amazonaws.com"
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/echo/{name}", "/echo/a b", "POST")
    assert event["pathParameters"] == {"name": "a b"}
    assert event["queryStringParameters"] == {"x": "2", "y": "é"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": ["é"]}
    assert event["stageVariables"] == {"colour": "blue"}
    assert (event["body"], event["isBase64Encoded"]) == ('{"prompt": "é"}', False)
    assert event["headers"]["X-Twice"] == "first"
    assert event["headers"]["Host"] == domain
    assert event["headers"]["X-Forwarded-Proto"] == "https"
    assert "Content-Length" not in event["headers"]
    context = event["requestContext"]
    assert context["domainName"] == domain
    assert (context["stage"], context["path"]) == ("v1", "/v1/echo/a b")
    assert (context["resourcePath"], context["httpMethod"]) == ("/echo/{name}", "POST")
    assert context["accountId"] == running.cloud.server.account_id
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "tests"
    assert context["requestId"] == got.headers["x-amzn-RequestId"]
    assert "authorizer" not in context


def test_a_request_without_body_and_query_has_nulls(running: Running, stack: Stack) -> None:
    event = running.call("GET", f"/{stack.api_id}/v1/echo/exact").json()
    names = ("body", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters")
    assert [event[name] for name in names] == [None] * 4


def test_status_headers_and_cookies_come_back_and_reserved_headers_are_renamed(running: Running, stack: Stack) -> None:
    got = running.call("GET", f"/{stack.api_id}/v1/echo/exact")
    assert got.status == 201
    assert got.headers["x-mine"] == "1"
    assert got.headers.getall("Set-Cookie") == ["a=1", "b=2"]
    assert got.headers["x-amzn-remapped-www-authenticate"] == "Bearer"
    assert "Server" not in got.headers
    assert "WWW-Authenticate" not in got.headers


def test_greedy_paths_and_any_method_are_found_last(running: Running, stack: Stack) -> None:
    event = running.call("DELETE", f"/{stack.api_id}/v1/deep/a/b/c").json()
    assert event["pathParameters"] == {"rest": "a/b/c"}
    assert event["requestContext"]["resourcePath"] == "/deep/{rest+}"


def test_a_stream_keeps_its_rhythm(running: Running, stack: Stack) -> None:
    async def read() -> tuple[aiohttp.ClientResponse, list[tuple[bytes, float]]]:
        async with running.session.get(f"{running.front.url}/{stack.api_id}/v1/stream") as response:
            begun = time.monotonic()
            return response, [(piece, time.monotonic() - begun) async for piece, _ in response.content.iter_chunks()]

    response, pieces = running.runner.run(read())
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers.getall("Set-Cookie") == ["a=1", "b=2"]
    assert b"".join(piece for piece, _ in pieces) == b"data: 1\n\ndata: 2\n\ndata: 3\n\n"
    assert pieces[0][0] == b"data: 1\n\n"
    assert pieces[0][1] < 0.6
    assert pieces[-1][1] > 0.9


def test_a_failure_in_mid_stream_cuts_the_response_off(running: Running, stack: Stack) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        running.call("GET", f"/{stack.api_id}/v1/stream?how=breaks")
    sent = running.runner.run(raw_exchange(running.front.url, f"/{stack.api_id}/v1/stream?how=breaks"))
    assert sent.startswith(b"HTTP/1.1 200")
    assert b"data: 3" in sent
    assert not sent.endswith(b"0\r\n\r\n")
    assert b"secret words" not in sent


@pytest.mark.parametrize("how", ["fails-first", "no-prelude"])
def test_a_stream_that_does_not_begin_is_502(running: Running, stack: Stack, how: str) -> None:
    got = running.call("GET", f"/{stack.api_id}/v1/stream?how={how}")
    assert (got.status, got.json()) == (502, {"message": "Internal server error"})
    assert got.headers["x-amzn-errortype"] == "InternalServerErrorException"


@pytest.mark.parametrize("kind", ["text", "no-status", "odd-body", "odd-status", "raises"])
def test_answers_that_are_no_responses_are_502(running: Running, stack: Stack, kind: str) -> None:
    got = running.call("GET", f"/{stack.api_id}/v1/shape/{kind}")
    assert (got.status, got.json()) == (502, {"message": "Internal server error"})


def test_binary_and_empty_answers(running: Running, stack: Stack) -> None:
    binary = running.call("GET", f"/{stack.api_id}/v1/shape/binary")
    assert (binary.status, binary.body) == (200, base64.b64decode("AAEC"))
    empty = running.call("GET", f"/{stack.api_id}/v1/shape/empty")
    assert (empty.status, empty.body) == (204, b"")


def test_a_slow_function_is_504_and_runs_to_its_end(
    running: Running, stack: Stack, wait: Callable[[float], None]
) -> None:
    begun = time.monotonic()
    got = running.call("GET", f"/{stack.api_id}/v1/shape/slow")
    assert time.monotonic() - begun > 1.9
    assert (got.status, got.json()) == (504, {"message": "Endpoint request timed out"})
    wait(1.5)
    assert running.call("GET", f"/{stack.api_id}/v1/shape/late").body == b"late"


def test_a_function_that_does_not_permit_the_api_is_500(running: Running, stack: Stack) -> None:
    got = running.call("GET", f"/{stack.api_id}/v1/not-permitted")
    assert (got.status, got.json()) == (500, {"message": "Internal server error"})


def test_a_throttled_function_is_500(running: Running, stack: Stack) -> None:
    got = running.call("GET", f"/{stack.api_id}/v1/throttled")
    assert (got.status, got.json()) == (500, {"message": "Internal server error"})


@pytest.mark.parametrize("path", ["/v1/nowhere", "/v1", "/v1/echo"])
def test_paths_that_the_api_lacks_are_403_missing_token(running: Running, stack: Stack, path: str) -> None:
    got = running.call("GET", f"/{stack.api_id}{path}")
    assert (got.status, got.json()) == (403, {"message": "Missing Authentication Token"})
    assert got.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


def test_a_method_that_the_path_lacks_is_403_missing_token(running: Running, stack: Stack) -> None:
    assert running.call("PUT", f"/{stack.api_id}/v1/echo/x").status == 403


@pytest.mark.parametrize("path", ["/nobody/v1/x", "/{api}/v2/x", "/", "/{api}"])
def test_unknown_apis_and_stages_are_forbidden(running: Running, stack: Stack, path: str) -> None:
    got = running.call("GET", path.format(api=stack.api_id))
    assert (got.status, got.json()) == (403, {"message": "Forbidden"})


def test_a_request_over_ten_megabytes_is_413(running: Running, stack: Stack) -> None:
    body = io.BytesIO(b"x" * (10 * 1024 * 1024 + 1))
    got = running.call("POST", f"/{stack.api_id}/v1/echo/x", data=body)
    assert (got.status, got.json()) == (413, {"message": "Request Too Long"})


def test_a_request_of_unknown_length_is_refused_as_soon_as_it_is_too_long(running: Running, stack: Stack) -> None:
    sent = []

    async def chunks() -> AsyncGenerator[bytes, None]:
        for number in range(200):
            sent.append(number)
            yield b"x" * 1024 * 1024

    got = running.call("POST", f"/{stack.api_id}/v1/echo/x", data=chunks())
    assert (got.status, got.json()) == (413, {"message": "Request Too Long"})
    assert len(sent) < 100


def test_a_start_that_outlasts_the_integration_goes_on(running: Running, wait: Callable[[float], None]) -> None:
    source = "import time\ntime.sleep(2.5)\ndef handle(call):\n    call.respond({'statusCode': 200, 'body': 'up'})\n"
    stack = Stack(running.cloud, "slow-start")
    function = running.cloud.deploy("slow-start", source, Timeout=30)
    stack.method("GET", "/up", function, timeoutMilliseconds=1000)
    stack.stage()
    path = f"/{stack.api_id}/v1/up"
    assert running.call("GET", path).status == 504
    for _ in range(20):
        wait(0.5)
        if running.call("GET", path).body == b"up":
            return
    raise AssertionError("each request starts anew")


def test_an_event_over_lambdas_limit_is_413(running: Running, stack: Stack) -> None:
    got = running.call("POST", f"/{stack.api_id}/v1/echo/x", data=io.BytesIO(b"x" * 7_000_000))
    assert got.status == 413


def test_a_client_who_leaves_does_not_disturb_the_function(
    running: Running, stack: Stack, wait: Callable[[float], None]
) -> None:
    async def leave() -> None:
        async with running.session.get(f"{running.front.url}/{stack.api_id}/v1/stream") as response:
            await response.content.readany()

    running.runner.run(leave())
    wait(1.0)
    assert running.call("GET", f"/{stack.api_id}/v1/stream").body.endswith(b"data: 3\n\n")


def test_what_is_changed_without_a_deployment_is_not_live(running: Running) -> None:
    cloud = running.cloud
    stack = Stack(cloud, "frozen")
    stack.method("GET", "/first", cloud.deploy("frozen-echo", ECHO))
    stack.stage()
    stack.method("GET", "/second", cloud.deploy("frozen-other", ECHO))
    paths = (f"/{stack.api_id}/v1/first", f"/{stack.api_id}/v1/second")
    assert [running.call("GET", path).status for path in paths] == [201, 403]

    operation = {"op": "replace", "path": "/deploymentId", "value": stack.deploy()}
    cloud.client("apigateway").update_stage(restApiId=stack.api_id, stageName="v1", patchOperations=[operation])
    for _ in range(30):
        if running.call("GET", paths[1]).status == 201:
            return
        running.runner.run(asyncio.sleep(0.1))
    raise AssertionError("the new deployment was not seen")


def test_binary_media_types_arrive_as_base64(running: Running) -> None:
    cloud = running.cloud
    stack = Stack(cloud, "binary")
    operation = {"op": "add", "path": "/binaryMediaTypes", "value": "audio/mpeg"}
    cloud.client("apigateway").update_rest_api(restApiId=stack.api_id, patchOperations=[operation])
    stack.method("POST", "/in", cloud.deploy("binary-echo", ECHO))
    stack.stage()
    headers = {"Content-Type": "audio/mpeg"}
    event = running.call("POST", f"/{stack.api_id}/v1/in", data=b"\xff\x00", headers=headers).json()
    assert (event["isBase64Encoded"], base64.b64decode(event["body"])) == (True, b"\xff\x00")
    text = running.call("POST", f"/{stack.api_id}/v1/in", data=b"\xff", headers={"Content-Type": "text/plain"}).json()
    assert (text["isBase64Encoded"], text["body"]) == (False, "�")


def test_a_disabled_endpoint_is_forbidden(running: Running) -> None:
    cloud = running.cloud
    stack = Stack(cloud, "disabled")
    operation = {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}
    cloud.client("apigateway").update_rest_api(restApiId=stack.api_id, patchOperations=[operation])
    stack.method("GET", "/x", cloud.deploy("disabled-echo", ECHO))
    stack.stage()
    got = running.call("GET", f"/{stack.api_id}/v1/x")
    assert (got.status, json.loads(got.body)) == (403, {"message": "Forbidden"})
