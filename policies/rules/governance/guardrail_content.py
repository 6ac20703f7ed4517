"""A guardrail filters attacks by prompt and personal data."""

from collections.abc import Iterator

from policies.rule import ADVISORY, Outcome, Problem, Rule, Severity, each
from policies.stack import Item, Settings

GUARDRAIL = "aws:bedrock/guardrail:Guardrail"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look for the filter of prompt attacks and, in production, for a policy on personal data."""
    yield from each((item,), _attacks)
    if settings.profile != "dev":
        yield from each((item,), _personal_data)


def _attacks(item: Item) -> Iterator[Outcome]:
    policy = item.props.block("contentPolicyConfig")
    for value in policy.blocks("filtersConfigs"):
        if value.text("type").strip().upper() == "PROMPT_ATTACK":
            off = value.text("inputStrength", "NONE").strip().upper() == "NONE"
            idle = not value.flag("inputEnabled", True) or value.text("inputAction").strip().upper() == "NONE"
            if not off and not idle:
                return
    yield Problem(policy.at("filtersConfigs"), "no filter of prompt attacks is on")


def _personal_data(item: Item) -> Iterator[Outcome]:
    policy = item.props.block("sensitiveInformationPolicyConfig")
    rows = (*policy.blocks("piiEntitiesConfigs"), *policy.blocks("regexesConfigs"))
    if not any(row.text("action").strip().upper() in ("BLOCK", "ANONYMIZE") for row in rows):
        yield Problem(policy.at("piiEntitiesConfigs"), "no personal data is blocked or made anonymous")


RULE = Rule(
    id="guardrail-content",
    area="governance",
    title="Guardrails filter prompt attacks and personal data",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=(GUARDRAIL,),
    guards=("contentPolicyConfig", "sensitiveInformationPolicyConfig"),
    check=check,
    rationale="A guardrail without these two policies lets through what it is usually there for.",
    fix="Add a content filter of type PROMPT_ATTACK with an input strength, and a policy on sensitive information.",
    references={
        "owasp-llm-2026": ("LLM01", "LLM02"),
    },
)
