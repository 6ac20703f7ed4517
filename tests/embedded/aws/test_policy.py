"""Statements of a resource policy concern a request by each of their elements, and a Deny wins."""

from typing import Any

import pytest

from leanto.embedded.aws.policy import Decision, Question, account_principals, decide_statements

CALLER = "arn:aws:sts::123456789012:user/deployer"
ACCOUNT = Question(
    action="s3:PutObject",
    resource="arn:aws:s3:::bucket/a/b",
    aws_principals=account_principals("123456789012", CALLER),
    context={"aws:securetransport": ("true",)},
)
SERVICE = Question(
    action="lambda:InvokeFunction",
    resource="arn:aws:lambda:eu-central-1:123456789012:function:f",
    service="sns.amazonaws.com",
)


def statement(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"} | elements


@pytest.mark.parametrize(
    ("elements", "question", "concerns"),
    [
        ({}, ACCOUNT, True),
        ({"Action": ["s3:GetObject", "s3:Put*"]}, ACCOUNT, True),
        ({"Action": "S3:putobject"}, ACCOUNT, True),
        ({"Action": "s3:GetObject"}, ACCOUNT, False),
        ({"Resource": "arn:aws:s3:::bucket/?/b"}, ACCOUNT, True),
        ({"Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::BUCKET/*"]}, ACCOUNT, False),
        ({"Principal": {"AWS": "*"}}, ACCOUNT, True),
        ({"Principal": {"AWS": ["123456789012"]}}, ACCOUNT, True),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, ACCOUNT, True),
        ({"Principal": {"AWS": CALLER}}, ACCOUNT, True),
        ({"Principal": {"AWS": "arn:aws:iam::210987654321:root"}}, ACCOUNT, False),
        ({"Principal": {"Service": "sns.amazonaws.com"}}, ACCOUNT, False),
        ({"Principal": {"Service": ["s3.amazonaws.com", "sns.amazonaws.com"]}}, SERVICE, True),
        ({"Principal": {"Service": "events.amazonaws.com"}}, SERVICE, False),
        ({"Principal": {"AWS": "*"}}, SERVICE, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, ACCOUNT, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, ACCOUNT, False),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else None,
)
def test_an_element_includes_or_excludes_a_request(
    elements: dict[str, Any], question: Question, concerns: bool
) -> None:
    decision = decide_statements([statement(**elements)], question)
    assert decision is (Decision.ALLOW if concerns else Decision.SILENT)


@pytest.mark.parametrize(
    ("element", "value", "concerns"),
    [
        ("Action", "s3:Get*", True),
        ("Action", "s3:Put*", False),
        ("Resource", "arn:aws:s3:::other/*", True),
        ("Resource", "arn:aws:s3:::bucket/*", False),
        ("Principal", {"AWS": "arn:aws:iam::210987654321:root"}, True),
        ("Principal", {"AWS": CALLER}, False),
    ],
)
def test_a_not_element_excludes_what_it_names(element: str, value: Any, concerns: bool) -> None:
    negated = statement(**{f"Not{element}": value})
    del negated[element]
    assert decide_statements([negated], ACCOUNT) is (Decision.ALLOW if concerns else Decision.SILENT)


def test_one_deny_wins_over_every_allow_in_any_order() -> None:
    allow, deny = statement(), statement(Effect="Deny", Action="s3:PutObject")
    assert decide_statements([allow, deny], ACCOUNT) is Decision.DENY
    assert decide_statements([deny, allow], ACCOUNT) is Decision.DENY
    assert decide_statements([], ACCOUNT) is Decision.SILENT
