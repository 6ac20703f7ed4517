"""The rows of GPUs: what one can do at most, and what was measured on it."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from catalog.engines import LLAMA_CPP, Engine

GENERATE, PROMPT = "generate", "prompt"


@dataclass(frozen=True)
class Gpu:
    """One kind of GPU. How much memory it has stands with the instances, as nvidia-smi shows it there.

    `bandwidth_gb_per_second` is what its memory gives at most, `fp16_tflops` what its tensor cores do at most, without
    sparsity; `mark` is about these two.
    """

    name: str
    architecture: str
    compute_capability: Decimal
    bandwidth_gb_per_second: Decimal
    fp16_tflops: Decimal
    mark: str
    source: str
    date: dt.date
    note: str = ""


@dataclass(frozen=True)
class Measurement:
    """How many tokens a second an engine made of a model on one GPU: read a prompt, or generated, `at_once` streams.

    `model` and `quantisation` are those of the catalogue's models where they are the same. `parameters_billion` is
    known where prompts were measured.
    """

    gpu: str
    engine: str
    engine_version: str
    model: str
    quantisation: str
    weight_bytes: int
    kind: str
    input_tokens: int
    output_tokens: int
    at_once: int
    tokens_per_second: Decimal
    mark: str
    source: str
    date: dt.date
    parameters_billion: Decimal | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all others."""
        numbers = (self.input_tokens, self.output_tokens, self.at_once)
        return (self.gpu, self.engine, self.model, self.quantisation, self.kind, *map(str, numbers))


def runs_on(engine: Engine, gpu: Gpu | None) -> bool:
    """Tell whether an engine is offered on a GPU; on one that is not listed, llama.cpp alone is."""
    if gpu is None:
        return engine.name == LLAMA_CPP
    return gpu.compute_capability >= engine.compute_capability
