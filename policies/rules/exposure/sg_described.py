"""Every security group and each of its rules says what it is for."""

from collections.abc import Iterator

from policies.reading import Block, Value
from policies.rule import ADVISORY, Outcome, Problem, Rule, Severity, each
from policies.security_groups import DEFAULT_GROUP, GROUP, TYPES
from policies.stack import Item, Settings

FILLED_IN = frozenset({"managed by pulumi", "managed by terraform"})
"""What the provider writes where a program says nothing."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the group and the rules in it, or at a rule that is a resource."""
    del settings
    # AWS itself describes a VPC's default group, and nobody can change that.
    if item.type != DEFAULT_GROUP:
        yield from each((item.props,), _described)
    if item.type in {GROUP, DEFAULT_GROUP}:
        for direction in ("ingress", "egress"):
            yield from each((direction,), lambda key: each(item.props.block_values(key), _rule))


def _rule(value: Value) -> Iterator[Outcome]:
    yield from _described(value.block())


def _described(block: Block) -> Iterator[Outcome]:
    text = block.text("description").strip()
    if not text or text.lower() in FILLED_IN:
        yield Problem(block.at("description"), "nothing says what it is for")


RULE = Rule(
    id="sg-described",
    area="exposure",
    title="Security groups and their rules are described",
    severity=Severity.LOW,
    levels=ADVISORY,
    types=TYPES,
    check=check,
    rationale="Nobody dares to remove a rule of which nobody knows why it is there.",
    fix="Give the group and each of its rules a `description`.",
    references={"checkov": ("CKV_AWS_23",), "nag": ("EC27",)},
)
