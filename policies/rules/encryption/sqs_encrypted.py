"""Every SQS queue is encrypted, with a KMS key or with SQS's own."""

from collections.abc import Iterator

from policies.iam_documents import any_known
from policies.reading import Block
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

QUEUE = "aws:sqs/queue:Queue"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the queue. What it leaves unsaid depends on when and how it was made, so it must say it."""
    del settings
    if not any_known((_kms, _sqs), lambda way: way(item.props)):
        yield Problem("kmsMasterKeyId", "neither a key nor `sqsManagedSseEnabled` encrypts the queue's messages")


def _kms(queue: Block) -> bool:
    return bool(queue.text("kmsMasterKeyId").strip())


def _sqs(queue: Block) -> bool:
    return queue.flag("sqsManagedSseEnabled")


RULE = Rule(
    id="sqs-encrypted",
    area="encryption",
    title="SQS queues are encrypted",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=(QUEUE,),
    guards=("kmsMasterKeyId", "sqsManagedSseEnabled"),
    check=check,
    rationale="Messages wait in a queue for days; SQS encrypts by itself only queues made since it learned to.",
    fix="Set `kmsMasterKeyId`, or `sqsManagedSseEnabled` to true.",
    references={"checkov": ("CKV_AWS_27",), "fsbp": ("SQS.1",), "nag": ("SQS2",)},
)
