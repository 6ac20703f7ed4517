"""Serves the gateway over HTTP until it is told to end, and ends with every request settled."""

import asyncio
import errno
import gc
import signal
import socket
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import uvicorn
import uvloop

from leanto.gateway.bounded_heads import BoundedHeads
from leanto.gateway.errors import ServeError
from leanto.gateway.front import Front
from leanto.gateway.key_door import KeyDoor
from leanto.gateway.prometheus import Metrics
from leanto.gateway.stand import Stand, opened
from runtime.decide.breakers import State
from runtime.gateway.access import Record
from runtime.gateway.app import assemble
from runtime.gateway.audit import write_audit
from runtime.gateway.breaker_lines import write_breaker
from runtime.lambda_lifespan import Lifespan
from runtime.log import install_guards, now_iso, write_line

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 65
GARBAGE_THRESHOLDS = 20_000, 10, 10
"""New objects before a look at the youngest: a request makes some hundred, most of which go by themselves."""

SETTLING_SECONDS = 10.0
"""For what was cut off at the end of the grace: its settlement is one write, tried three times."""


@dataclass(frozen=True)
class Listening:
    """Where and how a server listens; `grace_seconds` is what requests under way get at its end."""

    host: str
    port: int
    grace_seconds: int
    open_metrics: bool = False


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address; raises ServeError that says what to do instead."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServeError(f"port {port} of {host} is in use: stop what uses it, or give another --port") from None
        raise ServeError(f"{host} port {port} cannot be listened on: {error.strerror or error}") from None


def serve(stand: Stand, listening: Listening, started: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `started` gets the base URL for clients once requests are answered."""
    bound = listen(listening.host, listening.port)
    with bound, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(stand, listening, bound, started))


async def _serve(stand: Stand, listening: Listening, bound: socket.socket, started: Callable[[str], None]) -> None:
    install_guards(asyncio.get_running_loop())
    metrics = Metrics()

    def tell(record: Record) -> None:
        write_audit(record)
        metrics.observe(record)

    def tell_breaker(upstream: str, state: State, seconds: int) -> None:
        write_breaker(upstream, state, seconds)
        metrics.breaker_changed(upstream, state)

    async with opened(stand, tell_breaker) as (services, items):
        app = assemble(lambda: nullcontext(services), tell, partial(KeyDoor, items=items))
        lifespan = Lifespan(app)
        await lifespan.startup()
        front = Front(app, lifespan.state, metrics, open_metrics=listening.open_metrics)
        host, port = bound.getsockname()[:2]
        _keep_what_is_there()
        started(f"http://{f'[{host}]' if ':' in host else host}:{port}/v1")
        await _until_told(front, listening, bound)
        if not await front.idle(SETTLING_SECONDS):
            write_line({"time": now_iso(), "level": "error", "event": "unsettled_at_end"})
        await lifespan.shutdown()


def _keep_what_is_there() -> None:
    """Spare the garbage collector what lives as long as the server; it looks more seldom, at many more objects then."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


async def _until_told(front: Front, listening: Listening, bound: socket.socket) -> None:
    """Serve until a signal; then take nothing new, and give what is under way its grace."""
    config = uvicorn.Config(
        front,
        lifespan="off",
        http=BoundedHeads,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=listening.grace_seconds,
    )
    server = uvicorn.Server(config)

    def end(_signal: int, _frame: object) -> None:
        front.draining = True
        server.should_exit = True

    # Uvicorn raises a signal that it took once more when it has ended, for whoever took it before: that is us.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    await server.serve(sockets=[bound])
