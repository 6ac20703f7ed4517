"""A public model name, what answers for it, and what a provider's model costs."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Route:
    """A name that clients ask for, with a model of a provider, a model of the GPU pool, or both; empty means none.

    Prices in USD per million tokens, and the longest answer in tokens, are those of the provider's model where the
    catalogue does not know them or they are others; None means as in the catalogue.
    """

    model: str
    provider: str = ""
    provider_model: str = ""
    local_model: str = ""
    input_usd_per_million: Decimal | None = None
    output_usd_per_million: Decimal | None = None
    maximum_output_tokens: int | None = None
