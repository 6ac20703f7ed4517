"""How much GPU memory models take: hand-computed figures and bounds by name."""

from decimal import Decimal

import pytest

from catalog.sizing import needed_by, needed_mib, usable_mib, weight_bounds_mib
from catalog.tables import catalogue

GIB = 1024


def test_weights_and_context_add_up() -> None:
    """4 slots of 8192 tokens of Llama 3.1 8B take 4 GiB of keys and values at 128 KiB a token, beside the weights."""
    model = catalogue().open_models["llama-3.1-8b-instruct-q4_k_m"]
    assert model.kv_bytes_per_token == 128 * 1024
    weights = Decimal(model.bytes) / 1024 / 1024
    assert needed_by(model, 8192, 4) == weights + 4 * GIB
    assert needed_mib(0, 1024 * 1024, 3, 2) == 6


def test_no_request_is_longer_than_the_model_can_read() -> None:
    model = catalogue().open_models["qwen3-4b-q4_k_m"]
    assert needed_by(model, 10**9, 1) == needed_by(model, model.context_tokens, 1)


def test_a_tenth_of_the_memory_of_all_gpus_stays_free() -> None:
    instance = catalogue().instances["g6.xlarge"]
    assert usable_mib(instance) == Decimal(instance.gpu_memory_mib * instance.gpu_count) * 9 / 10


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("Llama-3.1-70B-Instruct-AWQ", 35, 35),
        ("Qwen/Qwen3-8B", 4, 16),
        ("Qwen3-8B-FP8", 8, 8),
        ("Mixtral-8x7B-v0.1", 3.5, 112),
        ("gpt-oss-20b-mxfp4", 10, 10),
    ],
)
def test_a_name_bounds_the_weights(name: str, least: float, most: float) -> None:
    """In units of 10^9 bytes: parameters times bits."""
    found = weight_bounds_mib(name)
    assert found is not None
    assert [round(bound * 1024 * 1024 / 10**9, 3) for bound in found] == [Decimal(str(least)), Decimal(str(most))]


@pytest.mark.parametrize("name", ["phi", "model-v2", "gpt-6-luna", "b"])
def test_a_name_without_a_size_tells_nothing(name: str) -> None:
    assert weight_bounds_mib(name) is None
