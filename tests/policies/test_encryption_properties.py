"""Claims about denials of calls without TLS: narrowing one never counts, and what stands beside it changes nothing."""

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from policies.reading import Value
from policies.rules.encryption.s3_deny_insecure_transport import ACTIONS
from policies.tls_statements import bucket_and_objects, refuses_plain

Statement = dict[str, Any]
DENIAL: Mapping[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::models", "arn:aws:s3:::models/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def _refuses(*statements: Mapping[str, Any]) -> bool:
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return refuses_plain(Value(document, "policy"), ACTIONS, bucket_and_objects)


def _set(**elements: Any) -> Callable[[Statement], None]:
    return lambda statement: statement.update(elements)


def _condition(operator: str, key: str, value: str) -> Callable[[Statement], None]:
    return lambda statement: statement["Condition"].setdefault(operator, {}).update({key: value})


NARROWER: Mapping[str, Callable[[Statement], None]] = {
    "allowed instead": _set(Effect="Allow"),
    "one role only": _set(Principal={"AWS": "arn:aws:iam::123456789012:role/reader"}),
    "one account only": _set(Principal={"AWS": "123456789012"}),
    "services only": _set(Principal={"Service": "logs.amazonaws.com"}),
    "reads only": _set(Action=["s3:Get*", "s3:List*"]),
    "another service's actions": _set(Action="sqs:*"),
    "the bucket only": _set(Resource="arn:aws:s3:::models"),
    "the objects only": _set(Resource="arn:aws:s3:::models/*"),
    "a prefix only": _set(Resource=["arn:aws:s3:::models", "arn:aws:s3:::models/weights/*"]),
    "one object only": _set(Resource=["arn:aws:s3:::models", "arn:aws:s3:::models/a.gguf"]),
    "with TLS": _set(Condition={"Bool": {"aws:SecureTransport": "true"}}),
    "old TLS only": _set(Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    "from one network as well": _condition("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
    "from outside of the organisation as well": _condition("StringNotEquals", "aws:PrincipalOrgID", "o-abc123"),
    "unless AWS calls": _condition("Bool", "aws:PrincipalIsAWSService", "false"),
}


@pytest.mark.parametrize("name", NARROWER)
def test_a_narrower_denial_does_not_count(name: str) -> None:
    statement = copy.deepcopy(dict(DENIAL))
    NARROWER[name](statement)
    assert not _refuses(statement)


@pytest.mark.parametrize("name", NARROWER)
def test_a_statement_beside_a_denial_takes_nothing_from_it(name: str) -> None:
    beside = copy.deepcopy(dict(DENIAL))
    NARROWER[name](beside)
    assert _refuses(beside, DENIAL)
    assert _refuses(DENIAL, beside)


def test_denials_of_single_actions_count_together_and_not_alone() -> None:
    parts = [{**DENIAL, "Action": action} for action in ACTIONS]
    assert _refuses(*parts)
    for left_out in range(len(parts)):
        assert not _refuses(*parts[:left_out], *parts[left_out + 1 :]), ACTIONS[left_out]
