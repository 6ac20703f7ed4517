"""The inference servers of the GPU pool: what they read, and how much of a GPU's memory each leaves to a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType


@dataclass(frozen=True)
class Engine:
    """One inference server.

    Of a GPU's memory, as nvidia-smi shows it, `memory_share` is for weights, cache and the engine's own buffers;
    `overhead_mib` is what these buffers, the driver and CUDA take. `most_slots` is up to how many requests at a time
    its throughput has been measured: more are not chosen by themselves.
    """

    name: str
    weights: str
    memory_share: Decimal
    overhead_mib: int
    most_slots: int
    compute_capability: Decimal
    """The oldest GPUs that it is offered on."""
    why: str
    """Why on none that are older."""
    spreads: bool
    """Whether it spreads a model over all GPUs of an instance by itself."""
    tools: bool
    """Whether it takes tools as nodes start it."""


LLAMA_CPP, VLLM = "llama.cpp", "vllm"
ENGINES: Mapping[str, Engine] = MappingProxyType(
    {
        LLAMA_CPP: Engine(
            LLAMA_CPP,
            weights=".gguf",
            # --fit off: it takes what it needs, and ends when that is not there.
            memory_share=Decimal(1),
            overhead_mib=1536,
            most_slots=4,
            compute_capability=Decimal("7.5"),
            why="it is known to work on Turing, and nothing is known of older GPUs",
            spreads=True,
            tools=True,
        ),
        VLLM: Engine(
            VLLM,
            weights=".safetensors",
            # --gpu-memory-utilization 0.90, and the peak of its activations and CUDA graphs within that.
            memory_share=Decimal("0.9"),
            overhead_mib=1536,
            most_slots=64,
            compute_capability=Decimal("8.0"),
            why="it keeps breaking on Turing, which has no bf16 (vllm-project/vllm #15853, #43576, #45375)",
            spreads=False,
            # It refuses them without --enable-auto-tool-choice and a parser, another one for each family of models.
            tools=False,
        ),
    }
)
"""By the name that the settings give."""
