"""No identity may decrypt with every key of the account."""

import re
from collections.abc import Iterator

from policies.iam_conditions import narrows_resources
from policies.iam_documents import Statement, any_resource
from policies.identity_policies import DOCUMENT_INPUTS, DOCUMENT_TYPES, each_grant
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

DECRYPTING = ("kms:Decrypt", "kms:ReEncryptFrom")
EVERY_KEY = re.compile(r"arn:[^:]*:(?:kms|\*+):[^:]*:[^:]*:(?:\*+|(?:key|alias)/\*+)", re.IGNORECASE)
ANY_DATA = frozenset({"kms:viaservice", "kms:calleraccount"})
"""Conditions that say through whom a key is used, but not which."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each statement of each policy that the resource holds."""
    del settings
    yield from each_grant(item, _statement)


def _statement(statement: Statement) -> Iterator[Outcome]:
    found = statement.granted(DECRYPTING)
    if found and _on_every_key(statement) and not narrows_resources(statement, ANY_DATA):
        at = statement.at("NotResource" if statement.has("NotResource") else "Resource")
        yield Problem(at, f"{' and '.join(found)} is allowed with every key")


def _on_every_key(statement: Statement) -> bool:
    if statement.has("NotResource"):
        return True
    return statement.any_of(
        "Resource", lambda text: any_resource(text) or EVERY_KEY.fullmatch(text.strip()) is not None
    )


RULE = Rule(
    id="iam-kms-decrypt-scoped",
    area="identity",
    title="Decryption is allowed with named keys only",
    severity=Severity.HIGH,
    levels=ALWAYS,
    types=DOCUMENT_TYPES,
    guards=DOCUMENT_INPUTS,
    check=check,
    rationale="A key of one's own keeps data from others in the account only if they may not decrypt with every key.",
    fix="Give the ARNs of the keys as Resource, or bind the use by a condition on kms:EncryptionContext or"
    " kms:ResourceAliases.",
    references={"fsbp": ("KMS.1", "KMS.2")},
)
