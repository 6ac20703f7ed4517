"""A bucket that nobody outside the account can read, and nobody at all without TLS and the stack's key."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.defaults import ABORT_MULTIPART_DAYS, Caution
from infra.permissions import Statement, document, tls_only


@dataclass(frozen=True)
class Expiry:
    """Objects under a prefix that are deleted after some days."""

    prefix: str
    days: int


@dataclass(frozen=True)
class PrivateBucketArgs:
    """Settings of a bucket."""

    caution: Caution
    key_arn: pulumi.Input[str]
    expiries: tuple[Expiry, ...] = ()


class PrivateBucket(pulumi.ComponentResource):
    """A bucket: blocked for the public, owned by the account, encrypted, versioned with lifecycle, TLS only."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    settings: tuple[pulumi.Resource, ...]
    """What must be in place before the first object is."""

    def __init__(
        self,
        name: str,
        args: PrivateBucketArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("leanto:infra:PrivateBucket", name, None, opts)
        bucket = aws.s3.Bucket(
            name,
            force_destroy=args.caution.force_destroy_buckets,
            opts=pulumi.ResourceOptions(parent=self, protect=args.caution.protect),
        )
        self.name, self.arn = bucket.bucket, bucket.arn
        self._block = self._private(name)
        self.settings = (self._encrypted(name, args), self._versioned(name, args))
        self.register_outputs({"name": self.name, "arn": self.arn})

    def attach_policy(self, name: str, *statements: Statement) -> None:
        """Set the bucket's policy: TLS only, and the statements given. Called once for each bucket."""
        objects = pulumi.Output.concat(self.arn, "/*")
        aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=self.name,
            policy=pulumi.Output.json_dumps(document(tls_only(("s3:*",), (self.arn, objects)), *statements)),
            # At the same time, S3 refuses one of the two as a conflicting operation.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._block]),
        )

    def _private(self, name: str) -> aws.s3.BucketPublicAccessBlock:
        opts = pulumi.ResourceOptions(parent=self)
        aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=self.name,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=opts,
        )
        return aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=self.name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=opts,
        )

    def _encrypted(self, name: str, args: PrivateBucketArgs) -> pulumi.Resource:
        default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms", kms_master_key_id=args.key_arn
        )
        return aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=self.name,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=default, bucket_key_enabled=True
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _versioned(self, name: str, args: PrivateBucketArgs) -> pulumi.Resource:
        versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=self.name,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=self.name,
            rules=[_old_versions(args.caution), *map(_expiry, args.expiries)],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        return versioning


def _old_versions(caution: Caution) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="old-versions",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=caution.noncurrent_version_days
        ),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=ABORT_MULTIPART_DAYS
        ),
    )


def _expiry(expiry: Expiry) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id=expiry.prefix.strip("/"),
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=expiry.prefix),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=expiry.days),
    )
