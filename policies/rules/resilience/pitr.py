"""Tables can be brought back to any second."""

from collections.abc import Iterator

from policies.rule import PROD, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

TABLE = "aws:dynamodb/table:Table"
REPLICA = "aws:dynamodb/tableReplica:TableReplica"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the recovery of the table, or of a replica that is a resource of its own."""
    del settings
    if item.type == REPLICA:
        is_on, path = item.props.flag("pointInTimeRecovery"), "pointInTimeRecovery"
    else:
        is_on, path = item.props.block("pointInTimeRecovery").flag("enabled"), "pointInTimeRecovery.enabled"
    if not is_on:
        yield Problem(path, "the table cannot be brought back to a moment before a mistake")


RULE = Rule(
    id="pitr",
    area="resilience",
    title="Tables can be brought back to any second",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=(TABLE, REPLICA),
    guards=("pointInTimeRecovery",),
    check=check,
    rationale="Keys, budgets and what was spent stand in the table; a wrong write must not be the last word.",
    fix="Set `pointInTimeRecovery` with `enabled: true`.",
    references={"checkov": ("CKV_AWS_28",), "fsbp": ("DynamoDB.2",), "nag": ("DDB3",), "trivy": ("AWS-0024",)},
)
