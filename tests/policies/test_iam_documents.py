"""Claims about reading policy documents: patterns as AWS matches them, and conditions that leave fewer callers."""

import time
from typing import Any

import pytest

from policies.iam_documents import Statement, any_resource, covers, statements, whole_service
from policies.iam_principals import open_to_anyone
from policies.normalise import UNKNOWN
from policies.reading import Unread, Value
from policies.service_authorization import restrictable

ACCOUNT = "123456789012"


def statement(**parts: Any) -> Statement:
    """Return a statement that allows, of a document given as an object."""
    document = Value({"Statement": {"Effect": "Allow", **parts}}, "policy").document()
    return Statement(statements(document)[0].block())


def test_a_pattern_takes_in_actions_whatever_their_case() -> None:
    names = ("bedrock:InvokeModel", "bedrock:Converse", "bedrock-agent:InvokeModel")
    assert [name for name in names if covers("BEDROCK:invoke*", name)] == ["bedrock:InvokeModel"]
    assert [name for name in names if covers("bedrock:*", name)] == ["bedrock:InvokeModel", "bedrock:Converse"]
    assert [name for name in names if covers("bedrock:?onverse", name)] == ["bedrock:Converse"]
    assert covers("*", "a:b")
    assert not covers("bedrock:[I]*", "bedrock:InvokeModel")


def test_a_hostile_pattern_is_no_slower_than_another() -> None:
    start = time.perf_counter()
    assert not covers("*a" * 60 + "b", "a" * 200)
    assert time.perf_counter() - start < 1


def test_only_a_pattern_for_all_actions_stands_for_a_whole_service() -> None:
    patterns = ("*", "iam:*", "i*", "IAM:**", "iam:Get*", "iam:GetRole", "s3:*", "iam:?????")
    assert [row for row in patterns if whole_service(row, "iam")] == ["*", "iam:*", "i*", "IAM:**"]


def test_only_wildcards_for_the_service_stand_for_every_resource() -> None:
    rows = ("*", "**", "arn:*", "arn:aws:*", "arn:aws:*:*:*:*", "arn:aws:s3:::*", "arn:aws:s3", "bucket*", "")
    assert [row for row in rows if any_resource(row)] == ["*", "**", "arn:*", "arn:aws:*", "arn:aws:*:*:*:*"]


@pytest.mark.parametrize(
    ("condition", "restricts"),
    [
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, True),
        ({"stringEQUALS": {"AWS:sourceaccount": [ACCOUNT]}}, True),
        ({"StringLike": {"aws:SourceAccount": "*"}}, False),
        ({"StringEquals": {"aws:SourceAccount": [ACCOUNT, "*"]}}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}, False),
        ({"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}, False),
        ({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-abc"}}, False),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abc/*"}}, True),
        ({"StringLike": {"aws:PrincipalOrgPaths": "o-*/r-a/*"}}, False),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{ACCOUNT}:*"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:alerts"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:bundles"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}, False),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "128.0.0.0/1"]}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "${aws:PrincipalTag/org}"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({"Null": {"aws:SourceArn": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"kms:CallerAccount": ACCOUNT}}, True),
    ],
    ids=str,
)
def test_a_condition_restricts_only_by_fixed_values_of_who_calls(condition: dict[str, Any], restricts: bool) -> None:
    assert open_to_anyone(statement(Principal={"AWS": "*"}, Action="a:b", Condition=condition)) is not restricts


def test_what_is_unknown_counts_only_where_it_decides() -> None:
    known = statement(Principal={"AWS": UNKNOWN, "Service": "*"}, Action="a:b")
    assert open_to_anyone(known)
    with pytest.raises(Unread, match=r"Principal\.AWS"):
        open_to_anyone(statement(Principal={"AWS": UNKNOWN}, Action="a:b"))
    with pytest.raises(Unread, match=r"aws:SourceArn"):
        open_to_anyone(statement(Principal="*", Action="a:b", Condition={"ArnLike": {"aws:SourceArn": UNKNOWN}}))
    assert statement(Action=[UNKNOWN, "s3:*"]).grants("s3:GetObject")
    with pytest.raises(Unread):
        statement(NotAction=["iam:*", UNKNOWN]).grants("s3:GetObject")


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("s3:getobject", True),
        ("kms:Decrypt", True),
        ("lambda:Update*", True),
        ("ecr:GetAuthorizationToken", False),
        ("ec2:Describe*", False),
        ("nosuchservice:Get", None),
        ("s3:NoSuchAction", None),
    ],
)
def test_the_table_says_which_actions_take_named_resources(pattern: str, named: bool | None) -> None:
    assert restrictable(pattern) is named
