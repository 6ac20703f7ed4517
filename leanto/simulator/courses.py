"""How the rate of requests goes up and down: hours of the day, weekends, hours without anybody, growth, sudden fame."""

import math
from dataclasses import dataclass

import numpy as np

from leanto.simulator.demand import WEEK_SECONDS, Floats

BIN_SECONDS = 60.0
"""How fine a course is."""
WANDER_BINS = 10
"""For how many bins the rate's wandering stays as it is."""
WANDER_KEEPS = 0.95
"""How much of it is kept for the next so many bins."""
ALWAYS = (1.0,) * 24
_MORNING = (0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.1, 0.4, 0.8, 1.0, 1.0, 0.95)
_AFTERNOON = (0.6, 0.85, 1.0, 0.95, 0.85, 0.6, 0.3, 0.15, 0.1, 0.06, 0.03, 0.02)
OFFICE = _MORNING + _AFTERNOON
"""Of people at work, with a lunch break."""
_DAYTIME = (0.5, 0.3, 0.2, 0.12, 0.1, 0.1, 0.15, 0.3, 0.45, 0.5, 0.5, 0.55)
_EVENING = (0.6, 0.6, 0.55, 0.6, 0.65, 0.75, 0.85, 0.95, 1.0, 1.0, 0.9, 0.7)
EVENING = _DAYTIME + _EVENING
"""Of people at home."""
NIGHTLY = (0.0, 1.0, 1.0, 1.0) + (0.0,) * 20
NINE_TO_FIVE = (0.0,) * 9 + (1.0,) * 8 + (0.0,) * 7


@dataclass(frozen=True)
class Course:
    """The course of a rate around its mean.

    `hours` are the weights of the hours of a day, UTC, between which it goes in straight lines unless `steps`;
    `weekend` times as much is asked on Saturday and Sunday. `busy_hours` and `idle_hours` are the means of spells with
    and without any requests; 0 idle hours = always busy. `growth` is the rate at the end over that at the beginning.
    `wander` is the standard deviation of the logarithm of its slow wandering. `fame` events a week raise it `peak`
    times, and decay over an hour.
    """

    hours: tuple[float, ...] = ALWAYS
    weekend: float = 1.0
    steps: bool = False
    busy_hours: float = 0.0
    idle_hours: float = 0.0
    growth: float = 1.0
    wander: float = 0.0
    fame: float = 0.0
    peak: float = 1.0

    def rates(self, mean: float, seconds: float, week_seconds: float, generator: np.random.Generator) -> Floats:
        """Return the rate in each bin; their mean is `mean` to the last bit that floats have."""
        middles = np.asarray((np.arange(round(seconds / BIN_SECONDS)) + 0.5) * BIN_SECONDS, np.float64)
        course = self._calendar((middles + week_seconds) % WEEK_SECONDS)
        course *= self.growth ** (middles / seconds)
        # Each draws from a generator of its own, so that one of them changed leaves the others as they were.
        draws = generator.spawn(3)
        for factor in (self._spells, self._wandering, self._famous):
            course *= factor(middles, draws.pop())
        if not course.any():
            raise ValueError(f"a course without any request in {seconds} s: {self}")
        course *= mean / course.mean()
        return course

    def _calendar(self, of_week: Floats) -> Floats:
        of_day = of_week % 86_400 / 3600
        weights = np.array(self.hours)
        if self.steps:
            daily = weights[of_day.astype(np.int64)]
        else:
            daily = np.interp(of_day, np.arange(25), np.append(weights, weights[0]))
        return np.asarray(np.where(of_week >= 5 * 86_400, daily * self.weekend, daily), np.float64)

    def _spells(self, middles: Floats, generator: np.random.Generator) -> Floats:
        """Return 1 in busy spells and 0 in idle ones; their lengths are log-normal, some much longer than the mean."""
        if not self.idle_hours:
            return np.ones(len(middles))
        pairs = int(middles[-1] / 3600 / (self.busy_hours + self.idle_hours) * 4) + 20
        lengths = np.exp(generator.standard_normal((pairs, 2)) - 0.5) * (self.busy_hours, self.idle_hours)
        ends = np.cumsum(lengths.ravel()) * 3600
        return np.where(np.searchsorted(ends, middles, side="right") % 2 == 0, 1.0, 0.0)

    def _wandering(self, middles: Floats, generator: np.random.Generator) -> Floats:
        steps = generator.standard_normal(len(middles) // WANDER_BINS + 1) * math.sqrt(1 - WANDER_KEEPS**2)
        value, values = 0.0, []
        for step in steps:
            value = WANDER_KEEPS * value + float(step)
            values.append(value)
        return np.asarray(np.exp(self.wander * np.repeat(values, WANDER_BINS)[: len(middles)]), np.float64)

    def _famous(self, middles: Floats, generator: np.random.Generator) -> Floats:
        count = round(self.fame * (middles[-1] + BIN_SECONDS) / WEEK_SECONDS)
        factor = np.ones(len(middles))
        for begins in np.sort(generator.random(count)) * middles[-1]:
            since = middles - begins
            factor += np.where(since >= 0, (self.peak - 1) * np.exp(-np.maximum(since, 0) / 3600), 0)
        return factor


STEADY = Course()
