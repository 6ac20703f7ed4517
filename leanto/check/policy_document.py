"""Writes the document of `aws.iam.get_policy_document` from its statements, as the official provider does.

Nothing of AWS is asked for it, so it is known whenever its statements are.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

VERSION = "2012-10-17"


class PolicyDocumentError(ValueError):
    """The statements make no document; the message says why."""


def policy_document(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document in the order that the provider merges: sources, then statements, then overrides.

    Of statements with one `sid` a later one replaces an earlier one. Raises PolicyDocumentError for a source or
    override that is no JSON.
    """
    document: dict[str, Any] = {"Version": str(args.get("version") or VERSION)}
    if args.get("policyId"):
        document["Id"] = args["policyId"]
    statements: list[dict[str, Any]] = []
    for text in (args.get("sourceJson"), *(args.get("sourcePolicyDocuments") or ())):
        _merge(statements, _statements_of(text, document))
    _merge(statements, map(_statement, args.get("statements") or ()))
    for text in (*(args.get("overridePolicyDocuments") or ()), args.get("overrideJson")):
        _merge(statements, _statements_of(text, document))
    return {**document, "Statement": statements} if statements else document


def answer(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the function answers: the document as text, indented and short, beside its arguments."""
    document = policy_document(args)
    short = json.dumps(document, separators=(",", ":"))
    return {**args, "id": "policy-document", "json": json.dumps(document, indent=2), "minifiedJson": short}


def _statements_of(text: Any, document: dict[str, Any]) -> list[dict[str, Any]]:
    if not text:
        return []
    try:
        given = json.loads(text)
    except (TypeError, ValueError):
        raise PolicyDocumentError("a source or override policy document is no JSON") from None
    if given.get("Id"):
        document["Id"] = given["Id"]
    rows = given.get("Statement") or []
    return [rows] if isinstance(rows, dict) else list(rows)


def _merge(statements: list[dict[str, Any]], added: Iterable[dict[str, Any]]) -> None:
    for statement in added:
        places = [
            at for at, row in enumerate(statements) if statement.get("Sid") and row.get("Sid") == statement["Sid"]
        ]
        if places:
            statements[places[0]] = statement
        else:
            statements.append(statement)


def _statement(given: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {}
    if given.get("sid"):
        statement["Sid"] = given["sid"]
    statement["Effect"] = given.get("effect") or "Allow"
    for key, name in (("actions", "Action"), ("notActions", "NotAction"), ("resources", "Resource")):
        if given.get(key):
            statement[name] = _single([_variables(row) for row in given[key]])
    if given.get("notResources"):
        statement["NotResource"] = _single([_variables(row) for row in given["notResources"]])
    for key, name in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if given.get(key):
            statement[name] = _principals(given[key])
    if given.get("conditions"):
        statement["Condition"] = _conditions(given["conditions"])
    return statement


def _principals(rows: Iterable[Mapping[str, Any]]) -> Any:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(str(row.get("type")), []).extend(_variables(name) for name in row.get("identifiers") or ())
    # The provider writes "anybody" the short way; IAM takes it as {"AWS": "*"}.
    return "*" if found == {"*": ["*"]} else {kind: _single(names) for kind, names in found.items()}


def _conditions(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        variables = found.setdefault(str(row.get("test")), {})
        values = [_variables(value) for value in row.get("values") or ()]
        variables.setdefault(str(row.get("variable")), []).extend(values)
    return {test: {name: _single(values) for name, values in rows.items()} for test, rows in found.items()}


def _single(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else values


def _variables(text: Any) -> str:
    """Return a text with IAM's variables as IAM writes them: the function takes `&{...}` for `${...}`."""
    return str(text).replace("&{", "${")
