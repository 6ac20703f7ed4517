"""What is asked of a stack over time: single requests, and the same as demand by slot for engines that reckon weeks.

Times are seconds from the beginning of the simulated time. The money here is in floats of USD: a simulated sum has no
cent to lose, and what is reported of it is rounded once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
SLOT_SECONDS = 10.0
"""How long a slot is when nothing else is said."""
WEEK_SECONDS = 7 * 86_400.0


class Law(Protocol):
    """How long a GPU works for a request."""

    def work(self, input_tokens: Integers, output_tokens: Integers) -> Floats:
        """Return the GPU-seconds of each request."""


class Price(Protocol):
    """What a managed provider takes for a request."""

    def usd(self, input_tokens: Integers, output_tokens: Integers) -> Floats:
        """Return the USD of each request."""


@dataclass(frozen=True, eq=False)
class Requests:
    """Requests in the order of their arrival; the arrays are equally long and cannot be written.

    `seconds` is how long the time is in which they came; all arrive in [0, seconds). `week_seconds` is how long after
    Monday 00:00 UTC it begins. `model` holds indices into `models`, the public names.
    """

    at_seconds: Floats
    input_tokens: Integers
    output_tokens: Integers
    model: Integers
    models: tuple[str, ...]
    seconds: float
    week_seconds: float = 0.0

    def __post_init__(self) -> None:
        """Refuse arrays that do not belong together, and close them for writing."""
        arrays = (self.at_seconds, self.input_tokens, self.output_tokens, self.model)
        if len({len(array) for array in arrays}) != 1:
            raise ValueError(f"arrays of {[len(array) for array in arrays]} requests: they must be equally long")
        if len(self.at_seconds) and not (self.at_seconds[0] >= 0 and self.at_seconds[-1] < self.seconds):
            raise ValueError(f"requests arrive outside of 0 to {self.seconds} s")
        if not np.all(np.diff(self.at_seconds) >= 0):
            raise ValueError("requests are not in the order of their arrival")
        if np.any(self.input_tokens < 1) or np.any(self.output_tokens < 0):
            raise ValueError("a request has no input, or a negative number of output tokens")
        for array in arrays:
            array.setflags(write=False)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.at_seconds)

    @property
    def rate(self) -> float:
        """Requests a second, on average over the whole time."""
        return len(self) / self.seconds

    def of_model(self, name: str) -> "Requests":
        """Return the requests for one model, over the same time."""
        return self.where(self.model == self.models.index(name))

    def where(self, chosen: NDArray[np.bool_]) -> "Requests":
        """Return some of the requests, over the same time."""
        return Requests(
            self.at_seconds[chosen],
            self.input_tokens[chosen],
            self.output_tokens[chosen],
            self.model[chosen],
            self.models,
            self.seconds,
            self.week_seconds,
        )


@dataclass(frozen=True, eq=False)
class Demand:
    """What is asked in each slot of `slot_seconds`: GPU-seconds of work, what a provider takes for it, how many."""

    slot_seconds: float
    work: Floats
    """GPU-seconds of the requests that arrive in a slot."""
    usd: Floats
    """What the provider would take for all of them, in USD."""
    requests: Integers
    week_seconds: float = 0.0
    """How long after Monday 00:00 UTC the first slot begins."""

    def __post_init__(self) -> None:
        """Refuse arrays that do not belong together, and close them for writing."""
        if not len(self.work) == len(self.usd) == len(self.requests):
            raise ValueError(f"{len(self.work)}, {len(self.usd)} and {len(self.requests)} slots: they must be as many")
        for array in (self.work, self.usd, self.requests):
            array.setflags(write=False)

    def __len__(self) -> int:
        """Return how many slots there are."""
        return len(self.work)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self) * self.slot_seconds

    def slot(self, index: slice) -> "Demand":
        """Return some slots."""
        begins = (index.start or 0) * self.slot_seconds
        return Demand(
            self.slot_seconds,
            self.work[index],
            self.usd[index],
            self.requests[index],
            (self.week_seconds + begins) % WEEK_SECONDS,
        )


def demand(requests: Requests, law: Law, price: Price, slot_seconds: float = SLOT_SECONDS) -> Demand:
    """Return requests as demand by slot: each counts whole in the slot in which it arrives."""
    slots = int(np.ceil(requests.seconds / slot_seconds))
    index = np.minimum((requests.at_seconds / slot_seconds).astype(np.int64), slots - 1)
    tokens = (requests.input_tokens, requests.output_tokens)
    return Demand(
        slot_seconds,
        np.asarray(np.bincount(index, law.work(*tokens), slots), np.float64),
        np.asarray(np.bincount(index, price.usd(*tokens), slots), np.float64),
        np.bincount(index, minlength=slots),
        requests.week_seconds,
    )


def by_value(
    requests: Requests, law: Law, price: Price, classes: int, slot_seconds: float = SLOT_SECONDS
) -> tuple[Demand, ...]:
    """Return the demand in classes of about as many requests, those first that save most USD for a GPU-second."""
    tokens = (requests.input_tokens, requests.output_tokens)
    worth = price.usd(*tokens) / law.work(*tokens)
    bounds = np.quantile(worth, np.linspace(0, 1, classes + 1)[1:-1]) if len(requests) else np.zeros(classes - 1)
    found = np.searchsorted(bounds, worth, side="right")
    return tuple(demand(requests.where(found == c), law, price, slot_seconds) for c in reversed(range(classes)))


def together(parts: Iterable[Demand]) -> Demand:
    """Return the sum of demands over the same slots."""
    parts = tuple(parts)
    shapes = {(len(part), part.slot_seconds, part.week_seconds) for part in parts}
    if len(shapes) != 1:
        raise ValueError(f"demands of {sorted(shapes)} (slots, seconds, begin) are not over the same time")
    return Demand(
        parts[0].slot_seconds,
        np.asarray(np.sum([part.work for part in parts], axis=0), np.float64),
        np.asarray(np.sum([part.usd for part in parts], axis=0), np.float64),
        np.asarray(np.sum([part.requests for part in parts], axis=0), np.int64),
        parts[0].week_seconds,
    )
