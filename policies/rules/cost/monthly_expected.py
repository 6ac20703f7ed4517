"""A month of the expected use costs what the team wants to spend."""

from collections.abc import Iterator
from decimal import Decimal

from catalog.view import Case
from policies.estimate import (
    EXPECTATIONS,
    FREE_TYPES,
    INSTANCE_TYPES,
    finite,
    largest,
    lines_of,
    names_in,
    unknown,
    usd,
)
from policies.rule import ADVISORY, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.stack import Settings, Stack


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Add up a month of 730 hours with the declared use, the dearest allowed type, on demand."""
    lines = lines_of(Case.EXPECTED, stack, settings)
    maximum, least = Decimal(str(settings["maximumUsd"])), finite(lines)
    if least > maximum:
        yield Problem("", f"an expected month costs {usd(least)}, more than {usd(maximum)}; {largest(lines)}")
    for line, reason in unknown(lines):
        yield Unevaluated("", f"{line.item} of {names_in(line)}: {reason.reason}")


RULE = Rule(
    id="monthly-expected",
    area="cost",
    title="An expected month costs what the team wants to spend",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=("*",),
    check_stack=check_stack,
    rationale="The worst month shows what can happen; this one what the next bill will be like, before the first one.",
    fix="Lower the largest items that the message names, or the use that is expected.",
    parameters=(
        Parameter(
            "maximumUsd",
            "number",
            1000,
            "What a month of the expected use may cost in USD.",
            minimum=0,
            defaults={"dev": 300},
        ),
        *EXPECTATIONS,
        INSTANCE_TYPES,
        FREE_TYPES,
    ),
)
