"""The document that tells the gateway what it serves, rendered from settings and catalogue."""

import datetime as dt
import re
from typing import Any

from catalog.endpoints import destination, geography
from catalog.engines import ENGINES
from catalog.residency import base_url
from catalog.rows import ROLE, Catalogue, ManagedModel, Provider
from infra.content import content_check
from infra.defaults import FIRST_BYTE_TIMEOUT_SECONDS
from infra.prices import MICRO_USD, price_of
from infra.rendering import compact
from infra.routes import Managed, Route, managed_of
from infra.serving import Serving, serving
from infra.settings import Settings

SCHEMA = 2
CHAT_COMPLETIONS, CONVERSE, EMBEDDINGS = "chat-completions", "converse", "embeddings"
CHAT = ("chat/completions",)
"""Where upstreams answer of which the document says nothing else."""

TALKING = frozenset({*CHAT, "responses"})
"""Where models of chat answer, if their provider does."""

PLACES = ("eu", "us")
"""Where requests may be bound to."""

OPENAI_SURFACE = re.compile(r"(/openai)?/v1/?$")
"""What the base URL of Bedrock's OpenAI-compatible surface ends with."""

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
            "residency": settings.residency,
            "limits": {
                "request_bytes": settings.maximum_request_bytes,
                "request_timeout_seconds": timeout,
                "first_byte_timeout_seconds": min(FIRST_BYTE_TIMEOUT_SECONDS, timeout),
                "monthly_spend_micro_usd": settings.monthly_spend_usd * MICRO_USD if _spends(settings) else 0,
            },
            **({"masks": sorted(filter(None, settings.mask_patterns))} if settings.mask_patterns else {}),
            "providers": {name: _provider(name, settings, tables) for name in settings.providers},
            "models": _models(settings, tables),
            "routes": [_route(route, settings, tables) for route in settings.routes],
        }
    )


def _models(settings: Settings, tables: Catalogue) -> dict[str, Any]:
    """Return the pool's model by its name, where a route leads to it: which files it is, and how nodes serve it."""
    if not any(route.local_model for route in settings.routes):
        return {}
    served = serving(settings, tables)
    row = served.model
    return {
        row.id: {
            "repository": row.repository,
            "revision": row.revision,
            "files": [{"name": file.name, "bytes": file.bytes, "sha256": file.sha256} for file in row.files],
            "licence": row.licence,
            "engine": served.engine,
            "context_tokens": served.context_tokens,
            "slots": served.slots,
            "kv_bytes_per_token": row.kv_bytes_per_token,
        }
    }


def _spends(settings: Settings) -> bool:
    """Return whether requests can cost anything beside the pool."""
    return bool(settings.providers) or any(route.guardrail for route in settings.routes)


def provider_base_url(name: str, settings: Settings, tables: Catalogue) -> str:
    """Return where a provider is called: as the settings say, else where the catalogue knows that residency holds."""
    row = tables.providers[name]
    return settings.provider_base_urls.get(name) or base_url(row, settings.residency, settings.region) or ""


def _provider(name: str, settings: Settings, tables: Catalogue) -> dict[str, Any]:
    row, url = tables.providers[name], provider_base_url(name, settings, tables)
    found: dict[str, Any] = {"base_url": url, "auth": row.auth}
    if settings.guardrail and row.auth == ROLE:
        found["guardrail"] = {"id": settings.guardrail.id, "version": settings.guardrail.version}
    leads_to = destination(url)
    found |= {"fields": rules} if (rules := _fields(row)) else {}
    # What the provider says and does holds for its own hosts, not for whatever else a setting names.
    is_its_own = leads_to is not None and leads_to.provider == name
    found |= {"image_addresses": True} if row.image_addresses and is_its_own else {}
    if row.retention_date and is_its_own:
        found["retention"] = {
            "days": row.retention_days,
            "training": row.trains_on_requests,
            "source": row.retention_source,
            "date": row.retention_date.isoformat(),
        }
    return found


def _fields(row: Provider) -> dict[str, Any]:
    """Return what a provider does with the fields of chat requests, where that is not simply to take them."""
    rules = {
        "renamed": dict(sorted(row.renamed_fields.items())),
        "unsupported": sorted(row.unsupported_fields),
        "maxima": {name: float(most) for name, most in sorted(row.maximum_values.items())},
    }
    return {name: rule for name, rule in rules.items() if rule}


def _route(route: Route, settings: Settings, tables: Catalogue) -> dict[str, Any]:
    """Return a route with its upstreams in order of preference: the pool is paid for already, so it comes first."""
    upstreams: list[dict[str, Any]] = []
    if route.local_model:
        upstreams.append(_local(route.local_model, serving(settings, tables)))
    drops = {"drop_unsupported": True} if route.drop_unsupported else {}
    upstreams += [_managed(one, settings, tables) | drops for one in managed_of(route)]
    found = {"model": route.model, "created": _created(route, tables), "upstreams": upstreams}
    found |= {"masks": sorted(filter(None, route.mask_patterns))} if route.mask_patterns is not None else {}
    if route.guardrail is None:
        return found
    url = guardrail_base_url(settings)
    return found | {"content_check": content_check(route.guardrail, url, settings.region, tables)}


def _local(model: str, served: Serving) -> dict[str, Any]:
    lacks = {} if ENGINES[served.engine].tools else {"lacks": ["tools"]}
    return {"kind": "local", "model": model, "context_tokens": served.context_tokens, **lacks}


def guardrail_base_url(settings: Settings) -> str:
    """Return where guardrails are asked: where the settings have Bedrock, else the region's own endpoint."""
    own = OPENAI_SURFACE.sub("", settings.provider_base_urls.get("bedrock", ""))
    return own or f"https://bedrock-runtime.{settings.region}.amazonaws.com"


def _managed(managed: Managed, settings: Settings, tables: Catalogue) -> dict[str, Any]:
    url = provider_base_url(managed.provider, settings, tables)
    found: dict[str, Any] = {"kind": "provider", "provider": managed.provider, "model": managed.provider_model}
    row = tables.managed_models.get((managed.provider, managed.provider_model))
    found |= {"api": row.api} if row and row.api == CONVERSE else {}
    found |= (
        {"endpoints": list(paths)} if (paths := _endpoints(row, tables.providers[managed.provider])) != CHAT else {}
    )
    found |= {"place": place} if (place := _place(managed, url, settings)) in PLACES else {}
    found |= {"lacks": sorted(filter(None, managed.lacks))} if managed.lacks else {}
    return {**found, "price": price_of(managed, url, tables)}


def _endpoints(row: ManagedModel | None, provider: Provider) -> tuple[str, ...]:
    """Return the paths at which a model answers: of those that its provider has the ones of its kind, else all."""
    if row is None:
        return provider.endpoints
    if row.api != CHAT_COMPLETIONS:
        return (EMBEDDINGS,) if row.api == EMBEDDINGS else CHAT
    return tuple(path for path in provider.endpoints if path in TALKING)


def _place(managed: Managed, url: str, settings: Settings) -> str:
    """Return where a model processes requests: as is known of its host, else as the stack's residency promises."""
    leads_to = destination(url)
    if leads_to is None or leads_to.place == "deployment":
        return settings.residency
    named = geography(managed.provider_model) if leads_to.provider == "bedrock" else ""
    return named or leads_to.place


def _created(route: Route, tables: Catalogue) -> int:
    """Return since when the model is known, in seconds since the epoch: the date of its row, as no other is at hand."""
    model = tables.managed_models.get((route.provider, route.provider_model))
    row = model or tables.open_models.get(route.local_model) or tables.providers[route.provider]
    return int(dt.datetime.combine(row.date, dt.time(), dt.UTC).timestamp())
