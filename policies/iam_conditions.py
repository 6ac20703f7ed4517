"""Reads the conditions of policy statements: which of them really leave fewer callers than anybody."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from policies.iam_documents import Statement, any_known, elements, stars
from policies.reading import Value

CALLER_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalservicename",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpcarn",
        "aws:sourcevpce",
        "aws:userid",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:vpceorgpaths",
        "kms:calleraccount",
        "lambda:sourcefunctionarn",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
    }
)
"""Condition keys whose fixed values say who calls or from where (IAM, global condition context keys; AWS KMS, Amazon S3
and AWS Lambda condition keys; Amazon S3, meaning of "public"). Lower case, as AWS compares them."""

OWN_ACCOUNT = frozenset({"${aws:resourceaccount}", "${aws:resourceorgid}", "${aws:resourceorgpaths}"})
"""Policy variables that stand for the owner of the resource itself."""

ARN_KEYS = frozenset({key for key in CALLER_KEYS if key.endswith("arn")})
WIDEST_IPV4, WIDEST_IPV6 = 8, 32
"""Amazon S3, meaning of "public": prefixes wider than these count as any address."""


@dataclass(frozen=True)
class Test:
    """One test of a condition: `key` in lower case; `operator` without quantifier and IfExists, in lower case."""

    operator: str
    quantifier: str
    if_exists: bool
    key: str
    value: Value

    @property
    def positive(self) -> bool:
        """Whether it asks for a value, rather than against one; "IfExists" and "ForAllValues" also hold without any."""
        named = self.operator.startswith(("string", "arn", "ipaddress", "bool", "numeric", "date", "binary"))
        return named and "not" not in self.operator and not self.if_exists and self.quantifier != "forallvalues"

    def any_of(self, test: Callable[[str], bool]) -> bool:
        """Tell whether a value passes. Raises Unread when none is known to and one could."""
        return any_known(self.value.values(), lambda value: test(value.text()))

    def fixes(self, fixed: Callable[[str], bool]) -> bool:
        """Tell whether the test asks for values all of which are fixed. Raises Unread when that is not known."""
        return self.positive and bool(self.value.values()) and not self.any_of(lambda text: not fixed(text))


def tests(statement: Statement) -> tuple[Test, ...]:
    """Return the tests of a statement's condition. Raises Unread when the condition is unknown or no object."""
    condition = statement.element("Condition")
    if condition is None:
        return ()
    return tuple(
        _test(operator, key, value)
        for operator, keys in elements(condition.block()).items()
        for key, value in elements(keys.block()).items()
    )


def _test(operator: str, key: str, value: Value) -> Test:
    quantifier, colon, rest = operator.rpartition(":")
    name = rest if colon else operator
    if_exists = name.endswith("ifexists")
    return Test(name.removesuffix("ifexists"), quantifier, if_exists, key, value)


def restricts_callers(statement: Statement, keys: frozenset[str] = CALLER_KEYS) -> bool:
    """Tell whether a condition leaves only callers of fixed accounts, organisations, resources or networks.

    A value of stars alone does not, nor one that anybody can take on; nor does an operator that asks against values,
    or one that also holds where the request has no such key. `keys` may name others, in lower case.
    """
    return any_known(tests(statement), lambda test: test.key in keys and test.fixes(_fixed_of(test.key)))


def asks_for(statement: Statement, *keys: str) -> bool:
    """Tell whether a condition asks for fixed values of one of some keys, given in lower case."""
    return restricts_callers(statement, frozenset(keys))


def narrows_resources(statement: Statement, but: frozenset[str] = frozenset()) -> bool:
    """Tell whether a condition leaves fewer resources, or fewer uses of them, than the statement's Resource.

    Tests of tags, of the owner and of the service's own keys do; those of AWS's global keys about the caller do not.
    `but` names keys, in lower case, that shall not count.
    """
    return any_known(
        tests(statement),
        lambda test: _narrowing(test.key) and test.key not in but and test.fixes(lambda text: not stars(text.strip())),
    )


def _narrowing(key: str) -> bool:
    return not key.startswith("aws:") or key.startswith(("aws:resource", "aws:requesttag/"))


def _fixed_of(key: str) -> Callable[[str], bool]:
    if key == "aws:sourceip":
        return _fixed_network
    return _fixed_arn if key in ARN_KEYS else _fixed_text


def _fixed_text(text: str) -> bool:
    """A value that begins with a wildcard, or that is a variable of the caller's, is anybody's."""
    value = text.strip().lower()
    if value in OWN_ACCOUNT:
        return True
    head = value.replace("/", ":").partition(":")[0]
    return bool(value) and not value.startswith(("*", "?")) and "${" not in value and not stars(head.removeprefix("o-"))


def _fixed_arn(text: str) -> bool:
    """An ARN is fixed by its account; where AWS leaves that out, as for buckets and APIs, by the name itself."""
    if not any(mark in text for mark in ("*", "?", "${")):
        return bool(text.strip())
    parts = text.strip().split(":", 5)
    if len(parts) < 6:
        return False
    service, account, name = parts[2], parts[4], parts[5]
    if account.lower() in OWN_ACCOUNT or (account and not any(mark in account for mark in ("*", "?", "${"))):
        return True
    globally_unique = service.lower() in {"s3", "apigateway", "execute-api"}
    return (not account or globally_unique) and _fixed_text(name) and not name.lower().startswith("/*")


def _fixed_network(text: str) -> bool:
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return False
    return network.prefixlen >= (WIDEST_IPV4 if network.version == 4 else WIDEST_IPV6)
