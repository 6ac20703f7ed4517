"""The document that tells the gateway what it serves, rendered from settings and catalogue."""

import datetime as dt
from typing import Any

from catalog.residency import base_url
from catalog.rows import Catalogue
from infra.defaults import FIRST_BYTE_TIMEOUT_SECONDS
from infra.prices import MICRO_USD, price_of
from infra.rendering import compact
from infra.routes import Route
from infra.settings import Settings

SCHEMA = 2
LAYER_PATH = "leanto/deployment.json"
"""Where the document lies in its layer; Lambda unpacks layers into /opt."""


def deployment_document(settings: Settings, stack: str, tables: Catalogue) -> str:
    """Return the document as JSON: the same settings and catalogue give the same text."""
    timeout = settings.request_timeout_seconds
    return compact(
        {
            "schema": SCHEMA,
            "stack": stack,
            "mode": settings.mode,
            "limits": {
                "request_bytes": settings.maximum_request_bytes,
                "request_timeout_seconds": timeout,
                "first_byte_timeout_seconds": min(FIRST_BYTE_TIMEOUT_SECONDS, timeout),
                "monthly_spend_micro_usd": settings.monthly_spend_usd * MICRO_USD if settings.providers else 0,
            },
            "providers": {name: _provider(name, settings, tables) for name in settings.providers},
            "routes": [_route(route, settings, tables) for route in settings.routes],
        }
    )


def provider_base_url(name: str, settings: Settings, tables: Catalogue) -> str:
    """Return where a provider is called: as the settings say, else where the catalogue knows that residency holds."""
    row = tables.providers[name]
    return settings.provider_base_urls.get(name) or base_url(row, settings.residency, settings.region) or ""


def _provider(name: str, settings: Settings, tables: Catalogue) -> dict[str, str]:
    return {"base_url": provider_base_url(name, settings, tables), "auth": tables.providers[name].auth}


def _route(route: Route, settings: Settings, tables: Catalogue) -> dict[str, Any]:
    """Return a route with its upstreams in order of preference: the pool is paid for already, so it comes first."""
    upstreams: list[dict[str, Any]] = []
    if route.local_model:
        upstreams.append({"kind": "local", "model": route.local_model})
    if route.provider:
        price = price_of(route, provider_base_url(route.provider, settings, tables), tables)
        managed = {"kind": "provider", "provider": route.provider, "model": route.provider_model}
        upstreams.append({**managed, "price": price})
    return {"model": route.model, "created": _created(route, tables), "upstreams": upstreams}


def _created(route: Route, tables: Catalogue) -> int:
    """Return since when the model is known, in seconds since the epoch: the date of its row, as no other is at hand."""
    model = tables.managed_models.get((route.provider, route.provider_model))
    row = model or tables.open_models.get(route.local_model) or tables.providers[route.provider]
    return int(dt.datetime.combine(row.date, dt.time(), dt.UTC).timestamp())
