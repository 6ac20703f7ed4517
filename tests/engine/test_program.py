"""Claims about the program's event loop: whatever the SDK leaves behind, it is closed and its tasks have ended."""

import asyncio
import threading

import pytest
from pulumi import RunError

from leanto.engine.program import GuardedProgram


def run_and_leave(program: GuardedProgram, loop: asyncio.AbstractEventLoop, *, stopped: bool) -> None:
    """Run the program as the SDK's server does when it does not get to closing the loop."""

    async def in_stack() -> None:
        program()
        if stopped:
            loop.stop()
        await asyncio.sleep(60)

    loop.call_later(0.1, loop.stop)
    with pytest.raises(RuntimeError, match="stopped"):
        loop.run_until_complete(in_stack())


@pytest.mark.parametrize("stopped", [False, True])
def test_a_loop_left_open_is_drained_and_closed(stopped: bool) -> None:
    program, loop = GuardedProgram(lambda: None), asyncio.new_event_loop()
    run_and_leave(program, loop, stopped=stopped)
    if stopped:
        loop.stop()  # as the SDK's handler does at an RPC error; the next turn of the loop ends at once
    program.end()
    assert loop.is_closed()


def test_a_loop_that_still_runs_in_its_thread_is_ended_there() -> None:
    program, loop = GuardedProgram(lambda: None), asyncio.new_event_loop()
    began = threading.Event()

    async def in_stack() -> None:
        program()
        began.set()
        await asyncio.sleep(60)

    def serve() -> None:
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(in_stack())
        loop.close()

    server = threading.Thread(target=serve)
    server.start()
    began.wait(5)
    program.end()
    server.join(5)
    assert loop.is_closed()


def test_a_refused_invoke_is_no_mistake_of_the_program() -> None:
    def refused() -> None:
        raise Exception("invoke of a:b/c:c failed: no")  # noqa: TRY002 - what the SDK raises

    program = GuardedProgram(refused)

    async def in_stack() -> None:
        with pytest.raises(RunError, match="invoke of"):
            program()

    asyncio.run(in_stack())
    assert program.raised is None
    program.end()


def test_the_programs_own_exception_is_kept_and_told_as_a_run_error() -> None:
    wrong = LookupError("x")

    def raising() -> None:
        raise wrong

    program = GuardedProgram(raising)

    async def in_stack() -> None:
        with pytest.raises(RunError, match="the program stopped: x"):
            program()

    asyncio.run(in_stack())
    assert program.raised is wrong
    program.end()
