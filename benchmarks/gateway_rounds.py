"""Rounds in which the provider itself, our gateway and LiteLLM's are asked in turn, in another order each time."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.load import load
from benchmarks.servers import Server

WARM_UP_SECONDS = 1.0
DIRECT, OURS, OTHER, BARE = "direct", "leanto", "litellm", "litellm-bare"
"""Names of servers; LiteLLM runs twice, once without what else ours does."""


@dataclass(frozen=True)
class Kind:
    """A kind of load; `seconds` is how long requests are begun in a round."""

    name: str
    connections: int
    stream: bool
    seconds: float


KINDS = (
    Kind("one", 1, stream=False, seconds=1.5),
    Kind("many", 64, stream=False, seconds=2.5),
    Kind("stream_one", 1, stream=True, seconds=2.0),
    Kind("stream_many", 64, stream=True, seconds=3.0),
)


@dataclass(frozen=True)
class Sample:
    """One server under one load in one round; milliseconds. `p50` is of whole answers, `first` of the first data."""

    per_second: float
    cpu_ms: float
    p50: float
    p99: float
    first_p50: float
    first_p99: float


@dataclass(frozen=True)
class Spread:
    """The median of something over the rounds, and its least and most."""

    middle: float
    least: float
    most: float


Samples = Mapping[tuple[str, str], Sequence[Sample]]
"""By kind and server, one a round."""


def rounds(servers: Sequence[Server], count: int) -> Samples:
    """Warm up, then take so many rounds; the order of the servers is shuffled in each, the same in every run."""
    order = random.Random(22)  # noqa: S311 - an order, no secret
    taken: dict[tuple[str, str], list[Sample]] = {}
    for server in servers:
        load(server.target, 8, WARM_UP_SECONDS, stream=False)
        load(server.target, 8, WARM_UP_SECONDS, stream=True)
    for _ in range(count):
        for kind in KINDS:
            for server in order.sample(servers, len(servers)):
                taken.setdefault((kind.name, server.target.name), []).append(_sample(server, kind))
    return taken


def _sample(server: Server, kind: Kind) -> Sample:
    before = server.cpu_seconds()
    times = load(server.target, kind.connections, kind.seconds, stream=kind.stream)
    count = len(times.whole)
    return Sample(
        per_second=count / times.elapsed,
        cpu_ms=1000 * (server.cpu_seconds() - before) / count,
        p50=1000 * median(times.whole),
        p99=_p99_ms(times.whole),
        first_p50=1000 * median(times.first),
        first_p99=_p99_ms(times.first),
    )


def _p99_ms(seconds: Sequence[float]) -> float:
    return 1000 * sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * 0.99))]


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the range."""
    return Spread(median(values), min(values), max(values))


def paired(samples: Samples, kind: str, one: str, other: str, of: Callable[[Sample, Sample], float]) -> Spread:
    """Return what `of` makes of two servers' samples of the same round, over all rounds."""
    pairs = zip(samples[kind, one], samples[kind, other], strict=True)
    return spread([of(first, second) for first, second in pairs])
