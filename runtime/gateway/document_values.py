"""Values of the deployment's document: prices, and what providers do with fields; pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from runtime.decide.fields import FieldRules
from runtime.decide.prices import Price, Rates


def read_field_rules(fields: Mapping[str, Any]) -> FieldRules:
    """Return what a provider does with the fields of chat requests."""
    return FieldRules(
        MappingProxyType({str(name): str(new) for name, new in fields.get("renamed", {}).items()}),
        tuple(map(str, fields.get("unsupported", ()))),
        MappingProxyType({str(name): float(most) for name, most in fields.get("maxima", {}).items()}),
    )


def read_price(fields: Mapping[str, Any]) -> Price:
    """Return a price; there is none without its rates, as an unknown price is no price."""
    tier = fields.get("tier")
    return Price(
        base=_rates(fields),
        tier=_rates(tier) if tier else None,
        tier_above_input_tokens=int(tier["above_input_tokens"]) if tier else 0,
        context_tokens=fields.get("context_tokens"),
        maximum_output_tokens=fields.get("maximum_output_tokens"),
        image_tokens=fields.get("image_tokens"),
        high_detail_image_tokens=fields.get("high_detail_image_tokens"),
        low_detail_image_tokens=fields.get("low_detail_image_tokens"),
    )


def _rates(fields: Mapping[str, Any]) -> Rates:
    return Rates(
        input=int(fields["input_micro_usd_per_million"]),
        output=int(fields["output_micro_usd_per_million"]),
        cached_input=fields.get("cached_input_micro_usd_per_million"),
        cache_write=fields.get("cache_write_micro_usd_per_million"),
    )
