"""How much GPU memory a model takes: its weights, and the keys and values of the context that is served at a time."""

import re
from dataclasses import dataclass
from decimal import Decimal

from catalog.engines import ENGINES
from catalog.open_models import OpenModel
from catalog.rows import Instance

USABLE_SHARE = Decimal("0.9")
"""How much of a GPU's memory a model may take under an engine that is not ours; the rest is for its own buffers."""
MIB = Decimal(1024 * 1024)
FEWEST_BITS, MOST_BITS = 4, 16
"""Between so many bits a weight of a model lies whose name does not say more."""
_PARAMETERS = re.compile(r"(?:^|[-_.:/])(?:(?P<experts>\d+)x)?(?P<billions>\d+(?:\.\d+)?)b(?=$|[-_.:/])", re.IGNORECASE)
_BITS = (
    (
        4,
        re.compile(r"(?:^|[-_.])(?:awq|gptq|int4|4bit|w4a16|q4_\w+|mxfp4|nf4|fp4|nvfp4)(?=$|[-_.])", re.IGNORECASE),
    ),
    (8, re.compile(r"(?:^|[-_.])(?:int8|8bit|w8a\d+|q8_\w+|fp8)(?=$|[-_.])", re.IGNORECASE)),
    (16, re.compile(r"(?:^|[-_.])(?:fp16|bf16|f16)(?=$|[-_.])", re.IGNORECASE)),
)


@dataclass(frozen=True)
class Need:
    """What a model takes of a GPU's memory, in MiB: its weights, the cache of its context, and the engine around it."""

    weights: Decimal
    cache: Decimal
    overhead: Decimal

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.weights + self.cache + self.overhead


def need(model: OpenModel, context_tokens: int, slots: int) -> Need:
    """Return what a model takes when `slots` requests of `context_tokens` each are served at a time.

    No request has a longer context than the model knows.
    """
    tokens = min(context_tokens, model.context_tokens) * slots
    cache = Decimal(model.kv_bytes_per_token) * tokens / MIB
    return Need(Decimal(model.weight_bytes) / MIB, cache, Decimal(ENGINES[model.engine].overhead_mib))


def needed_mib(weight_bytes: int, kv_bytes_per_token: int, context_tokens: int, slots: int) -> Decimal:
    """Return what weights and cache take in MiB, whatever engine there is around them."""
    return (Decimal(weight_bytes) + Decimal(kv_bytes_per_token) * context_tokens * slots) / MIB


def room_mib(engine: str, memory_mib: int) -> Decimal:
    """Return how much of a GPU's memory an engine takes at most, in MiB; of one that is not known, without its own."""
    known = ENGINES.get(engine)
    return Decimal(memory_mib) * (known.memory_share if known else USABLE_SHARE)


def fits(model: OpenModel, context_tokens: int, slots: int, memory_mib: int) -> bool:
    """Tell whether a GPU with so much memory, as nvidia-smi shows it, serves a model with these slots."""
    return need(model, context_tokens, slots).total <= room_mib(model.engine, memory_mib)


def largest_slots(model: OpenModel, context_tokens: int, memory_mib: int) -> int:
    """Return how many requests of a context fit at a time, 0 when not one does."""
    one = need(model, context_tokens, 1)
    return max(0, int((room_mib(model.engine, memory_mib) - one.weights - one.overhead) // one.cache))


def automatic_slots(model: OpenModel, context_tokens: int, memory_mib: int) -> int:
    """Return the largest number of slots that fits, bounded by what the engine has been measured with."""
    return min(largest_slots(model, context_tokens, memory_mib), ENGINES[model.engine].most_slots)


def longest_context(model: OpenModel, slots: int, memory_mib: int) -> int:
    """Return the longest context of `slots` requests at a time that fits, in tokens; 0 when not even one token does."""
    one = need(model, 1, slots)
    tokens = int((room_mib(model.engine, memory_mib) - one.weights - one.overhead) // one.cache)
    return max(0, min(tokens, model.context_tokens))


def memory_mib(instance: Instance, engine: str) -> int:
    """Return the memory of the GPUs of an instance that an engine uses: all of them, where it spreads a model so."""
    known = ENGINES.get(engine)
    return instance.gpu_memory_mib * (1 if known and not known.spreads else instance.gpu_count)


def weight_bounds_mib(name: str) -> tuple[Decimal, Decimal] | None:
    """Return what the weights of a model take in MiB at least and at most, by its name; None when that does not tell.

    "Llama-3.1-70B-Instruct-AWQ" says 70 billion parameters of 4 bits. Without a format both bounds are given.
    """
    found = _PARAMETERS.search(name)
    if not found:
        return None
    # Experts share layers: so many times the parameters of one is the most they can have, one the least.
    billions = Decimal(found["billions"])
    most = billions * int(found["experts"] or 1)
    bits = next((bits for bits, pattern in _BITS if pattern.search(name)), None)
    least_bits, most_bits = (bits, bits) if bits else (FEWEST_BITS, MOST_BITS)
    return _weights_mib(billions, least_bits), _weights_mib(most, most_bits)


def _weights_mib(billions: Decimal, bits: int) -> Decimal:
    return billions * 1_000_000_000 * bits / 8 / MIB
