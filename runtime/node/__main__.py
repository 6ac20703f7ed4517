"""The node agent: `python3 -m runtime.node CONFIGURATION`, run by systemd beside the engine.

Exit status: 0 after SIGTERM, once running requests have ended or their time was over; 2 for a wrong configuration;
3 when the node gave up, with the reason in the table and on the last line of its output.
"""

import asyncio
import hashlib
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from runtime.aws import Aws
from runtime.connections import client_session
from runtime.errors import ConfigurationError, SafeError, report_error
from runtime.log import install_guards, now_iso, write_error, write_line
from runtime.node.configuration import NodeConfiguration, load_configuration
from runtime.node.engine import Engine, read_key
from runtime.node.heartbeat import Heartbeat
from runtime.node.life import Life
from runtime.node.metadata import Metadata, MetadataError, RoleCredentials
from runtime.node.proxy import create_front
from runtime.node.slots import Slots
from runtime.state.nodes import NodeItems
from runtime.state.table import Table

STOPPED, WRONG_CONFIGURATION, GAVE_UP = 0, 2, 3
SPOT_POLL_SECONDS = 5.0
KEPT_SECONDS = 30.0
"""Longer than the relay keeps idle connections; those of an environment that Lambda froze or ended are never closed."""

SPOT = "spot"
Task = asyncio.Task[None]


def tls_context(configuration: NodeConfiguration) -> tuple[ssl.SSLContext, str]:
    """Return what the node shows its certificate with, and the certificate's SHA-256; raises ConfigurationError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(configuration.certificate_file, configuration.key_file)
        der = ssl.PEM_cert_to_DER_cert(configuration.certificate_file.read_text("ascii"))
    except (OSError, ValueError):
        names = f"{configuration.certificate_file} and {configuration.key_file}"
        raise ConfigurationError(f"the node's certificate and key, {names}, cannot be read") from None
    return context, hashlib.sha256(der).hexdigest()


async def run(configuration: NodeConfiguration) -> int:
    """Serve until told to stop, or until the node gives up; returns the exit status."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    install_guards(loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    context, fingerprint = tls_context(configuration)
    slots = Slots(configuration.slots, configuration.slots * configuration.queue_per_slot)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(client_session())
        to_engine = await stack.enter_async_context(_engine_session())
        engine = Engine(
            to_engine, configuration.engine_url, configuration.model, read_key(configuration.engine_key_file)
        )
        life = Life(configuration, engine, slots)
        metadata = Metadata(session, os.environ)
        instance, credentials = await metadata.instance(), RoleCredentials(metadata)
        await credentials.fetch()
        items = NodeItems(Table(Aws(session, _variables(configuration), credentials), configuration.table))
        heartbeat = Heartbeat(configuration, instance, fingerprint, life, slots, engine, items)
        work = [credentials.keep(), heartbeat.keep()]
        if instance.market == SPOT:
            work.append(_watch_spot(metadata, life, configuration.spot_drain_seconds))
        front = create_front(engine, slots, lambda: {"state": life.state, "slots": slots.slots, "busy": slots.busy})
        async with _serving(front, configuration, context), _running(*work) as tasks:
            status = await _until_end(life, stop, tasks, configuration.drain_seconds)
        await heartbeat.beat()
    return status


async def _until_end(life: Life, stop: asyncio.Event, tasks: list[Task], drain_seconds: float) -> int:
    """Return the exit status once the node has failed, or was told to stop and is drained."""
    failing, stopping = asyncio.ensure_future(life.watch_engine()), asyncio.ensure_future(stop.wait())
    done, _ = await asyncio.wait({failing, stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    if stopping in done:
        life.drain(drain_seconds)
        await life.drained()
    elif failing not in done or failing.exception() is not None:
        # A node that can no longer watch its engine or tell of itself is of no use to anybody.
        life.fail("a part of the agent ended by an error")
    failing.cancel()
    stopping.cancel()
    await asyncio.wait({failing, stopping})
    if stopping in done:
        return STOPPED
    write_line({"time": now_iso(), "level": "error", "event": "node_gave_up", "reason": life.reason})
    return GAVE_UP


async def _watch_spot(metadata: Metadata, life: Life, drain_seconds: float) -> None:
    while True:
        try:
            if await metadata.is_ending():
                life.drain(drain_seconds)
        except MetadataError as error:
            write_error("spot_notice_unread", error)
        await asyncio.sleep(SPOT_POLL_SECONDS)


@asynccontextmanager
async def _engine_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections to the engine, a new one for each request: llama.cpp closes idle ones after five seconds."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=2)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield session


@asynccontextmanager
async def _serving(
    front: web.Application, configuration: NodeConfiguration, context: ssl.SSLContext
) -> AsyncIterator[None]:
    runner = web.AppRunner(
        front, access_log=None, handler_cancellation=True, shutdown_timeout=1.0, keepalive_timeout=KEPT_SECONDS
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, configuration.listen, configuration.port, ssl_context=context).start()
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[list[Task]]:
    """Run work beside the block."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                write_error("task_failed", result)


def _variables(configuration: NodeConfiguration) -> dict[str, str]:
    return {**os.environ, "AWS_REGION": configuration.region}


def main(arguments: Sequence[str]) -> int:
    """Run the agent with the configuration that the one argument names."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python3 -m runtime.node CONFIGURATION\n")
        return WRONG_CONFIGURATION
    try:
        return asyncio.run(run(load_configuration(Path(arguments[0]))))
    except SafeError as error:
        write_line({"time": now_iso(), "level": "error", "event": "start_failed", **report_error(error)})
        return WRONG_CONFIGURATION if isinstance(error, ConfigurationError) else GAVE_UP


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
