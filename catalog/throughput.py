"""How many tokens a second a model makes on a GPU: the roofline of the GPU, and the share of it that was measured.

A generated token reads all active weights and the cache of its context once, so the memory's bandwidth bounds one
stream; a prompt is bounded by arithmetic. What engines reach of that is measured, in `data/gpus.toml`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from statistics import median

from catalog.batching import Batching, batching, cache_bytes, step_bytes
from catalog.gpus import GENERATE, PROMPT, Gpu, Measurement
from catalog.open_models import OpenModel
from catalog.rows import Catalogue

GIGA, TERA = Decimal(10**9), Decimal(10**12)
OPERATIONS_PER_PARAMETER = 2
"""A multiplication and an addition."""


class Basis(Enum):
    """What an estimate stands on, from the firmest to the loosest."""

    MEASURED = "measured"
    """This model in this quantisation on this GPU with this engine."""
    CALIBRATED = "calibrated"
    """Other models on this GPU with this engine."""
    ROOFLINE = "roofline"
    """What engines reach elsewhere: nothing was measured on this GPU with this engine, or of a mixture of experts."""


@dataclass(frozen=True)
class Range:
    """Tokens a second at least, as expected, and at most."""

    low: Decimal
    expected: Decimal
    high: Decimal

    def scaled(self, factor: Decimal) -> "Range":
        """Return all three times a factor."""
        return Range(self.low * factor, self.expected * factor, self.high * factor)


@dataclass(frozen=True)
class Throughput:
    """What one GPU makes of a model: tokens a second of a prompt, of one stream alone, and of all slots together.

    Streams are taken where their context is half full.
    """

    prompt: Range
    stream: Range
    slots: Range
    basis: Basis


def throughput(model: OpenModel, gpu: Gpu, context_tokens: int, slots: int, tables: Catalogue) -> Throughput | None:
    """Return the estimate for `slots` streams at a time; None when no engine was measured in any way like it."""
    rows = tuple(tables.measurements.values())
    alone = [row for row in rows if row.engine == model.engine and row.kind == GENERATE and row.at_once == 1]
    nearest, basis = _nearest(model, gpu, alone)
    prompts = _on(gpu, [row for row in rows if row.kind == PROMPT])
    if not nearest or not prompts:
        return None
    shares = _range([(row, _bandwidth_share(row, tables)) for row in nearest], model)
    context = min(context_tokens, model.context_tokens) // 2
    operations = _range([(row, _operations_share(row, tables)) for row in prompts], model)
    together = batching(model.engine, tables)
    return Throughput(
        prompt=operations.scaled(roofline_prompt(gpu, model)),
        stream=shares.scaled(roofline(gpu, model, context, 1)),
        slots=_together(shares, gpu, model, context, slots, together),
        basis=basis,
    )


def roofline(gpu: Gpu, model: OpenModel, context_tokens: int, slots: int) -> Decimal:
    """Return the most tokens a second that the memory's bandwidth allows all slots together, each with a context."""
    return gpu.bandwidth_gb_per_second * GIGA * slots / step_bytes(model, context_tokens, slots)


def roofline_prompt(gpu: Gpu, model: OpenModel) -> Decimal:
    """Return the most tokens of a prompt a second that the tensor cores allow."""
    return gpu.fp16_tflops * TERA / (OPERATIONS_PER_PARAMETER * model.active_parameters_billion * GIGA)


def _together(shares: Range, gpu: Gpu, model: OpenModel, context_tokens: int, slots: int, together: Batching) -> Range:
    """Return tokens a second of all slots: fewer than the bandwidth alone says, as each stream adds work of its own."""
    most = roofline(gpu, model, context_tokens, slots)
    step = step_bytes(model, context_tokens, slots)
    kept = [1 / (1 + added * (slots - 1) * step_bytes(model, 0, 1) / step) for added in together.added_for(slots)]
    return Range(shares.low * most * kept[0], shares.expected * most * kept[1], shares.high * most * kept[2])


def _nearest(model: OpenModel, gpu: Gpu, rows: Sequence[Measurement]) -> tuple[Sequence[Measurement], Basis]:
    """Return the measurements that say most of a model on a GPU, and what kind they are."""
    here = [row for row in rows if row.gpu == gpu.name]
    exact = [row for row in here if (row.model, row.quantisation) == (model.title, model.quantisation)]
    if exact:
        return exact, Basis.MEASURED
    basis = Basis.CALIBRATED if here and model.active_share == 1 else Basis.ROOFLINE
    return here or rows, basis


def _on(gpu: Gpu, rows: Sequence[Measurement]) -> Sequence[Measurement]:
    return [row for row in rows if row.gpu == gpu.name] or rows


def _range(shares: Sequence[tuple[Measurement, Decimal]], model: OpenModel) -> Range:
    """Return the least and the most share, and that of the measured weights nearest in size: small ones reach less."""
    size = model.weight_bytes * model.active_share
    away = [max(row.weight_bytes / size, size / row.weight_bytes) for row, _ in shares]
    nearest = [share for (_, share), far in zip(shares, away, strict=True) if far == min(away)]
    known = [share for _, share in shares]
    return Range(min(known), median(nearest), max(known))


def _bandwidth_share(row: Measurement, tables: Catalogue) -> Decimal:
    """Return which share of its GPU's bandwidth a stream reached."""
    read = row.weight_bytes + cache_bytes(row, tables)
    return row.tokens_per_second * read / (tables.gpus[row.gpu].bandwidth_gb_per_second * GIGA)


def _operations_share(row: Measurement, tables: Catalogue) -> Decimal:
    """Return which share of its GPU's arithmetic a prompt reached."""
    parameters = (row.parameters_billion or Decimal(0)) * GIGA
    return row.tokens_per_second * OPERATIONS_PER_PARAMETER * parameters / (tables.gpus[row.gpu].fp16_tflops * TERA)
