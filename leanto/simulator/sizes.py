"""How many tokens requests have: log-normal sizes with a declared mean, and the shapes of known kinds of requests."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from leanto.simulator.demand import Floats, Integers


@dataclass(frozen=True)
class Size:
    """A number of tokens: its mean, the standard deviation of its logarithm, and the most that it can be."""

    mean: float
    spread: float
    most: int

    def tokens(self, normal: Floats) -> Integers:
        """Return sizes for draws of the standard normal distribution; at least one token each."""
        sizes = np.exp(median_log(self.mean, self.spread, self.most) + self.spread * normal)
        return np.asarray(np.clip(np.rint(sizes), 1, self.most), np.int64)


@lru_cache
def median_log(mean: float, spread: float, most: int) -> float:
    """Return the logarithm of the median with which sizes cut at `most` have the mean."""
    if mean >= most:
        raise ValueError(f"a mean of {mean} tokens with {most} at most: the mean must be less")
    low, high = math.log(mean) - spread**2, math.log(most) + 4 * spread + 1
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _mean_cut(middle, spread, most) < mean else (low, middle)
    return (low + high) / 2


def _mean_cut(log: float, spread: float, most: int) -> float:
    """Return the mean of a log-normal size of which everything above `most` is `most`."""
    if spread == 0:
        return min(math.exp(log), most)
    edge = (math.log(most) - log) / spread
    return math.exp(log + spread**2 / 2) * _normal(edge - spread) + most * (1 - _normal(edge))


def _normal(value: float) -> float:
    return (1 + math.erf(value / math.sqrt(2))) / 2


@dataclass(frozen=True)
class Shape:
    """A kind of requests: their input and output, and how much the output follows the input (a correlation)."""

    name: str
    input: Size
    output: Size
    follows: float = 0.0

    def draw(self, generator: np.random.Generator, count: int) -> tuple[Integers, Integers]:
        """Return the input and output tokens of so many requests."""
        first, second = generator.standard_normal(count), generator.standard_normal(count)
        mixed = self.follows * first + math.sqrt(1 - self.follows**2) * second
        return self.input.tokens(first), self.output.tokens(mixed)


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        shape.name: shape
        for shape in (
            Shape("short", Size(200, 0.6, 2_000), Size(200, 0.7, 2_000)),
            Shape("chat", Size(1155, 0.9, 8_000), Size(211, 0.9, 2_000)),
            Shape("code", Size(2048, 0.9, 8_000), Size(28, 1.2, 1_000)),
            Shape("rag", Size(6000, 0.5, 24_000), Size(300, 0.6, 2_000), follows=0.2),
            Shape("extract", Size(3000, 0.6, 16_000), Size(80, 0.6, 1_000), follows=0.4),
            Shape("classify", Size(350, 0.7, 4_000), Size(6, 0.5, 50)),
            Shape("summarise", Size(4500, 0.8, 24_000), Size(400, 0.5, 2_000), follows=0.5),
            Shape("reason", Size(900, 0.9, 8_000), Size(1400, 0.8, 8_000), follows=0.3),
            Shape("agent", Size(3500, 1.0, 24_000), Size(150, 1.0, 4_000), follows=0.1),
        )
    }
)
"""By name. Chat and code have about the means and spreads of the Azure LLM inference traces of 2023."""
