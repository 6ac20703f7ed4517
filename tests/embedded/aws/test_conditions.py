"""Each operator of a policy condition, for a key that is there, one that differs and one that is absent."""

from typing import Any

import pytest

from leanto.embedded.aws.conditions import UnknownOperatorError, holds

CONTEXT = {
    "aws:securetransport": ("true",),
    "aws:principalarn": ("arn:aws:iam::123456789012:role/team/deployer",),
    "aws:sourceip": ("10.1.2.3",),
    "aws:currenttime": ("2026-11-24T12:00:00Z",),
    "aws:principalaccount": ("123456789012",),
    "s3:max-keys": ("100",),
    "aws:tagkeys": ("owner", "cost-centre"),
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"Bool": {"aws:SecureTransport": False}}, False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": ["1", "123456789012"]}}, True),
        ({"StringNotEquals": {"aws:PrincipalAccount": ["1", "123456789012"]}}, False),
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, True),
        ({"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, True),
        ({"StringEqualsIgnoreCase": {"aws:SecureTransport": "TRUE"}}, True),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*deploy??"}}, True),
        ({"StringNotLike": {"aws:PrincipalArn": "*:role/team/*"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/team/*"}}, True),
        ({"ArnEquals": {"aws:PrincipalArn": "arn:*:role/team/deployer"}}, False),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/team/deployer"}}, False),
        ({"IpAddress": {"aws:SourceIp": ["192.168.0.0/16", "10.0.0.0/8"]}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"NumericLessThanEquals": {"s3:max-keys": "100"}}, True),
        ({"NumericGreaterThan": {"s3:max-keys": "100"}}, False),
        ({"NumericNotEquals": {"s3:max-keys": "99"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2026-11-25T00:00:00Z"}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "1795478400"}}, True),
        ({"Null": {"aws:SourceVpce": "true"}}, True),
        ({"Null": {"aws:SecureTransport": "true"}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["owner", "cost-centre", "data-class"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["owner"]}}, False),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["owner"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:RequestTag/x": ["owner"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:RequestTag/x": ["owner"]}}, False),
        ({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:role/team/deployer"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}, "Null": {"aws:SourceVpce": "false"}}, False),
        ({}, True),
    ],
    ids=repr,
)
def test_a_condition_holds_exactly_when_iam_says_so(condition: dict[str, Any], expected: bool) -> None:
    assert holds(condition, CONTEXT) is expected


def test_an_unknown_operator_is_named_rather_than_guessed() -> None:
    with pytest.raises(UnknownOperatorError, match="'StringSortOfEquals'"):
        holds({"StringSortOfEquals": {"aws:SourceVpce": "x"}}, CONTEXT)
