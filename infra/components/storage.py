"""The stack's buckets: one for the functions' code, and with a pool one for what its nodes read and write."""

from dataclasses import dataclass

import pulumi

from infra.components.private_bucket import Expiry, PrivateBucket, PrivateBucketArgs
from infra.defaults import BOOT_LOG_DAYS, Caution
from infra.naming import Names
from infra.node import BOOT_PREFIX
from infra.permissions import Statement, allow

FLOW_PREFIX = "flow-logs/"


@dataclass(frozen=True)
class StorageArgs:
    """Settings of the buckets; without `pool_key_arn` there is no pool and no bucket for it."""

    names: Names
    caution: Caution
    data_key_arn: pulumi.Input[str]
    pool_key_arn: pulumi.Input[str] | None
    log_retention_days: int


class Storage(pulumi.ComponentResource):
    """The private buckets of a stack."""

    code: PrivateBucket
    pool: PrivateBucket | None

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Storage", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        code_name, pool_name = f"{name}-code", f"{name}-pool"
        self.code = PrivateBucket(code_name, PrivateBucketArgs(args.caution, args.data_key_arn), child)
        self.code.attach_policy(code_name)
        self.pool = None
        if args.pool_key_arn is not None:
            expiries = (Expiry(BOOT_PREFIX, BOOT_LOG_DAYS), Expiry(FLOW_PREFIX, args.log_retention_days))
            self.pool = PrivateBucket(pool_name, PrivateBucketArgs(args.caution, args.pool_key_arn, expiries), child)
            flows = flow_log_statements(args.names, self.pool.arn) if args.caution.record_flows else ()
            self.pool.attach_policy(pool_name, *flows)
        self.register_outputs({})


def flow_log_statements(names: Names, bucket_arn: pulumi.Input[str]) -> tuple[Statement, Statement]:
    """Return what the delivery service of flow logs may do in the bucket, on behalf of this account only."""
    service = {"Service": "delivery.logs.amazonaws.com"}
    account = {"aws:SourceAccount": names.place.account_id}
    source = {"aws:SourceArn": names.arn("logs", "*")}
    folder = pulumi.Output.concat(bucket_arn, f"/{FLOW_PREFIX}AWSLogs/{names.place.account_id}/*")
    owned = {"StringEquals": {**account, "s3:x-amz-acl": "bucket-owner-full-control"}, "ArnLike": source}
    return (
        allow("FlowLogsWrite", ("s3:PutObject",), (folder,), principal=service, condition=owned),
        allow(
            "FlowLogsCheck",
            ("s3:GetBucketAcl", "s3:ListBucket"),
            (bucket_arn,),
            principal=service,
            condition={"StringEquals": account, "ArnLike": source},
        ),
    )
