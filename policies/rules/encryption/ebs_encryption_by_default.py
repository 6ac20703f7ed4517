"""Where a stack sets EBS encryption by default for its account and region, it switches it on."""

from collections.abc import Iterator

from policies.rule import ADVISORY, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

SETTING = "aws:ebs/encryptionByDefault:EncryptionByDefault"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the account's setting. Stacks that leave it alone have none, and are not asked for one."""
    del settings
    if not item.props.flag("enabled"):
        yield Problem("enabled", "new volumes of the account in this region are not encrypted unless each asks for it")


RULE = Rule(
    id="ebs-encryption-by-default",
    area="encryption",
    title="EBS encryption by default is on where a stack sets it",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=(SETTING,),
    guards=("enabled",),
    check=check,
    rationale="The setting holds for all new volumes of an account and region, also for those that no program made.",
    fix="Set `enabled` to true, or leave the resource out where another stack owns the account's settings.",
    references={"checkov": ("CKV_AWS_106",), "fsbp": ("EC2.7",), "cis": ("6.1.1",)},
)
