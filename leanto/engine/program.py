"""The program as the engine's language server calls it: what it raises is kept, what it leaves running is ended."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from grpc import RpcError
from pulumi import RunError

Program = Callable[[], None]

STOPPED = "the program stopped: "

ATTEMPTS = 5
PATIENCE_SECONDS = 1.0
"""How long the SDK's server may take to close the program's loop itself."""


class GuardedProgram:
    """Calls the program; afterwards `raised` is what it raised, and `end` leaves no loop behind."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._loop: asyncio.AbstractEventLoop | None = None
        self.raised: Exception | None = None

    @property
    def __name__(self) -> str:
        return "program"

    def __call__(self) -> None:
        """Run the program inside the SDK's event loop."""
        self._loop = asyncio.get_running_loop()
        try:
            self._program()
        except (RunError, RpcError):
            raise
        except Exception as error:
            # The engine would hand back a text of it only. The SDK raises plain Exception where an invoke was refused,
            # which is a failure of the deployment and no mistake of the program.
            if type(error) is not Exception:
                self.raised = error
            raise RunError(f"{STOPPED}{error}") from error

    def end(self) -> None:
        """Close the loop where the SDK does not: after a failed program, or when the engine is gone in the middle."""
        loop, self._loop = self._loop, None
        if loop is None or _closes(loop):
            return
        if loop.is_running():
            loop.call_soon_threadsafe(_cancel_all, loop)
            if _closes(loop) or loop.is_running():
                return
        _drain(loop)
        loop.close()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> list["asyncio.Task[object]"]:
    tasks = list(asyncio.all_tasks(loop))
    for task in tasks:
        task.cancel()
    return tasks


def _drain(loop: asyncio.AbstractEventLoop) -> None:
    """Let the loop's tasks end; the SDK's handler stops it at each RPC error, so it may take several turns."""
    loop.set_exception_handler(lambda *_: None)
    for _ in range(ATTEMPTS):
        tasks = _cancel_all(loop)
        if not tasks:
            return
        with suppress(RuntimeError):
            loop.run_until_complete(_drained(tasks))


async def _drained(tasks: list["asyncio.Task[object]"]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


def _closes(loop: asyncio.AbstractEventLoop) -> bool:
    """Tell whether the loop is closed now, or soon."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not loop.is_closed() and time.monotonic() < deadline:
        time.sleep(0.02)
    return loop.is_closed()
