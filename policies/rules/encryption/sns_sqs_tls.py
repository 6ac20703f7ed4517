"""Every topic and queue refuses calls without TLS."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.iam_documents import any_known
from policies.rule import ADVISORY, Outcome, Problem, Rule, Severity, each_item
from policies.stack import Item, Settings, Stack
from policies.tls_statements import itself, refuses_plain

TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"


@dataclass(frozen=True)
class _Kind:
    """One of the two services: where its policies stand, and what they must deny."""

    policy: str
    by: str
    actions: tuple[str, ...]


KINDS = {
    TOPIC: _Kind(TOPIC_POLICY, "arn", ("sns:Publish",)),
    QUEUE: _Kind(QUEUE_POLICY, "queueUrl", ("sqs:SendMessage", "sqs:ReceiveMessage")),
}


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at each topic and queue with its policy, written on it or beside it.

    With a KMS key, SNS and SQS take requests over HTTPS only (their guides, encryption at rest).
    """
    del settings
    yield from each_item(stack.of(*KINDS), lambda item: _refuses(stack, item))


def _refuses(stack: Stack, item: Item) -> Iterator[Outcome]:
    if not any_known((_by_key, _by_own_policy, _by_policy_beside), lambda way: way(stack, item)):
        yield Problem("policy", "neither a KMS key nor a policy makes callers use TLS")


def _by_key(stack: Stack, item: Item) -> bool:
    del stack
    return bool(item.props.text("kmsMasterKeyId").strip())


def _by_own_policy(stack: Stack, item: Item) -> bool:
    del stack
    return refuses_plain(item.props.get("policy"), KINDS[item.type].actions, itself(item))


def _by_policy_beside(stack: Stack, item: Item) -> bool:
    kind = KINDS[item.type]
    policies = stack.linked(item, kind.policy, by=kind.by)
    return any_known(policies, lambda row: refuses_plain(row.props.get("policy"), kind.actions, itself(item)))


RULE = Rule(
    id="sns-sqs-tls",
    area="encryption",
    title="Topics and queues refuse calls without TLS",
    severity=Severity.LOW,
    levels=ADVISORY,
    types=(TOPIC, QUEUE),
    guards=("policy", "kmsMasterKeyId"),
    check_stack=check_stack,
    rationale="SNS and SQS answer plain HTTP as well, unless a key or a policy forbids it.",
    fix=(
        "Encrypt with a KMS key, or add a statement to the policy: Deny, Principal `*`, sns:Publish or sqs:*, and the"
        " one condition Bool aws:SecureTransport false."
    ),
    references={"nag": ("SNS3", "SQS4")},
)
