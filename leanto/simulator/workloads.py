"""Draws workloads: requests with a rate, a course, bursts and sizes. The same seed gives the same bytes each time."""

import zlib
from dataclasses import dataclass

import numpy as np

from leanto.simulator.arrivals import follow, gamma_gaps, renewals
from leanto.simulator.courses import BIN_SECONDS, STEADY, Course
from leanto.simulator.demand import Floats, Integers, Requests
from leanto.simulator.sizes import SHAPES, Shape

DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Stream:
    """Requests of one kind: `rate` a second on average, `cv` of the gaps between them where the rate is constant."""

    rate: float
    shape: Shape = SHAPES["chat"]
    course: Course = STEADY
    cv: float = 1.0
    model: str = "chat"


@dataclass(frozen=True)
class Workload:
    """A named workload of one or more streams, from a Monday 00:00 UTC on."""

    name: str
    says: str
    """What it is like, in half a sentence."""
    streams: tuple[Stream, ...]
    days: float = 14.0

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.days * DAY_SECONDS

    @property
    def rate(self) -> float:
        """Requests a second, on average."""
        return sum(stream.rate for stream in self.streams)

    def requests(self, seed: int = 0) -> Requests:
        """Return its requests for a seed: the same each time, and others for each name and seed."""
        models = tuple(dict.fromkeys(stream.model for stream in self.streams))
        seeds = np.random.SeedSequence([zlib.crc32(self.name.encode()), seed]).spawn(len(self.streams))
        drawn = [
            _draw(stream, self.seconds, np.random.Generator(np.random.PCG64(own)))
            for stream, own in zip(self.streams, seeds, strict=True)
        ]
        at = np.concatenate([arrivals for arrivals, _, _ in drawn])
        names = [models.index(stream.model) for stream in self.streams]
        model = np.repeat(names, [len(arrivals) for arrivals, _, _ in drawn])
        order = np.argsort(at, kind="stable")
        return Requests(
            at[order],
            np.concatenate([inputs for _, inputs, _ in drawn])[order],
            np.concatenate([outputs for _, _, outputs in drawn])[order],
            np.asarray(model, np.int64)[order],
            models,
            self.seconds,
        )


def _draw(stream: Stream, seconds: float, generator: np.random.Generator) -> tuple[Floats, Integers, Integers]:
    course, arrivals, sizes = generator.spawn(3)
    rates = stream.course.rates(stream.rate, seconds, 0.0, course)
    operational = renewals(gamma_gaps(arrivals, stream.cv), stream.rate * seconds, stream.cv)
    at = follow(operational, rates, BIN_SECONDS)
    return (at, *stream.shape.draw(sizes, len(at)))
