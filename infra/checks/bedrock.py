"""Bedrock's guardrail: its id and its version stand together, and something passes it."""

from collections.abc import Iterator

from catalog.rows import ROLE, Catalogue
from infra.checks.values import Check, Values, good
from infra.problems import Problem, shown

ID_KEY, VERSION_KEY = "leanto:bedrockGuardrailId", "leanto:bedrockGuardrailVersion"


def complete_guardrail(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """A guardrail has an id and a numbered version: a draft may change at any time."""
    del tables
    given = {ID_KEY: values.bedrock_guardrail_id, VERSION_KEY: values.bedrock_guardrail_version}
    missing = [key for key, value in given.items() if not value]
    if len(missing) == 1:
        allowed = f"{ID_KEY} and {VERSION_KEY} together, or neither"
        yield Problem(missing[0], shown(given[missing[0]]), allowed, "set it, or remove the other")


def guardrail_of_use(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """A guardrail is for a stack that may call Bedrock: one that nothing passes guards nothing."""
    names = [name for _, name in good(values.providers_allowed) if values.mode != "gpu"]
    signed = sorted(name for name, row in tables.providers.items() if row.auth == ROLE)
    if values.bedrock_guardrail_id and not set(names) & set(signed):
        allowed = f"a guardrail only with {' or '.join(signed)} in leanto:providersAllowed"
        yield Problem(ID_KEY, shown(values.bedrock_guardrail_id), allowed, "remove it, or add the provider")


CHECKS: tuple[Check, ...] = (complete_guardrail, guardrail_of_use)
