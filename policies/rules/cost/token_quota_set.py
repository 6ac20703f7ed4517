"""Whatever calls managed models has a spending limit and a bound on the tokens of a request."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from catalog.managed import KNOB, LAYER, document_of, hides_document, names_provider
from catalog.tables import catalogue
from policies.estimate import deployed
from policies.reading import Unread, Value
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, Unevaluated, each
from policies.stack import Item, Settings, Stack

FUNCTION = "aws:lambda/function:Function"
MICRO_USD = Decimal(1_000_000)
_QUOTA = re.compile(
    r"((SPEND|COST|BUDGET|USD|TOKEN).*(LIMIT|CAP|QUOTA|MAX|BUDGET))|((LIMIT|CAP|QUOTA|MAX|BUDGET).*(SPEND|COST|USD|TOKEN))",
    re.IGNORECASE,
)
"""Names of variables that hold a limit of money or tokens."""


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at the gateway's document where there is one, and else at the variables of the functions that hold keys."""
    layers = {row.known_as[0]: row for row in deployed(stack) if row.type == LAYER}
    documents = {urn: found for urn, row in layers.items() if (found := document_of(row)) is not None}
    hidden = [urn for urn, row in layers.items() if urn not in documents and hides_document(row)]
    unread: list[Outcome] = []
    callers = [row for row in stack.of(FUNCTION) if _holds_key(row, unread)]
    if not (documents or callers or hidden or unread):
        raise NotApplicable("nothing in the stack is known to call managed models")
    for urn, document in documents.items():
        yield from _document(stack.by_urn(urn), document, settings)
    for urn in hidden:
        yield Unevaluated("code", "the gateway's document cannot be read", stack.by_urn(urn))
    if not documents and not hidden:
        yield from unread
        for item in callers:
            yield from each([item], _variables, item)


def _document(item: Item | None, document: Mapping[str, Any], settings: Settings) -> Iterator[Problem]:
    if not document.get("providers"):
        return
    limits = document.get("limits")
    micro = limits.get("monthly_spend_micro_usd") if isinstance(limits, Mapping) else None
    if isinstance(micro, bool) or not isinstance(micro, int) or micro <= 0:
        yield Problem("code", f"there is no {KNOB}: what providers may cost has no end", item)
    elif micro / MICRO_USD > Decimal(str(settings["maximumUsd"])):
        told = f"providers may cost {micro / MICRO_USD:.2f} USD a month"
        yield Problem("code", f"{told}, at most {settings['maximumUsd']:g} USD are allowed", item)


def _holds_key(item: Item, unread: list[Outcome]) -> bool:
    """Return whether the name of a variable shows that a function calls a provider of models; note what hides it."""
    try:
        names = item.props.block("environment").mapping("variables")
    except Unread as error:
        unread.append(Unevaluated(error.path, error.reason, item))
        return False
    return any(names_provider(name, catalogue()) for name in names)


def _variables(item: Item) -> Iterator[Outcome]:
    found = item.props.block("environment").mapping("variables")
    limits = [value for name, value in found.items() if _QUOTA.search(name)]
    if not any(_is_limit(value) for value in limits):
        yield Problem("environment.variables", "no variable limits its tokens or its spending", item)


def _is_limit(value: Value) -> bool:
    text = value.text().strip()
    return bool(re.fullmatch(r"\d+(\.\d+)?", text)) and Decimal(text) > 0


RULE = Rule(
    id="token-quota-set",
    area="cost",
    title="Whatever calls managed models has a limit of its own",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=(LAYER, FUNCTION),
    guards=("code", "environment"),
    check_stack=check_stack,
    rationale="Providers bill tokens and stop at no sum, and their own budgets warn rather than refuse: the limit must"
    " be where the calls leave from.",
    fix="Set the gateway's monthly spending limit (`leanto:monthlySpendUsd`); a function of your own needs a limit of"
    " tokens or spending in its variables, and must hold to it.",
    references={"owasp-llm-2026": ("LLM06",)},
    parameters=(
        Parameter(
            "maximumUsd",
            "number",
            5000,
            "The highest spending limit for managed models in USD a month.",
            minimum=0,
            defaults={"dev": 500},
        ),
    ),
)
