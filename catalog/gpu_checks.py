"""What must hold of GPUs and of what was measured on them; `catalog.tables` refuses data that breaks it."""

from collections.abc import Iterator
from decimal import Decimal

from catalog.engines import ENGINES
from catalog.figures import MARKS, one_of, positive
from catalog.gpus import GENERATE, PROMPT, Gpu, Measurement
from catalog.rows import Catalogue

GIGA = Decimal(10**9)


def gpu_problems(catalogue: Catalogue) -> Iterator[str]:
    """Yield every contradiction in the GPUs and the measurements."""
    of_instances = {row.gpu for row in catalogue.instances.values()}
    for gpu in catalogue.gpus.values():
        yield from _gpu(gpu)
        if gpu.name not in of_instances:
            yield f"gpu {gpu.name}: no instance has it, so its memory is not known"
    for row in catalogue.measurements.values():
        where = f"measurement {' '.join(row.key)}"
        yield from _measurement(where, row)
        if row.gpu not in catalogue.gpus:
            yield f"{where}: the GPU is not listed"
        elif row.kind == GENERATE and row.at_once == 1:
            yield from _below_the_roof(where, row, catalogue.gpus[row.gpu])


def _gpu(row: Gpu) -> Iterator[str]:
    where = f"gpu {row.name}"
    yield from positive(where, bandwidth=row.bandwidth_gb_per_second, fp16=row.fp16_tflops)
    yield from positive(where, compute_capability=row.compute_capability)
    yield from one_of(where, "mark", row.mark, MARKS)


def _measurement(where: str, row: Measurement) -> Iterator[str]:
    yield from one_of(where, "engine", row.engine, frozenset(ENGINES))
    yield from one_of(where, "kind", row.kind, frozenset({GENERATE, PROMPT}))
    yield from one_of(where, "mark", row.mark, MARKS)
    yield from positive(where, weight_bytes=row.weight_bytes, at_once=row.at_once, tokens=row.tokens_per_second)
    yield from positive(where, parameters=row.parameters_billion)
    if row.kind == PROMPT and row.parameters_billion is None:
        yield f"{where}: a measured prompt needs parameters_billion"


def _below_the_roof(where: str, row: Measurement, gpu: Gpu) -> Iterator[str]:
    read = row.tokens_per_second * row.weight_bytes / GIGA
    if read > gpu.bandwidth_gb_per_second:
        yield f"{where}: it would have read {read:.0f} GB/s, of {gpu.name} come at most {gpu.bandwidth_gb_per_second}"
