"""Reads who a statement is about: anybody, a whole account, a service, a web identity."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from policies.iam_conditions import restricts_callers
from policies.iam_documents import Statement, any_known, elements, stars
from policies.reading import Unread, Value

KINDS = ("aws", "federated", "service", "canonicaluser")
ROOT = re.compile(r"(?:arn:[^:]*:iam::)?(\d{12}|\$\{[^}]*\})(?::root)?", re.IGNORECASE)
ANY_ACCOUNT = re.compile(r"arn:[^:]*:(?:iam|sts)::[*?]*[*][*?]*:.*", re.IGNORECASE)
ANY_IDENTITY = re.compile(
    r"arn:[^:]*:(?:iam|sts)::(\d{12}):(?:\*+|(?:user|role|group|assumed-role)/\*+)", re.IGNORECASE
)


@dataclass(frozen=True)
class Principal:
    """One principal: `kind` is one of KINDS, or "*" where no kind is given; `value` its text, maybe unknown."""

    kind: str
    value: Value

    @property
    def anyone(self) -> bool:
        """Whether it stands for anybody, in any account."""
        text = self.value.text().strip()
        return stars(text) or (self.kind == "aws" and ANY_ACCOUNT.fullmatch(text) is not None)

    @property
    def account(self) -> bool:
        """Whether it stands for a whole account: its number, its root, or all of its users or roles."""
        if self.kind != "aws":
            return False
        text = self.value.text().strip()
        return ROOT.fullmatch(text) is not None or ANY_IDENTITY.fullmatch(text) is not None


def principals(statement: Statement) -> tuple[Principal, ...]:
    """Return the principals of a statement, each for itself; none where it has no Principal.

    Raises Unread when Principal itself is unknown, or an object with other keys than AWS takes.
    """
    found = statement.element("Principal")
    if found is None:
        return ()
    known = found.known()
    if not isinstance(known, Mapping):
        return tuple(Principal("*", value) for value in found.values())
    rows: list[Principal] = []
    for kind, value in elements(found.block()).items():
        if kind not in KINDS:
            raise Unread(value.path, "AWS takes AWS, Service, Federated and CanonicalUser here")
        rows.extend(Principal(kind, row) for row in _values(value))
    return tuple(rows)


def _values(value: Value) -> tuple[Value, ...]:
    """Return the values of one kind; an unknown one counts as one value, so that it hides none of another kind."""
    try:
        return value.values()
    except Unread:
        return (value,)


def names_anyone(statement: Statement) -> bool:
    """Tell whether a statement names anybody as its principal: "*" in any form, or all but some (NotPrincipal).

    Raises Unread when no known principal is anybody and an unknown one could be.
    """
    if statement.has("NotPrincipal"):
        return True
    return any_known(principals(statement), lambda principal: principal.anyone)


def names_account(statement: Statement) -> bool:
    """Tell whether a statement names a whole account as its principal. Raises Unread when that is not known."""
    return any_known(principals(statement), lambda principal: principal.account)


def open_to_anyone(statement: Statement) -> bool:
    """Tell whether a statement allows something to anybody, without a condition that leaves fewer.

    Raises Unread when effect, principal or condition are not known and decide.
    """
    return statement.allows and names_anyone(statement) and not restricts_callers(statement)
