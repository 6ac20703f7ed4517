"""Policy documents: what IAM, KMS and S3 refuse and moto lets pass, found before anything is created."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

VERSIONS = frozenset({"2008-10-17", "2012-10-17"})
EFFECTS = frozenset({"Allow", "Deny"})
ACTION = re.compile(r"^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$")


def canonical(document: Any) -> str:
    """Return a document, given as text or as an object, as the official provider shows it: compact, keys sorted."""
    loaded = json.loads(document) if isinstance(document, str) else document
    return json.dumps(loaded, sort_keys=True, separators=(",", ":"))


def problems(text: object, *, attached_to_resource: bool) -> list[str]:
    """Return what AWS would refuse in a policy.

    A policy that is attached to a resource, such as a key or a bucket, or that says who may assume a role, names
    principals; one that is attached to a role does not, and names resources instead.
    """
    if not isinstance(text, str):
        return []
    try:
        document = json.loads(text)
    except ValueError as error:
        return [f"is no JSON: {error}"]
    if not isinstance(document, Mapping) or "Statement" not in document:
        return ["is no policy document: it needs a Statement"]
    found = []
    if document.get("Version", "2008-10-17") not in VERSIONS:
        found.append(f"has Version {document['Version']!r}, allowed are {', '.join(sorted(VERSIONS))}")
    statements = document["Statement"]
    for index, statement in enumerate(statements if isinstance(statements, list) else [statements]):
        found += [
            f"statement {index + 1} {problem}" for problem in _statement_problems(statement, attached_to_resource)
        ]
    return found


def _statement_problems(statement: object, attached_to_resource: bool) -> Iterator[str]:
    if not isinstance(statement, Mapping):
        yield "is no object"
        return
    if statement.get("Effect") not in EFFECTS:
        yield f"has Effect {statement.get('Effect')!r}, allowed are Allow and Deny"
    names_principal = "Principal" in statement or "NotPrincipal" in statement
    if attached_to_resource and not names_principal:
        yield "names no Principal"
    if not attached_to_resource and names_principal:
        yield "names a Principal, which only a policy attached to a resource may"
    if not attached_to_resource and not statement.keys() & {"Resource", "NotResource"}:
        yield "names no Resource"
    yield from _action_problems(statement)


def _action_problems(statement: Mapping[str, Any]) -> Iterator[str]:
    given = [statement[key] for key in ("Action", "NotAction") if key in statement]
    if len(given) != 1:
        yield "needs either Action or NotAction"
        return
    for action in given[0] if isinstance(given[0], list) else [given[0]]:
        if not ACTION.match(str(action)):
            yield f"has the action {action!r}, which is not of the form service:Operation"
