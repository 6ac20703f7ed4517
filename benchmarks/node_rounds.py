"""Rounds in which the engine itself, the agent and the relay before it are asked in turn, in another order each."""

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import aiohttp

from benchmarks.gateway_rounds import Spread, spread
from benchmarks.load import load
from benchmarks.node_servers import CLIENTS, Servers, fields
from benchmarks.servers import Server

WARM_UP_SECONDS = 0.5
ONE, MANY, APART = "one", "many", "apart"
"""Kinds of load: one short stream at a time; as many long ones as are admitted; the same with a core for the engine."""

TOKENS = {ONE: 4, MANY: 100, APART: 100}
SECONDS = {ONE: 1.5, MANY: 3.0, APART: 3.0}
REFUSALS = 40
HOLDING_TOKENS = 20_000


@dataclass(frozen=True)
class Sample:
    """One way to the engine under one load in one round; `cpu_ms` is what each server used for a token of it."""

    tokens_per_second: float
    first_p50: float
    first_p99: float
    cpu_ms: Mapping[str, float]


Samples = Mapping[tuple[str, str], Sequence[Sample]]
"""By kind of load and server, one a round."""


def rounds(servers: Servers, count: int) -> Samples:
    """Warm up, then take so many rounds; the order of the servers is shuffled in each, the same in every run."""
    order = random.Random(22)  # noqa: S311 - an order, no secret
    taken: dict[tuple[str, str], list[Sample]] = {}
    for server in servers:
        load(replace(server.target, fields=fields(8)), CLIENTS, WARM_UP_SECONDS, stream=True)
    for _ in range(count):
        for kind in (ONE, MANY, APART):
            for server in order.sample(servers, len(servers)):
                with _apart(servers, kind == APART):
                    taken.setdefault((kind, server.target.name), []).append(_sample(server, servers, kind))
    return taken


def paired(samples: Samples, kind: str, one: str, other: str, of: Callable[[Sample, Sample], float]) -> Spread:
    """Return what `of` makes of two servers' samples of the same round, over all rounds."""
    pairs = zip(samples[kind, one], samples[kind, other], strict=True)
    return spread([of(first, second) for first, second in pairs])


def refusals_ms(agent: Server) -> Spread:
    """Return how long refusals take over a kept connection while all slots and places to wait are taken."""
    return asyncio.run(_refusals(agent))


def _sample(server: Server, servers: Iterable[Server], kind: str) -> Sample:
    tokens = TOKENS[kind]
    before = {one.target.name: one.cpu_seconds() for one in servers}
    target = replace(server.target, fields=fields(tokens))
    times = load(target, 1 if kind == ONE else CLIENTS, SECONDS[kind], stream=True)
    made = tokens * len(times.whole)
    first = sorted(times.first)
    return Sample(
        tokens_per_second=made / times.elapsed,
        first_p50=1000 * median(first),
        first_p99=1000 * first[min(len(first) - 1, int(len(first) * 0.99))],
        cpu_ms={one.target.name: 1000 * (one.cpu_seconds() - before[one.target.name]) / made for one in servers},
    )


@contextmanager
def _apart(servers: Servers, wanted: bool) -> Iterator[None]:
    """Leave the engine a core to itself, as a GPU is: all else shares the others."""
    cores = os.sched_getaffinity(0)
    if not wanted or len(cores) < 2:
        yield
        return
    engine, *others = (server.pid for server in servers)
    try:
        _bind([engine], {min(cores)})
        _bind([*others, os.getpid()], cores - {min(cores)})
        yield
    finally:
        _bind([engine, *others, os.getpid()], cores)


def _bind(pids: Iterable[int], cores: set[int]) -> None:
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)


async def _refusals(agent: Server) -> Spread:
    url = f"https://127.0.0.1:{agent.target.port}{agent.target.path}"
    body = {"messages": [{"role": "user", "content": "hold"}], "stream": True}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ssl=agent.target.tls or False)) as session:

        async def hold() -> None:
            async with session.post(url, json=body | fields(HOLDING_TOKENS)) as response:
                await response.read()

        holding = [asyncio.ensure_future(hold()) for _ in range(CLIENTS)]
        await asyncio.sleep(0.5)
        taken = []
        for _ in range(REFUSALS):
            begun = time.perf_counter()
            async with session.post(url, json=body | fields(1)) as response:
                await response.read()
                if response.status != 503:
                    raise RuntimeError(f"the agent answered with {response.status} where it should refuse")
            taken.append(1000 * (time.perf_counter() - begun))
            await asyncio.sleep(0.01)
        for one in holding:
            one.cancel()
        await asyncio.gather(*holding, return_exceptions=True)
    return spread(taken)
