"""Claim: the shim serves plain handlers and ASGI applications over the Runtime API, streams, and tells no content."""

import asyncio
import base64
import json
import signal
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from tests.runtime.functions import started

CANARY = "canary-7f3e"


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(test())


HANDLERS = "tests.runtime.handlers"


def test_a_plain_handler_gets_event_context_and_trace_id_and_its_result_is_posted() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:echo") as function:
            posted = await function.api.invoke(b'{"a": 1}', seconds=30)
            result = json.loads(posted.body)
            assert posted.path == "/2018-06-01/runtime/invocation/event-1/response"
            assert (result["event"], result["request_id"]) == ({"a": 1}, "event-1")
            assert 28 < result["remaining"] <= 30
            assert result["trace"] == "Root=1-event-1"
            second = await function.api.invoke(b"[]")
            assert json.loads(second.body)["trace"] == "Root=1-event-2"
            assert await function.end() == 0

    run(test)


def test_an_event_may_come_in_chunks_and_be_large() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:echo", chunk_events=True) as function:
            big = "x" * 3_000_000
            posted = await function.api.invoke(json.dumps(big).encode())
            assert json.loads(posted.body)["event"] == big

    run(test)


def test_a_crash_is_reported_by_type_and_place_and_never_by_its_message() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:crash") as function:
            posted = await function.api.invoke(json.dumps({"secret": CANARY}).encode())
            report = json.loads(posted.body)
            assert posted.path.endswith("/invocation/event-1/error")
            assert posted.headers["lambda-runtime-function-error-type"] == report["errorType"] == "ValueError"
            assert any("handlers.py" in frame and "crash" in frame for frame in report["stackTrace"])
            assert await function.end() == 0
            assert CANARY not in posted.body.decode() + function.output
            assert '"event":"event_failed"' in function.output

    run(test)


def test_a_safe_error_keeps_its_message_as_api_gateway_reads_it() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:refuse") as function:
            report = json.loads((await function.api.invoke(b"{}")).body)
            assert report["errorMessage"] == "Unauthorized"

    run(test)


def test_a_result_that_is_not_json_and_a_payload_that_is_not_json_are_errors_and_the_next_event_is_served() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:not_json") as function:
            assert (await function.api.invoke(b"{}")).path.endswith("/event-1/error")
            assert (await function.api.invoke(f"not json {CANARY}".encode())).path.endswith("/event-2/error")
            assert await function.end() == 0
            assert CANARY not in function.output

    run(test)


@pytest.mark.parametrize(
    ("handler", "kind", "part"),
    [
        ("tests.runtime.no_such_module:handle", "ModuleNotFoundError", "no_such_module"),
        (f"{HANDLERS}:no_such_attribute", "ConfigurationError", "no_such_attribute"),
        (f"{HANDLERS}:NOT_CALLABLE", "ConfigurationError", "nothing that can be called"),
        ("nocolon", "ConfigurationError", "module:attribute"),
        (f"{HANDLERS}:fails_at_start", "RuntimeError", "the table's name is missing"),
    ],
)
def test_an_error_before_the_first_event_is_an_init_error_that_says_why(handler: str, kind: str, part: str) -> None:
    async def test() -> None:
        async with started(handler) as function:
            posted = await asyncio.wait_for(function.api.posted.get(), 10)
            report = json.loads(posted.body)
            assert posted.path == "/2018-06-01/runtime/init/error"
            assert report["errorType"] == kind
            assert part in report["errorMessage"]
            assert await asyncio.wait_for(function.process.wait(), 10) == 1
            await function.end()
            assert '"event":"init_failed"' in function.output

    run(test)


def test_an_application_streams_with_prelude_and_the_chunks_leave_as_they_are_sent() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            posted = await function.call("/spaced")
            assert posted.headers["lambda-runtime-function-response-mode"] == "streaming"
            assert posted.headers["content-type"] == "application/vnd.awslambda.http-integration-response"
            prelude, _, body = posted.body.partition(b"\0" * 8)
            assert json.loads(prelude) == {
                "statusCode": 201,
                "cookies": ["a=1", "b=2"],
                "headers": {"content-type": "text/event-stream"},
                "multiValueHeaders": {"x-many": ["1", "2"]},
            }
            assert body == b"part 0part 1part 2part 3"
            times = [seconds for seconds, data in posted.chunks if data.startswith(b"part")]
            gaps = [later - earlier for earlier, later in pairwise(times)]
            assert min(gaps) > 0.03
            assert posted.trailers == {}

    run(test)


def test_an_application_may_be_a_coroutine_function_as_the_relay_is() -> None:
    async def test() -> None:
        variables = {"LEANTO_NODE_NETWORKS": "10.0.0.0/24", "LEANTO_NODE_PORT": "8443"}
        async with started("runtime.relay.app:app", variables) as function:
            posted = await function.call("/elsewhere")
            prelude, _, body = posted.body.partition(b"\0" * 8)
            assert json.loads(prelude)["statusCode"] == 403
            assert b"is relayed" in body

    run(test)


def test_an_application_finds_identity_deadline_and_its_own_state_in_the_scope_and_is_closed_at_the_end() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            posted = await function.call("/about", "hello", seconds=40)
            _, _, body = posted.body.partition(b"\0" * 8)
            assert body == b"POST at start {'keyId': 'k1'} 40 hello"
            await function.api.waiting.wait()
            assert await function.end() == 0
            assert "closed at the end" in function.output

    run(test)


def test_a_crash_before_the_response_fails_the_invocation_without_content() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            posted = await function.call("/crash_before", CANARY)
            assert posted.path.endswith("/error")
            assert await function.end() == 0
            assert CANARY not in posted.body.decode() + function.output

    run(test)


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/crash_within", "ValueError"), ("/forget", "AsgiProtocolError"), ("/twice", "AsgiProtocolError")],
)
def test_an_error_within_the_response_is_told_in_trailers_without_content(path: str, kind: str) -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            posted = await function.call(path, CANARY)
            assert posted.path.endswith("/response")
            assert posted.trailers["Lambda-Runtime-Function-Error-Type"] == kind
            report = json.loads(base64.b64decode(posted.trailers["Lambda-Runtime-Function-Error-Body"]))
            assert report["errorType"] == kind
            assert CANARY not in json.dumps(report)
            assert (await function.call("/about")).path.endswith("/response")
            assert await function.end() == 0
            assert CANARY not in function.output

    run(test)


def test_headers_that_do_not_fit_the_prelude_fail_the_invocation() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            report = json.loads((await function.call("/huge_headers")).body)
            assert report["errorType"] == "AsgiProtocolError"
            assert "16384" in report["errorMessage"]

    run(test)


def test_an_event_that_is_no_proxy_event_is_refused_without_quoting_it() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            report = json.loads((await function.api.invoke(json.dumps({"x": CANARY}).encode())).body)
            assert report["errorType"] == "ProxyEventError"
            assert CANARY not in json.dumps(report)

    run(test)


@pytest.mark.parametrize(
    ("options", "noted"),
    [({"hang_up_after_chunks": 2}, '"event":"response_not_taken"'), ({"refuse_status": 413}, "with status 413")],
)
def test_a_response_that_lambda_does_not_take_is_noted_and_the_next_event_is_served(
    options: dict[str, int], noted: str
) -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            await function.call("/spaced", **options)
            assert (await function.call("/about", "still here")).body.endswith(b"still here")
            assert await function.end() == 0
            assert noted in function.output

    run(test)


def test_an_error_that_nobody_collected_is_logged_without_its_message() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            await function.call("/orphan", CANARY)
            assert await function.end() == 0
            assert '"event":"event_loop"' in function.output
            assert CANARY not in function.output

    run(test)


def test_a_function_whose_runtime_api_is_gone_ends_instead_of_staying_behind() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            await function.api.waiting.wait()
            await function.api.close()
            assert await asyncio.wait_for(function.process.wait(), 10) == 1
            await function.end()
            assert "closed at the end" in function.output
            assert '"errorType":"RuntimeApiError"' in function.output

    run(test)


def test_an_invocation_that_has_begun_is_finished_before_a_termination() -> None:
    async def test() -> None:
        async with started(f"{HANDLERS}:application") as function:
            call = asyncio.ensure_future(function.call("/spaced"))
            await asyncio.sleep(0)
            while function.api.waiting.is_set() or not function.api._by_id["event-1"].handed_out:
                await asyncio.sleep(0.01)
            function.process.send_signal(signal.SIGTERM)
            assert (await call).body.endswith(b"part 3")
            assert await asyncio.wait_for(function.process.wait(), 10) == 0

    run(test)
