"""No secret may be read by anybody who asks."""

from collections.abc import Iterator

from policies.iam_documents import Statement, each_statement
from policies.iam_principals import open_to_anyone
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each statement of the secret's policy, in the secret itself or beside it."""
    del settings
    yield from each_statement(item.props.get("policy"), _statement)


def _statement(statement: Statement) -> Iterator[Outcome]:
    if open_to_anyone(statement):
        at = statement.at("NotPrincipal" if statement.has("NotPrincipal") else "Principal")
        yield Problem(at, "the policy allows anybody, with no condition that leaves fewer")


RULE = Rule(
    id="secret-policy-closed",
    area="secrecy",
    title="Secrets are not open to everybody",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=("aws:secretsmanager/secretPolicy:SecretPolicy", "aws:secretsmanager/secret:Secret"),
    guards=("policy",),
    check=check,
    rationale="A secret's policy also lets in identities of other accounts: one that names anybody gives the key away.",
    fix="Name the roles that read the secret as principals, or leave the policy out: the roles' own policies suffice"
    " within an account.",
    references={"prowler": ("secretsmanager_not_publicly_accessible",)},
)
