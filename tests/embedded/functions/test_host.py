"""Claim: a deployed function runs as Lambda would run it: one process an environment, over the real Runtime API."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from leanto.embedded.aws.invocation import InvokeRefusedError, InvokeResult
from leanto.embedded.functions.exchange import BrokenResponseError
from leanto.embedded.functions.host import FunctionHost
from tests.embedded.functions.deployed import REGION, Cloud, bundle, packed

ECHO = """
def handle(call):
    call.respond({"event": call.event})
"""
COUNTER = """
import os
calls = 0
def handle(call):
    global calls
    calls += 1
    call.respond({"pid": os.getpid(), "calls": calls})
"""


def result_of(runner: asyncio.Runner, host: FunctionHost, name: str, event: object = None) -> Any:
    """Run a function to its end; return what it answered."""
    got = runner.run(host.run(name, json.dumps(event).encode(), REGION))
    assert got.function_error is None, got.payload
    return json.loads(got.payload)


def error_of(got: InvokeResult) -> dict[str, str]:
    assert got.function_error == "Unhandled"
    document: dict[str, str] = json.loads(got.payload)
    return document


def test_a_function_answers_its_event(runner: asyncio.Runner, cloud: Cloud, host: FunctionHost) -> None:
    cloud.deploy("echo", ECHO)
    assert result_of(runner, host, "echo", {"question": "?"}) == {"event": {"question": "?"}}


def test_an_environment_serves_one_invocation_after_the_other(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost
) -> None:
    cloud.deploy("counter", COUNTER)
    first, second = (result_of(runner, host, "counter") for _ in range(2))
    assert first["pid"] == second["pid"]
    assert (first["calls"], second["calls"]) == (1, 2)


def test_the_invocation_tells_its_deadline_arn_and_ids(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost
) -> None:
    source = """
    import time
    def handle(call):
        call.respond({name.lower(): value for name, value in call.headers.items()} | {"now": time.time() * 1000})
    """
    arn = cloud.deploy("headers", source, Timeout=7)
    got = result_of(runner, host, "headers")
    assert got["lambda-runtime-invoked-function-arn"] == arn
    assert got["lambda-runtime-trace-id"].startswith("Root=1-")
    assert 5_000 < int(got["lambda-runtime-deadline-ms"]) - got["now"] <= 7_000


def test_a_streamed_response_arrives_in_the_rhythm_in_which_it_is_written(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost
) -> None:
    source = """
    import time
    def handle(call):
        stream = call.stream("text/event-stream")
        for word in (b"one", b"two", b"three"):
            stream.write(word)
            time.sleep(0.6)
        assert b"202" in stream.close()
    """
    cloud.deploy("stream", source)

    async def read() -> tuple[str, list[tuple[bytes, float]]]:
        invocation = await host.invoke("stream", b"null", region=REGION)
        begun = time.monotonic()
        pieces = [(piece, time.monotonic() - begun) async for piece in invocation.pieces()]
        return invocation.content_type, pieces

    content_type, pieces = runner.run(read())
    assert content_type == "text/event-stream"
    assert [piece for piece, _ in pieces] == [b"one", b"two", b"three"]
    assert pieces[0][1] < 0.6
    assert pieces[2][1] - pieces[0][1] > 0.9


def test_an_error_in_mid_stream_comes_after_what_was_written(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost
) -> None:
    source = """
    def handle(call):
        stream = call.stream()
        stream.write(b"half")
        stream.close("ProviderError", "lost the provider")
    """
    cloud.deploy("broken-stream", source)

    async def read() -> tuple[list[bytes], BrokenResponseError | None]:
        invocation = await host.invoke("broken-stream", b"null", region=REGION)
        assert invocation.failure is None
        pieces = []
        try:
            async for piece in invocation.pieces():
                pieces.append(piece)  # noqa: PERF401 - what came before the error is what is tested
        except BrokenResponseError as error:
            return pieces, error
        return pieces, None

    pieces, broken = runner.run(read())
    assert pieces == [b"half"]
    assert broken is not None
    assert (broken.failure.error_type, broken.failure.message) == ("ProviderError", "lost the provider")


def test_a_connection_closed_in_mid_stream_breaks_the_response_off(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost
) -> None:
    source = """
    import time
    def handle(call):
        stream = call.stream()
        stream.write(b"half")
        stream.connection.close()
    """
    cloud.deploy("hung-up", source)
    got = runner.run(host.run("hung-up", b"null", REGION))
    assert error_of(got)["errorType"] == "Runtime.TruncatedResponse"


def test_a_reader_who_leaves_does_not_stop_the_function(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost, tmp_path: Path
) -> None:
    source = """
    import os, pathlib, time
    def handle(call):
        stream = call.stream()
        for _ in range(600):
            stream.write(b"x" * 1000)
        time.sleep(0.3)
        stream.close()
        pathlib.Path(os.environ["DONE"]).write_text("done")
    """
    done = tmp_path / "done"
    cloud.deploy("left", source, variables={"DONE": str(done)})

    async def leave() -> None:
        invocation = await host.invoke("left", b"null", region=REGION)
        async for _ in invocation.pieces():
            break
        for _ in range(100):
            if done.exists():
                return
            await asyncio.sleep(0.05)

    runner.run(leave())
    assert done.read_text() == "done"


def test_a_reported_error_is_the_answer(runner: asyncio.Runner, cloud: Cloud, host: FunctionHost) -> None:
    cloud.deploy("raises", "def handle(call):\n    raise ValueError('Unauthorized')\n")
    got = runner.run(host.run("raises", b"null", REGION))
    assert error_of(got) == {"errorType": "ValueError", "errorMessage": "Unauthorized"}
    assert "ValueError" in got.log_tail


def test_an_error_of_the_start_is_the_answer(runner: asyncio.Runner, cloud: Cloud, host: FunctionHost) -> None:
    cloud.deploy("no-start", "import a_module_that_is_nowhere\n")
    got = runner.run(host.run("no-start", b"null", REGION))
    assert error_of(got)["errorType"] == "ModuleNotFoundError"
    assert "a_module_that_is_nowhere" in error_of(got)["errorMessage"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os\ndef handle(call):\n    os._exit(3)\n", "exit status 3"),
        ("import os\ndef handle(call):\n    os.kill(os.getpid(), 9)\n", "signal 9"),
    ],
)
def test_a_crash_is_told_and_the_next_invocation_gets_a_new_environment(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost, source: str, said: str
) -> None:
    name = f"crash-{said.replace(' ', '-')}"
    cloud.deploy(name, source)
    for _ in range(2):
        told = error_of(runner.run(host.run(name, b"null", REGION)))
        assert told["errorType"] == "Runtime.ExitError"
        assert said in told["errorMessage"]


def test_a_timeout_ends_the_process_and_says_so(runner: asyncio.Runner, cloud: Cloud, host: FunctionHost) -> None:
    source = """
    import os, time
    def handle(call):
        if call.event == "slow":
            time.sleep(30)
        call.respond({"pid": os.getpid()})
    """
    cloud.deploy("slow", source, Timeout=1)
    first = result_of(runner, host, "slow", "quick")
    begun = time.monotonic()
    told = error_of(runner.run(host.run("slow", b'"slow"', REGION)))
    assert time.monotonic() - begun < 25
    assert told["errorType"] == "Sandbox.Timedout"
    assert told["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert result_of(runner, host, "slow", "quick")["pid"] != first["pid"]


def test_concurrency_is_one_environment_each_up_to_the_reserved_number(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost
) -> None:
    source = """
    import os, time
    def handle(call):
        time.sleep(1)
        call.respond(os.getpid())
    """
    cloud.deploy("limited", source, Timeout=30, concurrency=2)

    async def three() -> list[Any]:
        calls = [asyncio.create_task(host.run("limited", b"null", REGION)) for _ in range(3)]
        return await asyncio.gather(*calls, return_exceptions=True)

    got = runner.run(three())
    (refused,) = [one for one in got if isinstance(one, InvokeRefusedError)]
    assert (refused.code, refused.status) == ("TooManyRequestsException", 429)
    assert len({one.payload for one in got if isinstance(one, InvokeResult)}) == 2


def test_no_concurrency_at_all_is_always_throttled(runner: asyncio.Runner, cloud: Cloud, host: FunctionHost) -> None:
    cloud.deploy("stopped", ECHO, concurrency=0)
    with pytest.raises(InvokeRefusedError, match="Rate Exceeded"):
        runner.run(host.run("stopped", b"null", REGION))


def test_an_unknown_function_is_refused(runner: asyncio.Runner, host: FunctionHost) -> None:
    with pytest.raises(InvokeRefusedError, match="Function not found: nobody") as refused:
        runner.run(host.run("nobody", b"null", REGION))
    assert refused.value.status == 404


def test_new_code_and_new_configuration_retire_what_ran_before(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost
) -> None:
    source = "import os\ndef handle(call):\n    call.respond([{number}, os.environ.get('COLOUR'), os.getpid()])\n"
    cloud.deploy("changing", source.replace("{number}", "1"))
    client = cloud.client("lambda")
    first = result_of(runner, host, "changing")

    client.update_function_code(FunctionName="changing", ZipFile=bundle(source.replace("{number}", "2")))
    second = eventually(runner, host, "changing", lambda got: got[0] == 2)
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/bootstrap", "COLOUR": "blue"}
    client.update_function_configuration(FunctionName="changing", Environment={"Variables": variables})
    third = eventually(runner, host, "changing", lambda got: got[1] == "blue")
    assert [one[0] for one in (first, second, third)] == [1, 2, 2]
    assert len({one[2] for one in (first, second, third)}) == 3
    assert_gone(first[2])


def eventually(runner: asyncio.Runner, host: FunctionHost, name: str, wanted: Any) -> Any:
    for _ in range(40):
        got = result_of(runner, host, name)
        if wanted(got):
            return got
        time.sleep(0.1)
    raise AssertionError(f"the change of {name} was not seen, it still answers {got}")


def assert_gone(pid: int) -> None:
    for _ in range(50):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"the process {pid} still runs")


def test_a_bundle_for_another_python_is_refused_with_the_remedy(
    runner: asyncio.Runner, cloud: Cloud, host: FunctionHost
) -> None:
    cloud.deploy("other-python", ECHO, Runtime="python3.9")
    told = error_of(runner.run(host.run("other-python", b"null", REGION)))
    assert told["errorType"] == "Runtime.InvalidRuntime"
    assert "python3.9" in told["errorMessage"]


def test_a_wrapper_that_may_not_be_executed_is_told(runner: asyncio.Runner, cloud: Cloud, host: FunctionHost) -> None:
    code = packed({"handler.py": ECHO, "wrapper": "#!/bin/sh\n"})
    cloud.deploy("no-bit", ECHO, code=code, variables={"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"})
    told = error_of(runner.run(host.run("no-bit", b"null", REGION)))
    assert told["errorType"] == "Runtime.InvalidEntrypoint"


def test_a_response_over_the_limit_is_an_error(runner: asyncio.Runner, cloud: Cloud, host: FunctionHost) -> None:
    cloud.deploy("large", "def handle(call):\n    print(call.respond('x' * 7_000_000))\n")
    told = error_of(runner.run(host.run("large", b"null", REGION)))
    assert told["errorType"] == "Function.ResponseSizeTooLarge"
