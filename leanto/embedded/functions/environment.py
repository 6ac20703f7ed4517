"""One execution environment: a process that runs a function, one invocation at a time, over its own Runtime API."""

import asyncio
import os
import shutil
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from leanto.embedded.functions.configuration import FunctionConfiguration
from leanto.embedded.functions.exchange import Exchange, Failure, failure
from leanto.embedded.functions.logs import OutputLog
from leanto.embedded.functions.runtime_api import RuntimeApi
from leanto.embedded.functions.watch import GroupWatch

INIT_SECONDS = 10.0
"""Lambda's limit for the start of a function; a slower start is tried again within the function's own timeout, so that
the box allows both together."""
READ_BYTES = 64 * 1024


class InitFailedError(Exception):
    """The process did not come up; `failure` is what the caller of the function gets."""

    def __init__(self, cause: Failure) -> None:
        super().__init__(cause.error_type)
        self.failure = cause


@dataclass(frozen=True)
class Launch:
    """How to start the process, but for the address of its Runtime API."""

    command: Sequence[str]
    variables: dict[str, str]
    folder: Path
    temporary: Path
    """Stands for Lambda's `/tmp`; made for this environment and removed with it."""


class Environment:
    """Not busy = frozen in Lambda's terms: it may be given the next invocation, or be ended."""

    def __init__(self, configuration: FunctionConfiguration, log: OutputLog, watch: GroupWatch) -> None:
        self.configuration = configuration
        self.log = log
        self.busy = True
        self.idle_since = time.monotonic()
        self.api = RuntimeApi(configuration.arn, self._set_ready, self._set_init_error)
        self._watch = watch
        self._ready = asyncio.Event()
        self._init_failure: Failure | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._temporary: Path | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone = asyncio.Event()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and not self._gone.is_set()

    async def start(self, launch: Launch) -> None:
        """Start the process and wait until it asks for its first event; raises InitFailedError."""
        self._temporary = launch.temporary
        # A pipe of our own: asyncio tells of the end of a process only once every child of it has closed its pipe.
        output, input_end = os.pipe()
        self._spawn(self._read_output(output))
        try:
            self._process = await asyncio.create_subprocess_exec(
                *launch.command,
                env=launch.variables,
                cwd=launch.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=input_end,
                stderr=input_end,
                process_group=0,
            )
        except OSError as error:
            message = f"the exec wrapper cannot be started: {error.strerror}"
            raise InitFailedError(failure("Runtime.InvalidEntrypoint", message)) from error
        finally:
            os.close(input_end)
        self._watch.add(self._process.pid)
        self._spawn(self._bury(self._process))
        await self._wait_until_ready(self._process)

    def send(self, exchange: Exchange) -> None:
        """Give the environment an invocation; it is busy until that has ended."""
        self.busy = True
        self.api.offer(exchange)
        self._spawn(self._guard(exchange))

    async def close(self) -> None:
        """End the process group and everything that belongs to the environment."""
        await self._end_process()
        await self.api.close()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._temporary is not None:
            await asyncio.to_thread(shutil.rmtree, self._temporary, ignore_errors=True)

    async def _wait_until_ready(self, process: asyncio.subprocess.Process) -> None:
        seconds = INIT_SECONDS + self.configuration.timeout_seconds
        await self._wait_for(self._ready, seconds)
        if self._init_failure is not None:
            raise InitFailedError(self._init_failure)
        if self._gone.is_set():
            raise InitFailedError(_exit_failure(process.returncode or 0, ""))
        if not self._ready.is_set():
            message = f"Init did not end within {seconds:.0f} s"
            raise InitFailedError(failure("Sandbox.Timedout", message))

    async def _guard(self, exchange: Exchange) -> None:
        """See to it that the exchange ends: by the function, by its timeout, or by the death of the process."""
        await self._wait_for(exchange.ended, exchange.deadline_ms / 1000 - time.time())
        if not exchange.ended.is_set():
            cause = self._end_failure(exchange)
            await self._end_process()
            exchange.end(cause)
        self.idle_since = time.monotonic()
        self.busy = False

    async def _wait_for(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for an event, or for the end of the process, or for the time to pass."""
        waiting = {asyncio.ensure_future(one.wait()) for one in (event, self._gone)}
        try:
            await asyncio.wait(waiting, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    async def _end_process(self) -> None:
        if self._process is None:
            return
        if self.alive:
            self._watch.kill(self._process.pid)
        await self._gone.wait()

    async def _bury(self, process: asyncio.subprocess.Process) -> None:
        """Once the process has ended, end at once what it has started: later its number may be another's."""
        await process.wait()
        self._watch.end(process.pid)
        self._gone.set()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end_failure(self, exchange: Exchange) -> Failure:
        if self._process is not None and self._process.returncode is not None:
            return _exit_failure(self._process.returncode, exchange.request_id)
        seconds = self.configuration.timeout_seconds
        self.log.write(f"{exchange.request_id} Task timed out after {seconds:.2f} seconds")
        return failure(
            "Sandbox.Timedout", f"RequestId: {exchange.request_id} Error: Task timed out after {seconds:.2f} seconds"
        )

    async def _read_output(self, descriptor: int) -> None:
        stream = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(stream)
        pipe = os.fdopen(descriptor, "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
        rest = b""
        while piece := await stream.read(READ_BYTES):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                self.log.write(line.decode("utf-8", "replace"))
        if rest:
            self.log.write(rest.decode("utf-8", "replace"))
        transport.close()

    def _set_ready(self) -> None:
        self._ready.set()

    def _set_init_error(self, cause: Failure) -> None:
        self._init_failure = cause
        with suppress(asyncio.InvalidStateError):
            self._ready.set()


def _exit_failure(status: int, request_id: str) -> Failure:
    how = f"exit status {status}" if status >= 0 else f"signal {-status}"
    prefix = f"RequestId: {request_id} " if request_id else ""
    return failure("Runtime.ExitError", f"{prefix}Error: Runtime exited with error: {how}")
