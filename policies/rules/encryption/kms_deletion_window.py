"""A KMS key that is deleted can be brought back for long enough to notice."""

from collections.abc import Iterator
from types import MappingProxyType

from policies.rule import PROD, Outcome, Parameter, Problem, Rule, Severity
from policies.stack import Item, Settings

TYPES = (
    "aws:kms/key:Key",
    "aws:kms/externalKey:ExternalKey",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:kms/replicaExternalKey:ReplicaExternalKey",
)


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Compare the waiting period before deletion with the least that the profile asks for, in days."""
    minimum = settings["minimumDays"]
    given = item.props.number("deletionWindowInDays")
    if given is not None and given < minimum:
        yield Problem("deletionWindowInDays", f"deletion waits {given} days, fewer than {minimum}")


RULE = Rule(
    id="kms-deletion-window",
    area="encryption",
    title="Deleting a KMS key waits long enough",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=TYPES,
    guards=("deletionWindowInDays",),
    check=check,
    rationale="With its key gone, data is gone: the waiting period is the only time in which a mistake can be undone.",
    fix="Set `deletionWindowInDays` to 30, or leave it out: AWS waits 30 days then.",
    references={"fsbp": ("KMS.3",)},
    parameters=(
        Parameter(
            "minimumDays",
            "integer",
            30,
            "The fewest days that deletion must wait; AWS takes 7 to 30.",
            minimum=7,
            maximum=30,
            defaults=MappingProxyType({"dev": 7}),
        ),
    ),
)
