"""How much GPU memory a model takes: its weights, and the keys and values of the context that is served at a time."""

import re
from decimal import Decimal

from catalog.rows import Instance, OpenModel

USABLE_SHARE = Decimal("0.9")
"""How much of a GPU's memory a model may take; the rest is for the engine's own buffers."""
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


def needed_mib(weight_bytes: int, kv_bytes_per_token: int, context_tokens: int, slots: int) -> Decimal:
    """Return what a model takes in MiB when `slots` requests of `context_tokens` each are served at a time."""
    return (Decimal(weight_bytes) + Decimal(kv_bytes_per_token) * context_tokens * slots) / MIB


def needed_by(model: OpenModel, context_tokens: int, slots: int) -> Decimal:
    """Return what a model of the catalogue takes in MiB; no request has a longer context than the model knows."""
    return needed_mib(model.bytes, model.kv_bytes_per_token, min(context_tokens, model.context_tokens), slots)


def usable_mib(instance: Instance) -> Decimal:
    """Return the memory in MiB that a model may take on an instance, spread over all of its GPUs."""
    return Decimal(instance.gpu_memory_mib * instance.gpu_count) * USABLE_SHARE


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
