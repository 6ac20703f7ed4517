"""Tells whether a resource policy refuses whoever calls without TLS."""

from collections.abc import Callable, Iterable
from functools import partial

from policies.iam_conditions import tests
from policies.iam_documents import Statement, any_known, matches, stars, statements
from policies.iam_principals import names_anyone
from policies.reading import Value
from policies.stack import Item

Covers = Callable[[Statement], bool]
NAMED_BY = ("arn", "name")


def refuses_plain(policy: Value | None, actions: Iterable[str], covers: Covers | None = None) -> bool:
    """Tell whether statements of a policy together deny each of `actions` to anybody who calls without TLS.

    `covers` says whether a statement is about enough resources, where there are several. Raises Unread when no known
    statement denies and an unknown one could.
    """
    if policy is None:
        return False
    rows = statements(policy.document())
    return all(any_known(rows, partial(_denies, action=action, covers=covers)) for action in actions)


def _denies(row: Value, action: str, covers: Covers | None) -> bool:
    statement = Statement(row.block())
    # NotPrincipal leaves somebody out, so it is no rule for all.
    if statement.allows or statement.has("NotPrincipal"):
        return False
    return (
        _only_without_tls(statement)
        and names_anyone(statement)
        and statement.names_action(action)
        and (covers is None or covers(statement))
    )


def _only_without_tls(statement: Statement) -> bool:
    """A second test beside would let those through without TLS who do not meet it. A denial without any is wider."""
    found = tests(statement)
    if len(found) != 1:
        return not found and not statement.conditional
    test = found[0]
    asks_tls = test.operator == "bool" and test.key == "aws:securetransport"
    return asks_tls and test.any_of(lambda text: text.strip().lower() == "false")


def bucket_and_objects(statement: Statement) -> bool:
    """Tell whether a statement of a bucket's policy is about the bucket itself and about all of its objects."""
    rows = statement.values("Resource")
    return any_known(rows, lambda row: _bucket(row.text())) and any_known(rows, lambda row: _objects(row.text()))


def itself(item: Item) -> Covers:
    """Return whether a statement is about a resource: by its ARN or a pattern of it, of which the end is its own.

    Where nothing names the resource, any ARN could be its own. Asking raises Unread where a name is not known yet.
    """

    def covers(statement: Statement) -> bool:
        name = _name_of(item)
        return any_known(statement.values("Resource"), lambda row: _names(row.text().strip(), name))

    return covers


def _name_of(item: Item) -> str | None:
    """Return the last part of the resource's ARN. Raises Unread where it has a name that is not known yet."""
    for key in NAMED_BY:
        if isinstance(item.output.raw.get(key), str):
            return item.output.text(key).rpartition(":")[2] or None
    return item.output.text(NAMED_BY[0]) or item.output.text(NAMED_BY[1]) or None


def _names(resource: str, name: str | None) -> bool:
    return stars(resource) or name is None or matches(resource.rpartition(":")[2], name)


def _bucket(resource: str) -> bool:
    return stars(resource.strip()) or "/" not in resource.rpartition(":")[2]


def _objects(resource: str) -> bool:
    name = resource.strip().rpartition(":")[2]
    _, slash, key = name.partition("/")
    return stars(key) if slash else name.endswith("*")
