"""Bucket policies in the box deny what they say they deny, and only that."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

BUCKET = "policy-bucket"
ARNS = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]


@pytest.fixture(scope="module")
def s3(client: Callable[..., Any]) -> Any:
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return s3


def deny(s3: Any, *, condition: Mapping[str, Any] | None = None, principal: Any = "*", action: Any = "s3:*") -> None:
    statement = {"Sid": "Test", "Effect": "Deny", "Principal": principal, "Action": action, "Resource": ARNS}
    if condition is not None:
        statement["Condition"] = condition
    document = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))


def is_denied(s3: Any, **arguments: Any) -> bool:
    try:
        s3.put_object(Bucket=BUCKET, Key="object", Body=b"content", **arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return True
    return False


def test_a_statement_against_plain_http_lets_the_box_through_and_is_read_back(s3: Any) -> None:
    deny(s3, condition={"Bool": {"aws:SecureTransport": "false"}})
    assert not is_denied(s3)
    assert s3.get_object(Bucket=BUCKET, Key="object")["Body"].read() == b"content"
    statement = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"][0]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_statement_against_tls_denies_the_box_because_its_calls_count_as_tls(s3: Any) -> None:
    deny(s3, condition={"Bool": {"aws:SecureTransport": "true"}})
    assert is_denied(s3)


def test_a_denial_is_an_access_denied_error_with_a_reason(s3: Any) -> None:
    deny(s3)
    with pytest.raises(ClientError, match=r"\(AccessDenied\).*explicit deny in the bucket's policy"):
        s3.get_object(Bucket=BUCKET, Key="object")


def test_unless_through_the_endpoint_denies_the_box_which_comes_through_none(s3: Any) -> None:
    deny(s3, condition={"StringNotEquals": {"aws:SourceVpce": "vpce-0123"}})
    assert is_denied(s3)


def test_only_through_the_endpoint_does_not_concern_the_box(s3: Any) -> None:
    deny(s3, condition={"StringEquals": {"aws:SourceVpce": "vpce-0123"}})
    assert not is_denied(s3)


def test_an_exempted_account_is_not_denied(s3: Any, aws: Any) -> None:
    condition = {
        "StringNotEquals": {"aws:SourceVpce": "vpce-0123", "aws:PrincipalAccount": aws.account_id},
    }
    deny(s3, condition=condition)
    assert not is_denied(s3)


def test_uploads_without_the_demanded_encryption_are_denied_and_with_it_pass(s3: Any) -> None:
    deny(s3, condition={"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}, action="s3:PutObject")
    assert is_denied(s3)
    assert not is_denied(s3, ServerSideEncryption="aws:kms")


def test_a_denial_of_a_named_role_does_not_concern_other_callers(s3: Any) -> None:
    deny(s3, principal={"AWS": "arn:aws:iam::123456789012:role/other"})
    assert not is_denied(s3)


def test_a_denial_of_the_whole_account_concerns_its_callers(s3: Any, aws: Any) -> None:
    deny(s3, principal={"AWS": f"arn:aws:iam::{aws.account_id}:root"})
    assert is_denied(s3)


def test_an_action_that_is_not_named_is_not_denied(s3: Any) -> None:
    deny(s3, action=["s3:GetObject", "s3:DeleteObject"])
    assert not is_denied(s3)
