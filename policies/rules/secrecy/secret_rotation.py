"""Secrets are rotated on a schedule, where whatever they open can be given a new one by a program."""

import re
from collections.abc import Iterator
from decimal import Decimal

from policies.reading import Block
from policies.rule import ADVISORY, Outcome, Parameter, Problem, Rule, Severity, each
from policies.stack import Item, Settings, Stack

SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
RATE = re.compile(r"rate\(\s*(\d+)\s+(hour|day)s?\s*\)", re.IGNORECASE)


def check(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look for the rotation of each secret, and at the interval of each rotation."""
    maximum = Decimal(settings["maximumDays"])
    for secret in stack.of(SECRET):
        yield from each((secret,), lambda item: _rotated(stack, item), secret)
    for rotation in stack.of(ROTATION):
        yield from each((rotation,), lambda item: _interval(item, maximum), rotation)


def _rotated(stack: Stack, secret: Item) -> Iterator[Outcome]:
    if not stack.linked(secret, ROTATION, by="secretId"):
        yield Problem("", "nothing rotates the secret", secret)


def _interval(rotation: Item, maximum: Decimal) -> Iterator[Outcome]:
    rules = rotation.props.block("rotationRules")
    days = _days(rules)
    if days is not None and days > maximum:
        at = rules.at("automaticallyAfterDays")
        yield Problem(at, f"the secret is rotated every {days} days; allowed are {maximum} days", rotation)


def _days(rules: Block) -> Decimal | None:
    """Return the days between rotations; None for a calendar schedule, which names days of a month or week."""
    days = rules.number("automaticallyAfterDays")
    rate = RATE.fullmatch(rules.text("scheduleExpression").strip())
    if days is not None or rate is None:
        return days
    return Decimal(rate[1]) / (24 if rate[2].lower() == "hour" else 1)


RULE = Rule(
    id="secret-rotation",
    area="secrecy",
    title="Secrets are rotated",
    severity=Severity.LOW,
    levels=ADVISORY,
    types=(SECRET, ROTATION),
    guards=("rotationRules",),
    check_stack=check,
    rationale="A key that is changed often is worth less when it leaks. Keys of model providers have no rotation that a"
    " program could do: this rule advises only.",
    fix="Add aws.secretsmanager.SecretRotation with a function that makes a new value; change keys of providers by"
    " hand, and watch their age.",
    references={
        "checkov": ("CKV2_AWS_57", "CKV_AWS_304"),
        "fsbp": ("SecretsManager.1", "SecretsManager.4"),
        "nag": ("SMG4",),
    },
    parameters=(
        Parameter("maximumDays", "integer", 90, "The longest time between two rotations, in days.", minimum=1),
    ),
)
