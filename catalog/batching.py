"""What it takes an engine to generate for several requests at a time: bytes read for a step, work that each adds."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from catalog.gpus import GENERATE, Measurement
from catalog.open_models import OpenModel
from catalog.rows import Catalogue


@dataclass(frozen=True)
class Batching:
    """How much work each further stream adds to a step, as a share of one stream's, by how many streams there were."""

    measured: tuple[tuple[int, Decimal], ...]

    def added_for(self, slots: int) -> tuple[Decimal, Decimal, Decimal]:
        """Return the most that was measured, what was measured with the nearest number of streams, and the least."""
        shares = [share for _, share in self.measured]
        nearest = min(self.measured, key=lambda row: max(Decimal(row[0]) / slots, Decimal(slots) / row[0]))
        return max(shares), nearest[1], min(shares)


def step_bytes(model: OpenModel, context_tokens: int, slots: int) -> Decimal:
    """Return what is read to generate one token for each of `slots` streams, each with so much context.

    All streams share one reading of the weights. Of a mixture of experts, further streams need further experts: each
    is taken to choose its own at random.
    """
    read = 1 - (1 - model.active_share) ** slots
    return model.weight_bytes * read + Decimal(model.kv_bytes_per_token) * context_tokens * slots


def batching(engine: str, tables: Catalogue) -> Batching:
    """Return what was measured of an engine, on whatever GPU: of none has it been measured on all."""
    return Batching(tuple(_measured(engine, tables)))


def _measured(engine: str, tables: Catalogue) -> Iterator[tuple[int, Decimal]]:
    rows = [row for row in tables.measurements.values() if row.engine == engine and row.kind == GENERATE]
    alone = {_series(row): row for row in rows if row.at_once == 1}
    for row in rows:
        if row.at_once > 1 and _series(row) in alone:
            yield row.at_once, added(alone[_series(row)], row, cache_bytes(row, tables))


def _series(row: Measurement) -> tuple[str, ...]:
    """Return what two measurements share that differ in nothing but their number of streams."""
    return (row.gpu, row.engine_version, row.model, row.quantisation, str(row.input_tokens), str(row.output_tokens))


def added(one: Measurement, many: Measurement, cache: Decimal) -> Decimal:
    """Return the share of one stream's reading of the weights that each further stream added to a step.

    `cache` is what each stream read of its own beside them, in bytes.
    """
    rate = one.tokens_per_second * (one.weight_bytes + cache)
    step = rate * many.at_once / many.tokens_per_second
    extra = step - many.weight_bytes - cache * many.at_once
    return max(Decimal(0), extra / many.weight_bytes / (many.at_once - 1))


def cache_bytes(row: Measurement, tables: Catalogue) -> Decimal:
    """Return what a stream reads of its cache for a token, on average over a measurement; 0 where that is not known.

    It is known of models in the catalogue; of others only short streams are listed.
    """
    known = next((model for model in tables.open_models.values() if model.title == row.model), None)
    per_token = known.kv_bytes_per_token if known else 0
    return Decimal(per_token) * (row.input_tokens + Decimal(row.output_tokens) / 2)
