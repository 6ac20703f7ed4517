"""When requests arrive: draws of renewal processes, stretched so that their rate follows a course over time."""

import math
from collections.abc import Callable

import numpy as np

from leanto.simulator.demand import Floats

Gaps = Callable[[int], Floats]
"""Draws so many gaps between arrivals, of mean one."""
MILLISECONDS = 3
"""To how many decimals of a second arrivals are rounded, so that the last bit of a machine's arithmetic never shows."""


def gamma_gaps(generator: np.random.Generator, cv: float) -> Gaps:
    """Return a source of gaps with a coefficient of variation: 1 is Poisson, more comes in bursts, 0 is a clock."""
    if cv == 0:
        return np.ones
    shape = 1 / cv**2
    return lambda count: generator.standard_gamma(shape, count) / shape


def weibull_gaps(generator: np.random.Generator, shape: float) -> Gaps:
    """Return a source of gaps that are Weibull with a shape."""
    mean = math.gamma(1 + 1 / shape)
    return lambda count: generator.weibull(shape, count) / mean


def renewals(gaps: Gaps, length: float, cv: float) -> Floats:
    """Return the arrivals in [0, length) of a process of rate one that began long before."""
    # A process that begins with an arrival begins in a burst: about cv²/2 arrivals too many.
    before = 10 * max(cv, 1) ** 2
    found: list[Floats] = []
    now = -before
    while now < length:
        most = int(length - now + 6 * max(cv, 1) * math.sqrt(length - now)) + 16
        arrivals = now + np.cumsum(gaps(most))
        now = float(arrivals[-1])
        found.append(arrivals[(arrivals >= 0) & (arrivals < length)])
    return np.concatenate(found)


def follow(operational: Floats, rates: Floats, bin_seconds: float) -> Floats:
    """Return when arrivals of a process of rate one come if time runs so that their rate is `rates`, bin after bin."""
    until = np.concatenate(([0.0], np.cumsum(rates * bin_seconds)))
    index = np.searchsorted(until, operational, side="right") - 1
    index = np.minimum(index, len(rates) - 1)
    at = index * bin_seconds + (operational - until[index]) / rates[index]
    last = len(rates) * bin_seconds - 10.0**-MILLISECONDS
    return np.minimum(np.round(at, MILLISECONDS), last)
