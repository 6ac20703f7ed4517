"""Decides what a resource policy says about one request: statements, principals, actions, resources, conditions.

Moto 5.2.5 ignores conditions and most principals in bucket policies, and asks no function policy at all.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from leanto.embedded.aws.conditions import Context, holds, wildcard_match

Statement = Mapping[str, Any]


class Decision(Enum):
    """What a policy says: an explicit deny, an explicit allow, or nothing."""

    DENY = "deny"
    ALLOW = "allow"
    SILENT = "silent"


@dataclass(frozen=True)
class Question:
    """One request as a policy sees it."""

    action: str
    resource: str
    aws_principals: frozenset[str] = frozenset()
    """Every spelling under which an `AWS` principal may name the caller; empty when a service calls."""
    service: str = ""
    """The calling service, such as `sns.amazonaws.com`; empty when a principal of an account calls."""
    context: Context = field(default_factory=dict)


def account_principals(account_id: str, arn: str, partition: str = "aws") -> frozenset[str]:
    """Return the spellings under which a policy may name the caller `arn` of `account_id`."""
    return frozenset({"*", account_id, f"arn:{partition}:iam::{account_id}:root", arn})


def decide(policy_text: str | bytes, question: Question) -> Decision:
    """Apply the policy: one matching Deny wins over every Allow."""
    return decide_statements(_as_list(json.loads(policy_text).get("Statement", [])), question)


def decide_statements(statements: Iterable[Statement], question: Question) -> Decision:
    """Apply statements: one matching Deny wins over every Allow."""
    effects = {str(statement["Effect"]) for statement in statements if _concerns(statement, question)}
    if "Deny" in effects:
        return Decision.DENY
    return Decision.ALLOW if "Allow" in effects else Decision.SILENT


def _concerns(statement: Statement, question: Question) -> bool:
    return (
        _names(statement, "Principal", lambda principal: _is_caller(principal, question))
        and _names(statement, "Action", lambda action: _any_match(action, question.action, re.IGNORECASE))
        and _names(statement, "Resource", lambda resource: _any_match(resource, question.resource))
        and holds(statement.get("Condition", {}), question.context)
    )


def _names(statement: Statement, element: str, test: Callable[[Any], bool]) -> bool:
    """Apply `test` to an element or, negated, to its `Not` form; an element that is left out names everything."""
    if element in statement:
        return test(statement[element])
    if f"Not{element}" in statement:
        return not test(statement[f"Not{element}"])
    return True


def _is_caller(principal: object, question: Question) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    if question.service:
        return question.service in _as_list(principal.get("Service", []))
    return not question.aws_principals.isdisjoint(_as_list(principal.get("AWS", [])))


def _any_match(patterns: object, value: str, flags: int = 0) -> bool:
    return any(wildcard_match(value, str(pattern), flags) for pattern in _as_list(patterns))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
