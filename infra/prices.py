"""What the models that routes lead to cost, as the gateway reads it: whole micro-dollars per million tokens."""

from decimal import ROUND_CEILING, Decimal
from typing import Any
from urllib.parse import urlsplit

from catalog.rows import Catalogue, ManagedModel, Provider
from infra.routes import Managed

MICRO_USD = 1_000_000


def price_of(route: Managed, base_url: str, tables: Catalogue) -> dict[str, Any]:
    """Return the price of a route's managed model: as the route says, else as the catalogue knows it.

    Raises KeyError when neither does; the checks of the settings have refused such a route.
    """
    provider = tables.providers[route.provider]
    row = tables.managed_models.get((route.provider, route.provider_model))
    if route.input_usd_per_million is not None and route.output_usd_per_million is not None:
        found = _rates(Decimal(1), input=route.input_usd_per_million, output=route.output_usd_per_million)
    elif row is not None:
        found = _listed(row, 1 + surcharge_percent(provider, base_url) / Decimal(100))
    else:
        raise KeyError(route.provider_model)
    known = {
        "context_tokens": row.maximum_input_tokens if row else None,
        "maximum_output_tokens": route.maximum_output_tokens or (row.maximum_output_tokens if row else None),
        "image_tokens": row.image_tokens if row else None,
        "high_detail_image_tokens": row.high_detail_image_tokens if row else None,
        "low_detail_image_tokens": row.low_detail_image_tokens if row else None,
    }
    return found | {name: value for name, value in known.items() if value is not None}


def surcharge_percent(provider: Provider, base_url: str) -> int:
    """Return by how much a provider's resident endpoints are dearer, if `base_url` is one of them."""
    hosts = {urlsplit(url).hostname for url in provider.residency_base_urls.values()}
    return provider.residency_surcharge_percent if urlsplit(base_url).hostname in hosts else 0


def _listed(row: ManagedModel, factor: Decimal) -> dict[str, Any]:
    rates: dict[str, Any] = _rates(
        factor,
        input=row.input_usd_per_million,
        cached_input=row.cached_input_usd_per_million,
        cache_write=row.cache_write_usd_per_million,
        output=row.output_usd_per_million,
    )
    if row.tier_above_input_tokens is None:
        return rates
    tier = _rates(
        factor,
        input=row.tier_input_usd_per_million,
        cached_input=row.tier_cached_input_usd_per_million,
        cache_write=row.tier_cache_write_usd_per_million,
        output=row.tier_output_usd_per_million,
    )
    return rates | {"tier": {"above_input_tokens": row.tier_above_input_tokens, **tier}}


def _rates(factor: Decimal, **usd: Decimal | None) -> dict[str, int]:
    """Return rates rounded up: a price may be counted a little too high, never too low."""
    return {
        f"{name}_micro_usd_per_million": int((value * factor * MICRO_USD).to_integral_value(ROUND_CEILING))
        for name, value in usd.items()
        if value is not None
    }
