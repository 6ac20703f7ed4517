"""How long a GPU works for a request, by its numbers of tokens, when the engine runs as many at a time as it should."""

from dataclasses import dataclass

import numpy as np

from leanto.simulator.demand import Floats, Integers


@dataclass(frozen=True)
class BatchLaw:
    """An engine that adds requests to a running batch, such as vLLM: one step makes one token for each of them.

    A step takes `step` seconds, `stream` more for each request in it and `context` for each token of their contexts; a
    token of a prompt takes `prompt`. A request's share of the steps is what it takes with `at_once` requests running.
    """

    name: str
    step: float
    stream: float
    context: float
    prompt: float
    at_once: int = 16

    def work(self, input_tokens: Integers, output_tokens: Integers) -> Floats:
        """Return the GPU-seconds of each request."""
        context = input_tokens + output_tokens / 2
        each = self.step / self.at_once + self.stream + self.context * context
        return np.asarray(self.prompt * input_tokens + output_tokens * each, dtype=np.float64)


MEASURED = BatchLaw("v0", step=0.023, stream=0.0004, context=0.85e-6, prompt=0.37e-3)
"""An L4 with vLLM and a model of 7 to 8 billion parameters in AWQ, fitted to one published series of measurements."""
OPTIMISTIC = BatchLaw("B", step=0.01705, stream=0.0044e-3, context=0.851e-6, prompt=0.245e-3)
"""The same with Llama 3.1 8B as the memory's bandwidth and half of the tensor cores' peak have it; not measured."""


@dataclass(frozen=True)
class SlotLaw:
    """An engine with a fixed number of slots, such as llama.cpp, all taken: `together` tokens a second of all slots.

    `prompt` tokens a second are read, one prompt at a time.
    """

    name: str
    slots: int
    together: float
    prompt: float

    def work(self, input_tokens: Integers, output_tokens: Integers) -> Floats:
        """Return the GPU-seconds of each request."""
        return np.asarray(input_tokens / self.prompt + output_tokens / self.together, dtype=np.float64)


@dataclass(frozen=True)
class TokenPrice:
    """A provider's price in USD per million tokens; above `tier_above` input tokens the whole request costs the tier's.

    `cached` of the input tokens, a share, cost `cached_input`. A `discount` is a share off everything.
    """

    input: float
    output: float
    cached_input: float | None = None
    cached: float = 0.0
    tier_above: int | None = None
    tier_input: float = 0.0
    tier_output: float = 0.0
    discount: float = 0.0

    def usd(self, input_tokens: Integers, output_tokens: Integers) -> Floats:
        """Return the USD of each request."""
        dearer = input_tokens > self.tier_above if self.tier_above is not None else np.zeros(len(input_tokens), bool)
        per_input = np.where(dearer, self.tier_input, self.input)
        per_output = np.where(dearer, self.tier_output, self.output)
        cached = per_input if self.cached_input is None else per_input * (self.cached_input / self.input)
        read = self.cached * cached + (1 - self.cached) * per_input
        usd = (input_tokens * read + output_tokens * per_output) / 1e6 * (1 - self.discount)
        return np.asarray(usd, dtype=np.float64)
