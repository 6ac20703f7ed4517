"""Runs deployed functions: finds or starts an execution environment for each invocation, within the deployed limits."""

import asyncio
import logging
import platform
import shlex
import sys
import time
import uuid
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path

from leanto.embedded.aws.invocation import InvokeRefusedError, InvokeResult
from leanto.embedded.functions.bundle import BundleError, Bundles, Unpacked
from leanto.embedded.functions.configuration import (
    UNRESERVED,
    DeployedCode,
    Deployments,
    FunctionConfiguration,
)
from leanto.embedded.functions.environment import Environment, InitFailedError, Launch
from leanto.embedded.functions.exchange import Exchange, failure
from leanto.embedded.functions.invocation import Invocation
from leanto.embedded.functions.logs import LogShipper, LogTarget, OutputLog
from leanto.embedded.functions.variables import EXEC_WRAPPER, rerooted, variables
from leanto.embedded.functions.watch import GroupWatch
from leanto.embedded.instances.addresses import Loopback
from leanto.embedded.plugin.clients import ClientCache

logger = logging.getLogger(__name__)

MAXIMUM_REQUEST_BYTES = 6 * 1024 * 1024
UNRESERVED_CONCURRENCY = 32
"""Environments of one function without reserved concurrency. In an account its limit holds, 1000 as a rule."""
IDLE_SECONDS = 300.0
INSPECTION_SECONDS = 5.0
"""How often idle environments are looked at: whether they are too old, or their function has changed or gone."""
BOOTSTRAP = "/var/runtime/bootstrap.py"
"""What Lambda's managed runtime would run; exec wrappers get it as an argument and put something else in its place."""


class FunctionHost:
    """The functions of a box. All methods belong to one event loop."""

    def __init__(
        self,
        aws: DeployedCode,
        work_dir: Path,
        *,
        idle_seconds: float = IDLE_SECONDS,
        loopback: Loopback | None = None,
    ) -> None:
        self.aws = aws
        self._loopback = loopback
        self._work_dir = work_dir
        self._idle_seconds = idle_seconds
        self._deployments = Deployments(aws)
        self._bundles = Bundles(aws, work_dir)
        self._shipper = LogShipper(ClientCache(aws.url))
        self._watch = GroupWatch()
        self._pools: dict[tuple[str, str], list[Environment]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Get ready to run functions."""
        self._work_dir.mkdir(parents=True, exist_ok=True)
        (self._work_dir / "logs").mkdir(exist_ok=True)
        self._write_interpreter()
        await self._watch.start()
        self._spawn(self._inspect())

    async def close(self) -> None:
        """End every environment; what their functions are doing is lost."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await asyncio.gather(*(environment.close() for pool in self._pools.values() for environment in pool))
        self._pools.clear()
        await self._shipper.flush()
        await self._watch.close()

    async def invoke(self, function: str, payload: bytes, *, region: str = "") -> Invocation:
        """Run a function, given by ARN or by name and region, and return when its response begins.

        Raises InvokeRefusedError when it is not run: unknown (404), throttled (429), event too large (413).
        """
        if len(payload) > MAXIMUM_REQUEST_BYTES:
            message = f"{len(payload)} byte payload is too large for the RequestResponse invocation type"
            raise InvokeRefusedError("RequestTooLargeException", message, 413)
        where = region or _region_of(function)
        try:
            environment = await self._environment(function, where)
        except InitFailedError as error:
            return _failed(error)
        deadline = time.time() + environment.configuration.timeout_seconds
        exchange = Exchange(payload, int(deadline * 1000))
        environment.send(exchange)
        try:
            await exchange.wait_begun()
        except asyncio.CancelledError:
            exchange.abandon()
            raise
        return Invocation(exchange, environment.log)

    async def run(self, function: str, payload: bytes, region: str) -> InvokeResult:
        """Run a function to its end and return its result as the Invoke API does; raises InvokeRefusedError."""
        invocation = await self.invoke(function, payload, region=region)
        body, failed = await invocation.read()
        if failed is None:
            return InvokeResult(body, log_tail=invocation.log_tail())
        return InvokeResult(failed.payload, function_error="Unhandled", log_tail=invocation.log_tail())

    async def _environment(self, function: str, region: str) -> Environment:
        deployed = await self._deployments.find(function, region)
        wanted = deployed.configuration
        pool = self._pools.setdefault((wanted.name, region), [])
        self._retire([one for one in pool if one.configuration != wanted or not one.alive], pool)
        limit = UNRESERVED_CONCURRENCY if deployed.reserved_concurrency == UNRESERVED else deployed.reserved_concurrency
        if sum(one.busy for one in pool) >= limit:
            raise InvokeRefusedError("TooManyRequestsException", "Rate Exceeded.", 429)
        for environment in sorted(pool, key=lambda one: -one.idle_since):
            if not environment.busy:
                environment.busy = True
                return environment
        return await self._start(wanted, pool)

    async def _start(self, wanted: FunctionConfiguration, pool: list[Environment]) -> Environment:
        log_stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
        target = LogTarget(wanted.region, wanted.log_group, log_stream)
        log_file = self._work_dir / "logs" / f"{wanted.name}.log"
        environment = Environment(wanted, OutputLog(self._shipper, target, log_file), self._watch)
        pool.append(environment)
        try:
            await environment.api.start()
            await environment.start(await self._launch(environment, log_stream))
        except BaseException:
            pool.remove(environment)
            await environment.close()
            raise
        return environment

    async def _launch(self, environment: Environment, log_stream: str) -> Launch:
        function = environment.configuration
        _check_runtime(function)
        try:
            places = await asyncio.to_thread(self._bundles.unpack, function)
        except BundleError as error:
            raise InitFailedError(failure("InvalidZipFileException", str(error))) from error
        temporary = self._work_dir / "tmp" / uuid.uuid4().hex
        temporary.mkdir(parents=True)
        return Launch(
            command=(_wrapper(function, places), str(self._interpreter), BOOTSTRAP),
            variables=variables(
                function,
                places,
                runtime_api=environment.api.address,
                endpoint_url=self.aws.url,
                log_stream=log_stream,
                temporary=temporary,
                loopback=self._loopback,
            ),
            folder=places.task_root,
            temporary=temporary,
        )

    @property
    def _interpreter(self) -> Path:
        return self._work_dir / "bin" / _host_runtime()

    def _write_interpreter(self) -> None:
        """Write the interpreter that functions get: this one, without the packages that are installed for it."""
        self._interpreter.parent.mkdir(exist_ok=True)
        self._interpreter.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -s -S "$@"\n', encoding="utf-8")
        self._interpreter.chmod(0o755)

    async def _inspect(self) -> None:
        """Keep ending environments that are idle for too long or whose function has changed or gone."""
        while True:
            await asyncio.sleep(min(INSPECTION_SECONDS, self._idle_seconds))
            for (name, region), pool in tuple(self._pools.items()):
                idle = [one for one in pool if not one.busy]
                if idle:
                    current = await self._current(name, region)
                    oldest = time.monotonic() - self._idle_seconds
                    self._retire([one for one in idle if one.configuration != current or one.idle_since < oldest], pool)

    async def _current(self, name: str, region: str) -> FunctionConfiguration | None:
        try:
            return (await self._deployments.find(name, region)).configuration
        except Exception as error:
            if not isinstance(error, InvokeRefusedError):
                logger.warning("the function %s could not be looked at: %s", name, type(error).__name__)
            return None

    def _retire(self, environments: list[Environment], pool: list[Environment]) -> None:
        for environment in environments:
            if not environment.busy and environment in pool:
                pool.remove(environment)
                self._spawn(environment.close())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _host_runtime() -> str:
    return f"python{'.'.join(platform.python_version_tuple()[:2])}"


def _check_runtime(function: FunctionConfiguration) -> None:
    if function.runtime != _host_runtime():
        message = (
            f"the function {function.name} was deployed for {function.runtime}, and this box runs on "
            f"{_host_runtime()}: deploy it into the box for {_host_runtime()}"
        )
        raise InitFailedError(failure("Runtime.InvalidRuntime", message))


def _wrapper(function: FunctionConfiguration, places: Unpacked) -> str:
    wrapper = dict(function.variables).get(EXEC_WRAPPER)
    if not wrapper:
        message = f"AWS in a box runs functions with {EXEC_WRAPPER} only: it has no copy of Lambda's own runtime client"
        raise InitFailedError(failure("Runtime.InvalidEntrypoint", message))
    return rerooted(wrapper, places)


def _failed(error: InitFailedError) -> Invocation:
    exchange = Exchange(b"", 0)
    exchange.end(error.failure)
    return Invocation(exchange, None)


def _region_of(function: str) -> str:
    parts = function.split(":")
    if len(parts) < 7 or parts[0] != "arn":
        raise ValueError(f"{function!r} is no ARN of a function: give a region with a name")
    return parts[3]
