"""A stack has no more NAT gateways and public addresses than it needs."""

from collections.abc import Iterator

from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity
from policies.stack import Item, Settings, Stack

GATEWAY, ADDRESS = "aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Count them, a gateway that is private as well: it costs the same."""
    yield from _above(stack.of(GATEWAY), settings["gateways"], "NAT gateways")
    yield from _above(stack.of(ADDRESS), settings["addresses"], "public addresses")


def _above(items: tuple[Item, ...], maximum: int, what: str) -> Iterator[Problem]:
    if len(items) > maximum:
        for item in items:
            yield Problem("", f"the stack has {len(items)} {what}, {maximum:g} are allowed", item)


RULE = Rule(
    id="nat-gateway-limit",
    area="cost",
    title="A stack has no more NAT gateways and public addresses than it needs",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=(GATEWAY, ADDRESS),
    check_stack=check_stack,
    rationale="A NAT gateway costs over 30 USD a month before the first byte, and each GB on top: a model of 40 GB"
    " pulled by ten nodes is 18 USD. Gateway endpoints for S3 and DynamoDB are free.",
    fix="Use gateway endpoints, one NAT gateway in dev and at most one a zone in production.",
    parameters=(
        Parameter("gateways", "integer", 3, "The most NAT gateways of a stack.", minimum=0, defaults={"dev": 1}),
        Parameter("addresses", "integer", 6, "The most public addresses of a stack.", minimum=0, defaults={"dev": 2}),
    ),
)
