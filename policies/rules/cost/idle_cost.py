"""A stack that nobody uses costs next to nothing."""

from collections.abc import Iterator
from decimal import Decimal

from catalog.view import Case
from policies.estimate import FREE_TYPES, INSTANCE_TYPES, finite, largest, lines_of, names_in, unknown, usd
from policies.rule import PROD, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.stack import Settings, Stack


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Add up what the resources cost by existing, in an account that has used up what is free."""
    lines = lines_of(Case.IDLE, stack, settings)
    maximum, least = Decimal(str(settings["maximumUsd"])), finite(lines)
    if least > maximum:
        yield Problem("", f"a month without use costs {usd(least)}, more than {usd(maximum)}; {largest(lines)}")
    for line, reason in unknown(lines):
        yield Unevaluated("", f"{line.item} of {names_in(line)}: {reason.reason}")


RULE = Rule(
    id="idle-cost",
    area="cost",
    title="A stack that nobody uses costs next to nothing",
    severity=Severity.HIGH,
    levels=PROD,
    types=("*",),
    guards=("minSize",),
    check_stack=check_stack,
    rationale="NAT gateways, load balancers, interface endpoints, addresses and idle nodes are paid for by the hour,"
    " in every environment, also at night and in those that somebody forgot.",
    fix="Take out what the message names: gateway endpoints instead of a NAT gateway, an API instead of a balancer, a"
    " minimum of zero nodes.",
    parameters=(
        Parameter(
            "maximumUsd",
            "number",
            150,
            "What a month without any use may cost in USD.",
            minimum=0,
            defaults={"dev": 25},
        ),
        INSTANCE_TYPES,
        FREE_TYPES,
    ),
)
