"""Claim: whether a model fits a GPU is told by its weights, its cache and the engine around it; figures are by hand."""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.engines import ENGINES
from catalog.open_models import OpenModel
from catalog.sizing import (
    automatic_slots,
    fits,
    largest_slots,
    longest_context,
    memory_mib,
    need,
    needed_mib,
    room_mib,
    weight_bounds_mib,
)
from catalog.tables import catalogue

GIB = 1024
MODELS = st.sampled_from(list(catalogue().open_models.values()))
CONTEXTS = st.integers(min_value=1, max_value=300_000)
SLOTS = st.integers(min_value=1, max_value=300)
MEMORIES = st.sampled_from(sorted({row.gpu_memory_mib for row in catalogue().instances.values()}))


def test_weights_context_and_overhead_add_up() -> None:
    """4 slots of 8192 tokens of Llama 3.1 8B take 4 GiB of keys and values at 128 KiB a token, beside the weights."""
    model = catalogue().open_models["llama-3.1-8b-instruct-q4_k_m"]
    assert model.kv_bytes_per_token == 128 * 1024
    found = need(model, 8192, 4)
    assert found.weights == Decimal(4_920_739_232) / 1024 / 1024
    assert found.cache == 4 * GIB
    assert found.overhead == 1536
    assert found.total == found.weights + 4 * GIB + 1536
    assert needed_mib(0, 1024 * 1024, 3, 2) == 6


def test_no_request_is_longer_than_the_model_can_read() -> None:
    model = catalogue().open_models["qwen3-4b-q4_k_m"]
    assert need(model, 10**9, 1) == need(model, model.context_tokens, 1)


def test_an_engine_gets_the_share_that_its_flags_give_it() -> None:
    """vLLM takes 0.9 of the memory, llama.cpp what it needs; of another engine nothing is known."""
    assert [room_mib(name, 23034) for name in ("llama.cpp", "vllm", "other")] == [23034, *[Decimal("20730.6")] * 2]


@pytest.mark.parametrize(("engine", "gpus"), [("llama.cpp", 4), ("vllm", 1), ("other", 4)])
def test_of_several_gpus_those_count_that_an_engine_spreads_over(engine: str, gpus: int) -> None:
    one, four = (memory_mib(catalogue().instances[kind], engine) for kind in ("g6.xlarge", "g6.12xlarge"))
    assert four == gpus * one


@pytest.mark.parametrize(
    ("model", "memory", "slots"),
    [
        ("qwen3-8b-q4_k_m", 23034, 14),  # (23034 - 4795 - 1536) / 1152
        ("qwen3-14b-q4_k_m", 15360, 4),  # (15360 - 8585 - 1536) / 1280
        ("qwen3-30b-a3b-instruct-2507-q4_k_m", 15360, 0),  # 17769 of weights
        ("qwen3-8b-awq", 23034, 11),  # (20730 - 5816 - 1536) / 1152
    ],
)
def test_slots_of_8192_tokens_by_hand(model: str, memory: int, slots: int) -> None:
    row = catalogue().open_models[model]
    assert largest_slots(row, 8192, memory) == slots
    assert automatic_slots(row, 8192, memory) == min(slots, 4 if row.engine == "llama.cpp" else 64)


@given(MODELS, CONTEXTS, SLOTS, MEMORIES, st.integers(min_value=0, max_value=10_000))
def test_more_context_slots_or_less_memory_never_fit_better(
    model: OpenModel, context: int, slots: int, memory: int, more: int
) -> None:
    if not fits(model, context, slots, memory):
        assert not fits(model, context + more, slots, memory)
        assert not fits(model, context, slots + more, memory)
        assert not fits(model, context, slots, max(1, memory - more))


@given(MODELS, CONTEXTS, MEMORIES)
def test_the_largest_slots_fit_and_one_more_does_not(model: OpenModel, context: int, memory: int) -> None:
    slots = largest_slots(model, context, memory)
    assert slots == 0 or fits(model, context, slots, memory)
    assert not fits(model, context, slots + 1, memory)
    assert automatic_slots(model, context, memory) <= min(slots, ENGINES[model.engine].most_slots)


@given(MODELS, SLOTS, MEMORIES)
def test_the_longest_context_fits_and_one_token_more_does_not(model: OpenModel, slots: int, memory: int) -> None:
    context = longest_context(model, slots, memory)
    assert context == 0 or fits(model, context, slots, memory)
    assert context == model.context_tokens or not fits(model, context + 1, slots, memory)


def test_a_model_that_is_larger_takes_more() -> None:
    row = catalogue().open_models["qwen3-8b-q4_k_m"]
    larger = dataclasses.replace(row, files=(dataclasses.replace(row.files[0], bytes=row.files[0].bytes * 2),))
    assert need(larger, 1, 1).weights == 2 * need(row, 1, 1).weights


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
