"""Claim: the pure parts of the front decide and spell as API Gateway does."""

import asyncio
import json
from collections.abc import AsyncGenerator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanto.embedded.front.authorization import read_word
from leanto.embedded.front.outcome import Outcome, context_values
from leanto.embedded.front.proxy import (
    MAXIMUM_PRELUDE_BYTES,
    SEPARATOR,
    Head,
    MalformedResponseError,
    streamed_response,
    whole_response,
)
from leanto.embedded.front.refusals import RefusedRequestError, refusal_answer
from leanto.embedded.front.request import Api, Received, decoded_path, query_pairs
from leanto.embedded.front.routing import find
from leanto.embedded.front.snapshot import GatewayResponse, Method
from leanto.embedded.front.templates import filled, log_line

API = Api("abc", "v1", "eu-west-1", "123456789012")
PRELUDE = json.dumps({"statusCode": 206, "headers": {"x-a": "1"}}).encode()


def method(path: str, http_method: str = "GET") -> Method:
    return Method(path, f"{http_method} {path}", http_method, None, "arn:uri", streams=False, timeout_seconds=1)


METHODS = (
    method("/"),
    method("/a", "ANY"),
    method("/a"),
    method("/a/{x}"),
    method("/a/exact"),
    method("/a/{x}/{y+}"),
    method("/{rest+}"),
)


@pytest.mark.parametrize(
    ("http_method", "path", "found", "parameters"),
    [
        ("GET", "/", "GET /", {}),
        ("GET", "/a", "GET /a", {}),
        ("PUT", "/a", "ANY /a", {}),
        ("GET", "/a/exact", "GET /a/exact", {}),
        ("GET", "/a/other", "GET /a/{x}", {"x": "other"}),
        ("GET", "/a/b/c/d", "GET /a/{x}/{y+}", {"x": "b", "y": "c/d"}),
        ("GET", "/b/c", "GET /{rest+}", {"rest": "b/c"}),
    ],
)
def test_the_most_exact_method_answers(http_method: str, path: str, found: str, parameters: dict[str, str]) -> None:
    match = find(METHODS, http_method, path)
    assert match is not None
    assert (match.method.resource_id, match.parameters) == (found, parameters)


@pytest.mark.parametrize(("http_method", "path"), [("POST", "/"), ("PUT", "/a/exact"), ("PUT", "/b")])
def test_no_method_is_no_answer(http_method: str, path: str) -> None:
    assert find(METHODS, http_method, path) is None


def test_paths_and_queries_are_decoded_once() -> None:
    assert decoded_path(["a%2Fb", "c%2520"]) == "/a/b/c%20"
    assert decoded_path(["chat", ""]) == "/chat"
    assert decoded_path([]) == "/"
    assert query_pairs("a=1&a=%26&b=&c") == (("a", "1"), ("a", "&"), ("b", ""), ("c", ""))


async def _in_pieces(content: bytes, cuts: list[int]) -> AsyncGenerator[bytes, None]:
    edges = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        yield content[start:end]


async def _split(content: bytes, cuts: list[int]) -> tuple[Head, bytes]:
    pieces = _in_pieces(content, cuts)
    head, body = await streamed_response(pieces)
    return head, body + b"".join([piece async for piece in pieces])


@given(st.lists(st.integers(0, 200)), st.binary(max_size=60))
def test_a_prelude_is_found_however_the_stream_is_cut(cuts: list[int], body: bytes) -> None:
    head, rest = asyncio.run(_split(PRELUDE + SEPARATOR + body, cuts))
    assert head == Head(206, (("x-a", "1"), ("Content-Type", "application/json")))
    assert rest == body


@pytest.mark.parametrize(
    "content",
    [
        b"",
        PRELUDE,
        PRELUDE + SEPARATOR[:-1],
        b"not json" + SEPARATOR,
        b"[]" + SEPARATOR,
        b'{"statusCode": "x"}' + SEPARATOR,
        b'{"statusCode": true}' + SEPARATOR,
        b'{"headers": [1]}' + SEPARATOR,
        json.dumps({"headers": {"x": "y" * MAXIMUM_PRELUDE_BYTES}}).encode() + SEPARATOR,
    ],
)
def test_a_stream_without_a_sound_prelude_is_malformed(content: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        asyncio.run(_split(content, [5, 17_000]))


def test_headers_of_both_tables_go_out_once() -> None:
    document = {
        "statusCode": "200",
        "headers": {"X-A": "single", "X-B": 1, "Content-Length": "9"},
        "multiValueHeaders": {"x-a": ["first", "second"]},
        "body": None,
    }
    head, body = whole_response(json.dumps(document).encode())
    assert head.headers == (("X-B", "1"), ("x-a", "first"), ("x-a", "second"), ("Content-Type", "application/json"))
    assert body == b""


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"policyDocument": {"Statement": []}},
        {"principalId": "p"},
        {"principalId": "p", "policyDocument": {"Statement": []}, "context": {"a": []}},
        {"principalId": "p", "policyDocument": {"Statement": []}, "context": {"a": None}},
        {"principalId": "p", "policyDocument": {"Statement": []}, "context": "text"},
        [],
        None,
    ],
)
def test_an_authorizers_word_of_another_form_is_a_configuration_error(answer: object) -> None:
    with pytest.raises(RefusedRequestError) as refused:
        read_word(json.dumps(answer).encode())
    assert refused.value.response_type == "AUTHORIZER_CONFIGURATION_ERROR"


def received(**headers: str) -> Received:
    return Received(API, "GET", "/a", tuple(headers.items()), (("q", "1"),), "::1", request_id="id-1", received_ms=0)


def refuse(error: RefusedRequestError, responses: dict[str, GatewayResponse], **headers: str) -> Any:
    return refusal_answer(error, received(**headers), Outcome(), responses, {"colour": "blue"})


def test_a_class_stands_in_for_its_types_and_keeps_their_status() -> None:
    responses = {"DEFAULT_5XX": GatewayResponse(None, {}, {"application/json": "$context.error.responseType"})}
    answer = refuse(RefusedRequestError("INTEGRATION_FAILURE", status=502), responses)
    assert (answer.status, answer.body) == (502, b"INTEGRATION_FAILURE")
    assert refuse(RefusedRequestError("THROTTLED"), responses).body == b'{"message":"Too Many Requests"}'


def test_a_set_status_goes_before_every_other() -> None:
    responses = {"INTEGRATION_FAILURE": GatewayResponse(503, {}, {})}
    assert refuse(RefusedRequestError("INTEGRATION_FAILURE", status=502), responses).status == 503


def test_headers_come_from_texts_context_request_and_stage() -> None:
    sources = {
        "a": "'text'",
        "b": "context.requestId",
        "c": "method.request.header.X-Given",
        "d": "method.request.querystring.q",
        "e": "stageVariables.colour",
        "f": "method.request.header.absent",
    }
    parameters = {f"gatewayresponse.header.{name}": source for name, source in sources.items()}
    responses = {"THROTTLED": GatewayResponse(None, parameters, {})}
    answer = refuse(RefusedRequestError("THROTTLED"), responses, **{"x-given": "given"})
    got = {name: value for name, value in answer.headers if len(name) == 1}
    assert got == {"a": "text", "b": "id-1", "c": "given", "d": "1", "e": "blue"}


def test_the_template_that_the_client_accepts_is_taken() -> None:
    templates = {"text/plain": "plain", "application/json": "json"}
    responses = {"THROTTLED": GatewayResponse(None, {}, templates)}
    assert refuse(RefusedRequestError("THROTTLED"), responses, Accept="text/plain").body == b"plain"
    assert refuse(RefusedRequestError("THROTTLED"), responses, Accept="*/*").body == b"json"


def test_variables_are_replaced_in_both_spellings_and_nothing_else_is() -> None:
    text = "$context.a.b ${context.a.b}x $stageVariables.colour $context.none $other.a 5$"
    assert filled(text, {"a.b": "v"}, {"colour": "blue"}, absent="-") == "v vx blue - $other.a 5$"


def test_a_clients_header_cannot_break_a_log_line() -> None:
    context = context_values(received(**{"User-Agent": 'a"\n{b'}), Outcome(status=200))
    line = log_line('{"agent": "$context.identity.userAgent", "status": "$context.status"}', context, {})
    assert json.loads(line) == {"agent": 'a"\n{b', "status": "200"}
