"""Every KMS key has a policy of its own, and it lets in nobody but those it names."""

from collections.abc import Iterator

from policies.iam_documents import Statement, each_statement
from policies.iam_principals import open_to_anyone
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity, each_item
from policies.stack import Item, Settings, Stack

KEYS = (
    "aws:kms/key:Key",
    "aws:kms/externalKey:ExternalKey",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:kms/replicaExternalKey:ReplicaExternalKey",
)
POLICY = "aws:kms/keyPolicy:KeyPolicy"


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at each key's policy, written on it or beside it.

    A key without one gets KMS's default policy: whatever any IAM policy of the account allows, for every use.
    """
    del settings
    yield from each_item(stack.of(*KEYS), lambda key: _key(stack, key))
    yield from each_item(stack.of(POLICY), _statements)


def _key(stack: Stack, key: Item) -> Iterator[Outcome]:
    if key.props.has("policy"):
        yield from _statements(key)
    elif not stack.linked(key, POLICY, by="keyId"):
        yield Problem("policy", "the key has no policy: KMS's default leaves it to every IAM policy of the account")


def _statements(item: Item) -> Iterator[Outcome]:
    yield from each_statement(item.props.get("policy"), _statement)


def _statement(statement: Statement) -> Iterator[Outcome]:
    if open_to_anyone(statement):
        yield Problem(statement.at("Principal"), "anybody may use the key, and no condition leaves only known callers")


RULE = Rule(
    id="kms-key-policy-scoped",
    area="encryption",
    title="KMS keys name who may use them",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=(*KEYS, POLICY),
    guards=("policy",),
    check_stack=check_stack,
    rationale="A key protects data only from those whom its policy leaves out.",
    fix=(
        "Set `policy`, naming accounts, roles or services in Principal; with `*`, add a condition with fixed values,"
        " such as kms:CallerAccount or aws:PrincipalArn."
    ),
    references={
        "checkov": ("CKV_AWS_33", "CKV2_AWS_64"),
        "fsbp": ("KMS.5",),
        "guard": ("kms_no_wildcard_principal",),
    },
)
