"""Rules of the area governance."""

from policies.rule import Rule
from policies.rules.governance import (
    exemption_hygiene,
    fallback_residency,
    guardrail_attached,
    guardrail_content,
    managed_model_current,
    model_digest_pinned,
    model_fits_gpu,
    model_format_safe,
    model_licence_allowed,
    prompt_logging_off,
    provider_retention_declared,
    region_allowed,
    residency_endpoint,
)

RULES: tuple[Rule, ...] = (
    exemption_hygiene.RULE,
    region_allowed.RULE,
    residency_endpoint.RULE,
    fallback_residency.RULE,
    prompt_logging_off.RULE,
    model_licence_allowed.RULE,
    model_digest_pinned.RULE,
    model_format_safe.RULE,
    model_fits_gpu.RULE,
    managed_model_current.RULE,
    guardrail_attached.RULE,
    guardrail_content.RULE,
    provider_retention_declared.RULE,
)
