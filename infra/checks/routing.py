"""Routes: which kinds of model a mode has, which providers and models there are, each public name once."""

import dataclasses
from collections.abc import Iterable, Iterator

from catalog.rows import Catalogue, ManagedModel
from infra.checks.values import Check, Values, good
from infra.problems import Problem, closest, listed, shown
from infra.routes import Managed, managed_of, placed

KEY = "leanto:routes"


def _shown(route: Managed) -> str:
    return shown(
        {
            name: value
            for name, value in dataclasses.asdict(route).items()
            if value not in ("", None, ()) and value is not False
        }
    )


def unique_names(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """Each public model name stands once."""
    del tables
    seen: set[str] = set()
    for index, route in good(values.routes):
        if route.model in seen:
            remedy = "give each route its own model, or join the two"
            yield Problem(f"{KEY}[{index}].model", shown(route.model), "a name that no other route has", remedy)
        seen.add(route.model)


def complete_providers(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """`provider` and `providerModel` stand together or not at all."""
    del tables
    for key, route in placed(good(values.routes), KEY):
        if bool(route.provider) != bool(route.provider_model):
            allowed = "provider and providerModel together, or neither"
            missing = "providerModel" if route.provider else "provider"
            yield Problem(key, _shown(route), allowed, f"add {missing} or remove the other")


def kinds_of_mode(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """In mode managed each route has a provider only, in gpu a local model only, in hybrid at least one of them."""
    del tables
    mode = values.mode
    for index, route in good(values.routes):
        provider, local = bool(route.provider or route.provider_model), bool(route.local_model)
        fits = {"managed": provider and not local, "gpu": local and not provider, "hybrid": provider or local}[mode]
        if not fits:
            allowed = {
                "managed": "in mode managed: provider and providerModel, no localModel",
                "gpu": "in mode gpu: localModel, no provider",
                "hybrid": "in mode hybrid: provider and providerModel, localModel, or all of them",
            }[mode]
            yield Problem(f"{KEY}[{index}]", _shown(route), allowed, "change the route or leanto:mode")


def fallbacks_of_a_provider(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """Fallbacks stand behind a provider's model, each model once."""
    del tables
    for index, route in good(values.routes):
        if route.fallbacks and not route.provider:
            remedy = "make the first fallback the route's provider and providerModel"
            allowed = "fallbacks behind a provider and providerModel"
            yield Problem(f"{KEY}[{index}].fallbacks", _shown(route), allowed, remedy)
        names = [(one.provider, one.provider_model) for one in managed_of(route)]
        for place, name in enumerate(names):
            if name in names[:place]:
                remedy = "remove the second one: a failed model is asked again anyway"
                yield Problem(f"{KEY}[{index}].fallbacks", shown("/".join(name)), "each model once", remedy)


def known_providers(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """Allowed providers stand in the catalogue; in mode gpu they are not looked at."""
    if values.mode != "gpu":
        for index, name in good(values.providers_allowed):
            if name not in tables.providers:
                remedy = closest(name, tables.providers) or "add its row to catalog/data/providers.toml"
                key = f"leanto:providersAllowed[{index}]"
                yield Problem(key, shown(name), listed(sorted(tables.providers)), remedy)


def allowed_providers(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """Routes name allowed providers only."""
    del tables
    allowed = tuple(name for _, name in good(values.providers_allowed))
    for key, route in placed(good(values.routes), KEY):
        if route.provider and values.mode != "gpu" and route.provider not in allowed:
            remedy = closest(route.provider, allowed) or f"add {route.provider} to leanto:providersAllowed"
            words = f"providers in leanto:providersAllowed: {listed(allowed)}"
            yield Problem(f"{key}.provider", shown(route.provider), words, remedy)


def known_models(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """A provider's model stands in the catalogue, where that lists the provider's models."""
    for key, route in placed(good(values.routes), KEY):
        models = tables.models_of(route.provider)
        if route.provider and route.provider_model and models:
            yield from _model_problems(f"{key}.providerModel", route, models)


def complete_prices(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """A route gives both prices or neither; prices, maximumOutputTokens and lacks only for a provider's model."""
    del tables
    for key, route in placed(good(values.routes), KEY):
        prices = (route.input_usd_per_million, route.output_usd_per_million)
        if (prices[0] is None) != (prices[1] is None):
            missing = "outputUsdPerMillion" if prices[1] is None else "inputUsdPerMillion"
            allowed = "inputUsdPerMillion and outputUsdPerMillion together, or neither"
            yield Problem(key, _shown(route), allowed, f"add {missing} or remove the other")
        elif not route.provider and (prices != (None, None) or route.maximum_output_tokens is not None or route.lacks):
            allowed = "prices, maximumOutputTokens and lacks for a provider's model"
            yield Problem(key, _shown(route), allowed, "remove them: the pool is paid by the hour")


def known_prices(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """What a provider's model costs stands in the catalogue or in the route: no money is spent at an unknown price."""
    for key, route in placed(good(values.routes), KEY):
        known = tables.models_of(route.provider) or route.provider not in tables.providers
        given = route.input_usd_per_million is not None or route.output_usd_per_million is not None
        if route.provider and route.provider_model and not known and not given:
            allowed = "a model with a known price"
            remedy = "add inputUsdPerMillion and outputUsdPerMillion to the route, 0 for a server that charges nothing"
            yield Problem(key, _shown(route), allowed, remedy)


def _model_problems(key: str, route: Managed, models: Iterable[ManagedModel]) -> Iterator[Problem]:
    usable = [row.model for row in models]
    if route.provider_model not in usable:
        remedy = (
            closest(route.provider_model, usable) or "add its row with price and date to catalog/data/providers.toml"
        )
        yield Problem(key, shown(route.provider_model), listed(usable), remedy)


def local_models(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """The pool serves one model, which the catalogue knows; routes with a local model name that one."""
    if values.mode == "managed":
        return
    model = values.gpu_model
    routes = values.routes
    if model not in tables.open_models:
        remedy = closest(model, tables.offered_models) or "add its row to catalog/data/models.toml"
        yield Problem("leanto:gpuModel", shown(model), listed(sorted(tables.offered_models)), remedy)
    for index, route in good(routes):
        if route.local_model not in ("", model):
            remedy = f"name {model}, or set leanto:gpuModel"
            yield Problem(
                f"{KEY}[{index}].localModel", shown(route.local_model), "the value of leanto:gpuModel", remedy
            )


CHECKS: tuple[Check, ...] = (
    unique_names,
    complete_providers,
    kinds_of_mode,
    fallbacks_of_a_provider,
    known_providers,
    allowed_providers,
    known_models,
    complete_prices,
    known_prices,
    local_models,
)
