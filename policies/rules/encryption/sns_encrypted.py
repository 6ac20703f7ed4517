"""Every SNS topic is encrypted with a KMS key."""

from collections.abc import Iterator

from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

TOPIC = "aws:sns/topic:Topic"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the topic; SNS encrypts only where a key is named, be it AWS's own alias/aws/sns."""
    del settings
    if not item.props.text("kmsMasterKeyId").strip():
        yield Problem("kmsMasterKeyId", "no key is given: messages of the topic are not encrypted at rest")


RULE = Rule(
    id="sns-encrypted",
    area="encryption",
    title="SNS topics are encrypted",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=(TOPIC,),
    guards=("kmsMasterKeyId",),
    check=check,
    rationale="Alarms and budget notices name resources, accounts and amounts; SNS encrypts nothing unless told to.",
    fix=(
        "Set `kmsMasterKeyId`, best to a key of the account's own whose policy lets the services that publish use it:"
        " the policy of alias/aws/sns cannot be changed to do so."
    ),
    references={"checkov": ("CKV_AWS_26",), "fsbp": ("SNS.1",), "nag": ("SNS2",)},
)
