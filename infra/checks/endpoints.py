"""Where requests may go: base URLs that a key may travel to, and the places that residency allows."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from catalog.residency import base_url
from catalog.rows import Catalogue, Provider
from infra.checks.values import Check, Values, good
from infra.problems import Problem, closest, listed, shown
from infra.regions import REGIONS_BY_RESIDENCY
from infra.routes import placed

KEY = "leanto:providerBaseUrls"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
RESIDENT_MODEL_PREFIXES = {"eu": ("eu.",), "us": ("us.",)}
GEOGRAPHIC_MODEL_PREFIXES = ("eu.", "us.", "apac.", "jp.", "au.", "ca.", "global.")
"""How Bedrock names models that it may run in other regions than the one that is called."""


def is_loopback(url: str) -> bool:
    """Return whether a URL stays on this machine, as the stand-in for a provider does."""
    return _host(url) in LOOPBACK_HOSTS


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_safe(url: str) -> bool:
    """Return whether a key may be sent to a URL: encrypted or on this machine, and with no password or query in it."""
    try:
        parts = urlsplit(url)
        clean = parts.port != 0 and not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        return False
    encrypted = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
    return bool(clean and encrypted and parts.hostname and not set(url) & set('\\"<>{}'))


def safe_urls(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """A base URL begins with https, or with http on this machine, and has no user, password, query or fragment."""
    del tables
    for name, url in values.provider_base_urls.items():
        if not _is_safe(url):
            allowed = "https://HOST/PATH, or http:// with 127.0.0.1, ::1 or localhost; no user, query or fragment"
            yield Problem(f"{KEY}.{name}", shown(url), allowed, "correct the URL: the provider's key travels there")


def urls_of_allowed_providers(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """A base URL is for an allowed provider: one that nothing uses is a mistake."""
    del tables
    allowed = tuple(name for _, name in good(values.providers_allowed))
    for name in values.provider_base_urls:
        if values.mode != "gpu" and name not in allowed:
            remedy = closest(name, allowed) or f"add {name} to leanto:providersAllowed or remove its URL"
            yield Problem(
                f"{KEY}.{name}", "this name", f"providers in leanto:providersAllowed: {listed(allowed)}", remedy
            )


def residence_of_region(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """The AWS region lies in the place that residency names."""
    del tables
    allowed = REGIONS_BY_RESIDENCY[values.residency]
    if values.region not in allowed:
        words = f"with leanto:residency {values.residency}: {listed(sorted(allowed))}"
        yield Problem("leanto:region", shown(values.region), words, "change leanto:region or leanto:residency")


def residence_of_providers(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """Each allowed provider has an endpoint in the place that residency names, from the catalogue or the settings."""
    if values.mode == "gpu":
        return
    residency, region, urls = values.residency, values.region, values.provider_base_urls
    for _, name in good(values.providers_allowed):
        provider = tables.providers.get(name)
        if provider is None:
            continue
        key = f"{KEY}.{name}"
        if name not in urls and base_url(provider, residency, region) is None:
            place = "" if residency == "any" else f" for residency {residency}"
            remedy = f"set {key}, or take {name} out of leanto:providersAllowed"
            yield Problem(key, "its absence", f"a base URL: the catalogue knows none{place}", remedy)
        elif name in urls and _leaves(provider, urls[name], residency, region):
            remedy = f"use {base_url(provider, residency, region) or 'another endpoint of the provider'}"
            allowed = f"an endpoint that keeps requests in {residency}"
            yield Problem(key, shown(urls[name]), allowed, remedy)


def _leaves(provider: Provider, url: str, residency: str, region: str) -> bool:
    """Return whether a URL is one of the provider's own that the catalogue knows to lie elsewhere."""
    if residency == "any":
        return False
    known = {_host(provider.base_url.replace("{region}", region))}
    known |= {_host(other) for place, other in provider.residency_base_urls.items() if place != residency}
    here = {_host(base_url(provider, residency, region) or "")}
    return _host(url) in known - here - {""}


def residence_of_models(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """A model id that lets a provider choose among regions stays in the place that residency names."""
    if values.residency == "any" or values.mode == "gpu":
        return
    stays = RESIDENT_MODEL_PREFIXES[values.residency]
    elsewhere = tuple(set(GEOGRAPHIC_MODEL_PREFIXES) - set(stays))
    for key, route in placed(good(values.routes), "leanto:routes"):
        provider = tables.providers.get(route.provider)
        if provider and provider.residency_from_region and route.provider_model.startswith(elsewhere):
            words = f"a model of the region itself, or one that begins with {listed(stays)}"
            yield Problem(
                f"{key}.providerModel",
                shown(route.provider_model),
                words,
                "choose such a model or change leanto:residency",
            )


CHECKS: tuple[Check, ...] = (
    safe_urls,
    urls_of_allowed_providers,
    residence_of_region,
    residence_of_providers,
    residence_of_models,
)
