"""Every DynamoDB table is encrypted with a key of the account's own, its replicas too."""

from collections.abc import Iterator

from policies.customer_keys import own_key
from policies.rule import PROD, Outcome, Problem, Rule, Severity, each
from policies.stack import Item, Settings

TABLE = "aws:dynamodb/table:Table"
REPLICA = "aws:dynamodb/tableReplica:TableReplica"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the table and at each replica it lists, or at the replica made by a resource of its own."""
    del settings
    if item.type == REPLICA:
        yield from own_key(item.props, "kmsKeyArn", "the replica")
        return
    yield from each((item,), _table)
    replicas = item.props.block_values("replicas")
    yield from each(replicas, lambda value: own_key(value.block(), "kmsKeyArn", "the replica"))


def _table(item: Item) -> Iterator[Outcome]:
    encryption = item.props.block("serverSideEncryption")
    if not encryption.flag("enabled"):
        # Without it DynamoDB ignores the key and uses one that AWS owns.
        yield Problem(encryption.at("enabled"), "the table is encrypted with a key that AWS owns")
        return
    yield from own_key(encryption, "kmsKeyArn", "the table")


RULE = Rule(
    id="dynamodb-cmk",
    area="encryption",
    title="DynamoDB tables are encrypted with a key of the account's own",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=(TABLE, REPLICA),
    guards=("serverSideEncryption", "replicas", "kmsKeyArn"),
    check=check,
    rationale=(
        "DynamoDB always encrypts. A key of one's own adds control: who may use it, a record of each use, and taking"
        " the table out of reach at once by disabling the key."
    ),
    fix="Set `serverSideEncryption` to `enabled: true` with `kmsKeyArn`, and `kmsKeyArn` on each replica.",
    references={"checkov": ("CKV_AWS_119",), "trivy": ("AWS-0025",)},
)
