"""Bucket policies decided with their conditions and principals.

Written for moto 5.2.5, whose `FakeBucket.get_permission` takes a Deny with a condition for a Deny of everything, so
that the usual "only over TLS" statement locks everybody out, and applies statements to principals they do not name.
The box has no certificates: what comes over loopback counts as sent over TLS.
"""

from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from leanto.embedded.aws.call import Call, current_call
from leanto.embedded.aws.conditions import Context
from leanto.embedded.aws.policy import Decision, Question, account_principals, decide

TARGET: tuple[type, str] = (FakeBucket, "get_permission")
_RESULTS = {
    Decision.DENY: PermissionResult.DENIED,
    Decision.ALLOW: PermissionResult.PERMITTED,
    Decision.SILENT: PermissionResult.NEUTRAL,
}
_S3_CONDITION_HEADERS = (
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-storage-class",
)


def replacement(bucket: FakeBucket, action: str, resource: str) -> Any:
    """Return what the bucket's policy says about `action` on `resource`."""
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    arn = f"arn:{bucket.partition}:sts::{bucket.account_id}:user/moto"
    question = Question(
        action=action,
        resource=resource,
        aws_principals=account_principals(bucket.account_id, arn, bucket.partition),
        context=_context(current_call.get(), bucket.account_id, arn),
    )
    return _RESULTS[decide(bucket.policy, question)]


def _context(call: Call | None, account_id: str, arn: str) -> Context:
    """The condition keys of a request in the box; it comes through no VPC endpoint, so `aws:SourceVpce` is absent."""
    keys = {
        "aws:securetransport": "true",
        "s3:tlsversion": "1.3",
        "aws:sourceip": "127.0.0.1",
        "aws:principalaccount": account_id,
        "aws:resourceaccount": account_id,
        "s3:resourceaccount": account_id,
        "aws:principalarn": arn,
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
    }
    if call is not None:
        keys |= {"aws:requestedregion": call.region, "aws:useragent": call.headers.get("user-agent", "")}
        keys |= {f"s3:{name}": call.headers[name] for name in _S3_CONDITION_HEADERS if name in call.headers}
    return {key: (value,) for key, value in keys.items()}
