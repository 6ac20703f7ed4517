"""No policy of a topic or queue lets anybody in."""

from collections.abc import Iterator

from policies.iam_documents import Statement, each_statement
from policies.iam_principals import open_to_anyone
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

TYPES = (
    "aws:sns/topic:Topic",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sqs/queue:Queue",
    "aws:sqs/queuePolicy:QueuePolicy",
)


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each statement of the policy, written on the resource or beside it. Without one, only the owner may."""
    del settings
    yield from each_statement(item.props.get("policy"), _statement)


def _statement(statement: Statement) -> Iterator[Outcome]:
    if open_to_anyone(statement):
        yield Problem(statement.at("Principal"), "anybody may call, and no condition leaves only known callers")


RULE = Rule(
    id="topic-queue-policy-closed",
    area="encryption",
    title="Topics and queues are closed to strangers",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=TYPES,
    guards=("policy",),
    check=check,
    rationale="Whoever may publish to a topic that stops or tells, or read a queue, needs no other way in.",
    fix=(
        "Name the accounts, roles or services in Principal, or add a condition with fixed values, such as"
        " aws:SourceArn, aws:SourceAccount or aws:PrincipalOrgID."
    ),
    references={"checkov": ("CKV_AWS_168", "CKV_AWS_169"), "fsbp": ("SNS.4",)},
)
