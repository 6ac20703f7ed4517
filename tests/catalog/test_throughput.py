"""Claim: estimates of throughput lie under the roofline, give back what was measured, and say what they stand on."""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.batching import step_bytes
from catalog.gpus import Gpu
from catalog.open_models import OpenModel
from catalog.rows import Catalogue
from catalog.tables import catalogue
from catalog.throughput import Basis, Throughput, roofline, roofline_prompt, throughput

TABLES = catalogue()
MODELS = st.sampled_from(list(TABLES.offered_models.values()))
GPUS = st.sampled_from(list(TABLES.gpus.values()))
CONTEXTS = st.integers(min_value=2, max_value=262_144)
SLOTS = st.integers(min_value=1, max_value=64)
QWEN = TABLES.open_models["qwen2.5-7b-instruct-q4_k_m"]
AWQ = TABLES.open_models["qwen2.5-7b-instruct-awq"]
MADE_UP = dataclasses.replace(TABLES.gpus["L4"], name="a GPU that nobody measured")


def estimate(model: OpenModel, gpu: Gpu, context: int, slots: int, tables: Catalogue = TABLES) -> Throughput:
    found = throughput(model, gpu, context, slots, tables)
    assert found is not None
    return found


def test_one_stream_is_bandwidth_by_bytes() -> None:
    """300 GB/s and 4.683 GB of weights: 64 tokens a second at most, with 4096 tokens of context 5 % fewer."""
    gpu = TABLES.gpus["L4"]
    assert round(roofline(gpu, QWEN, 0, 1), 2) == Decimal("64.06")
    assert round(roofline(gpu, QWEN, 4096, 1), 2) == Decimal("61.00")
    assert round(roofline_prompt(gpu, QWEN)) == 7940  # 121e12 / 2 / 7.62e9


def test_a_mixture_of_experts_reads_its_active_weights_for_one_stream_and_more_for_several() -> None:
    model = TABLES.open_models["gpt-oss-20b-mxfp4"]
    assert step_bytes(model, 0, 1) == model.weight_bytes * model.active_share
    read = [step_bytes(model, 0, slots) / model.weight_bytes for slots in (1, 2, 8, 64)]
    assert read[0] < read[1] < read[2] < read[3] < 1
    assert round(read[1], 3) == Decimal("0.315")  # 1 - (1 - 3.6 / 20.9) squared


@pytest.mark.parametrize(
    ("model", "measured", "context", "slots"),
    [(QWEN, "131.74", 640, 4), (AWQ, "549.07", 640, 16), (AWQ, "975.64", 640, 64)],
    ids=["llama.cpp", "vLLM at 16", "vLLM at 64"],
)
def test_what_was_measured_comes_back(model: OpenModel, measured: str, context: int, slots: int) -> None:
    """At the measured context, half of 640 tokens, and with as many streams, the range holds the measured figure."""
    found = estimate(model, TABLES.gpus["L4"], context, slots)
    assert found.basis is Basis.MEASURED
    assert found.slots.low * Decimal("0.99") <= Decimal(measured) <= found.slots.high * Decimal("1.01")


@pytest.mark.parametrize(("gpu", "tokens"), [("T4", "42.48"), ("A10G", "94.25"), ("L4", "53.52"), ("L40S", "134.56")])
def test_the_bench_of_each_gpu_lies_in_its_range(gpu: str, tokens: str) -> None:
    """Llama 7B with 4.08 GB of weights and no context to speak of."""
    file = dataclasses.replace(QWEN.files[0], bytes=4_080_263_168)
    llama = dataclasses.replace(QWEN, title="llama", files=(file,))
    found = estimate(llama, TABLES.gpus[gpu], 2, 1)
    assert found.stream.low <= Decimal(tokens) <= found.stream.high * Decimal("1.001")
    assert found.basis is Basis.CALIBRATED


def test_an_estimate_says_what_it_stands_on() -> None:
    experts = TABLES.open_models["gpt-oss-20b-mxfp4"]
    named = {
        (model.id, gpu.name): estimate(model, gpu, 8192, 1).basis
        for model in (QWEN, AWQ, experts)
        for gpu in (TABLES.gpus["L4"], TABLES.gpus["L40S"], MADE_UP)
    }
    assert named == {
        (QWEN.id, "L4"): Basis.MEASURED,
        (QWEN.id, "L40S"): Basis.CALIBRATED,
        (QWEN.id, MADE_UP.name): Basis.ROOFLINE,
        (AWQ.id, "L4"): Basis.MEASURED,
        (AWQ.id, "L40S"): Basis.ROOFLINE,
        (AWQ.id, MADE_UP.name): Basis.ROOFLINE,
        (experts.id, "L4"): Basis.ROOFLINE,
        (experts.id, "L40S"): Basis.ROOFLINE,
        (experts.id, MADE_UP.name): Basis.ROOFLINE,
    }


def test_without_a_measurement_of_the_engine_there_is_no_estimate() -> None:
    none = dataclasses.replace(
        TABLES, measurements={key: row for key, row in TABLES.measurements.items() if row.engine != "vllm"}
    )
    assert throughput(AWQ, TABLES.gpus["L4"], 8192, 1, none) is None


@given(MODELS, GPUS, CONTEXTS, SLOTS)
def test_a_range_is_in_order_and_under_the_roofline(model: OpenModel, gpu: Gpu, context: int, slots: int) -> None:
    found = estimate(model, gpu, context, slots)
    for each in (found.prompt, found.stream, found.slots):
        assert 0 < each.low <= each.expected <= each.high
    middle = min(context, model.context_tokens) // 2
    assert found.stream.high <= roofline(gpu, model, middle, 1)
    assert found.slots.high <= roofline(gpu, model, middle, slots)
    assert found.prompt.high <= roofline_prompt(gpu, model)


@given(MODELS, CONTEXTS, SLOTS, st.decimals(min_value="1.01", max_value=20, places=2))
def test_more_bandwidth_is_never_slower(model: OpenModel, context: int, slots: int, factor: Decimal) -> None:
    faster = dataclasses.replace(MADE_UP, bandwidth_gb_per_second=MADE_UP.bandwidth_gb_per_second * factor)
    before, after = (estimate(model, gpu, context, slots) for gpu in (MADE_UP, faster))
    assert after.stream.expected > before.stream.expected
    assert after.slots.expected > before.slots.expected
    assert after.prompt == before.prompt


@given(MODELS, GPUS, CONTEXTS, SLOTS)
def test_one_slot_is_one_stream_and_several_are_never_more_than_so_many(
    model: OpenModel, gpu: Gpu, context: int, slots: int
) -> None:
    one, many = estimate(model, gpu, context, 1), estimate(model, gpu, context, slots)
    assert one.slots == one.stream
    assert many.slots.high <= one.stream.high * slots


@given(MODELS, GPUS, SLOTS, CONTEXTS, CONTEXTS)
def test_a_longer_context_is_never_faster(model: OpenModel, gpu: Gpu, slots: int, shorter: int, longer: int) -> None:
    shorter, longer = sorted((shorter, longer))
    before, after = (estimate(model, gpu, context, slots) for context in (shorter, longer))
    assert after.stream.expected <= before.stream.expected
    assert after.slots.expected <= before.slots.expected
