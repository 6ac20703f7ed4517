"""Bedrock for the gateway's role: which models it may invoke, by name, and the guardrail that their calls pass.

An id that begins with a geography, such as `eu.`, is an inference profile, which runs a model in several regions. Who
invokes it needs the profile and, through it only, the model in each of them:
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html.
"""

from collections.abc import Iterable

from catalog.rows import ROLE, Catalogue
from infra.checks.endpoints import GEOGRAPHIC_MODEL_PREFIXES
from infra.guardrail import Guardrail
from infra.naming import Names
from infra.permissions import Condition, Grant
from infra.regions import REGIONS_BY_RESIDENCY
from infra.routes import managed_of
from infra.settings import Settings

INVOKING = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
"""What Converse, ConverseStream and the OpenAI-compatible surface ask for."""


def keyed_providers(settings: Settings, tables: Catalogue) -> tuple[str, ...]:
    """Return the providers of a stack that want a key."""
    return tuple(name for name in settings.providers if tables.providers[name].auth != ROLE)


def signed_models(settings: Settings, tables: Catalogue) -> tuple[str, ...]:
    """Return the models that routes lead to and that the gateway's role is asked for."""
    signed = set(settings.providers) - set(keyed_providers(settings, tables))
    managed = (one for route in settings.routes for one in managed_of(route))
    return tuple(sorted({one.provider_model for one in managed if one.provider in signed}))


def model_grants(names: Names, models: Iterable[str], guardrail: Guardrail | None) -> tuple[Grant, ...]:
    """Return what the gateway may do with Bedrock's models: invoke those that are routed to, past the guardrail."""
    ids = sorted(set(models))
    profiles = [model for model in ids if model.startswith(GEOGRAPHIC_MODEL_PREFIXES)]
    direct = [_model_arn(names, names.place.region, model) for model in ids if model not in profiles]
    profile_arns = [names.arn("bedrock", f"inference-profile/{profile}") for profile in profiles]
    behind = sorted({arn for profile in profiles for arn in _behind(names, profile)})
    grants = []
    if ids:
        grants.append(Grant("InvokeModels", INVOKING, (*direct, *profile_arns), _only(names, guardrail, [])))
    if profiles:
        only = _only(names, guardrail, profile_arns)
        grants.append(Grant("InvokeModelsThroughProfiles", INVOKING, tuple(behind), only))
    if ids and guardrail:
        grants.append(Grant("ApplyGuardrail", ("bedrock:ApplyGuardrail",), (_guardrail_arn(names, guardrail),)))
    return tuple(grants)


def content_grants(names: Names, settings: Settings) -> tuple[Grant, ...]:
    """Return what the gateway may do with the guardrails that routes have for any upstream: apply exactly these."""
    ids = sorted({route.guardrail.id for route in settings.routes if route.guardrail})
    if not ids:
        return ()
    arns = tuple(names.arn("bedrock", f"guardrail/{one}") for one in ids)
    return (Grant("CheckContent", ("bedrock:ApplyGuardrail",), arns),)


def _only(names: Names, guardrail: Guardrail | None, profile_arns: list[str]) -> Condition:
    equals: dict[str, str | list[str]] = {}
    if guardrail:
        equals["bedrock:GuardrailIdentifier"] = f"{_guardrail_arn(names, guardrail)}:{guardrail.version}"
    if profile_arns:
        equals["bedrock:InferenceProfileArn"] = profile_arns
    return {"StringEquals": equals} if equals else {}


def _guardrail_arn(names: Names, guardrail: Guardrail) -> str:
    return names.arn("bedrock", f"guardrail/{guardrail.id}")


def _behind(names: Names, profile: str) -> list[str]:
    """Return the ARNs of the model that a profile runs: in the regions of its place, or, where these are not known, in
    any, and in none, as those of `global.` are named."""
    place, _, model = profile.partition(".")
    regions = REGIONS_BY_RESIDENCY.get(place, frozenset({"*"}))
    return [_model_arn(names, region, model) for region in regions]


def _model_arn(names: Names, region: str, model: str) -> str:
    """Return the ARN of a model of Amazon's account."""
    return f"arn:{names.place.partition}:bedrock:{region}::foundation-model/{model}"
