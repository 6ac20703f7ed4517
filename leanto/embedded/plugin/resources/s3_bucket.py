"""S3: buckets."""

import re
from types import MappingProxyType

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.emulated import EmulatedResource
from leanto.embedded.plugin.errors import RefusedError, absent, creating
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

GONE = ("404", "NoSuchBucket")
NAME = re.compile(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
HOSTED_ZONES = MappingProxyType(
    {
        "ap-northeast-1": "Z2M4EHUR26P7ZW",
        "ap-northeast-2": "Z3W03O7B5YMIYP",
        "ap-south-1": "Z11RGJOFQNVJUP",
        "ap-southeast-1": "Z3O0J2DXBE1FTB",
        "ap-southeast-2": "Z1WCIGYICN2BYD",
        "ca-central-1": "Z1QDHH18159H29",
        "eu-central-1": "Z21DNDUVLTQW6Q",
        "eu-north-1": "Z3BAZG2TWCNX0D",
        "eu-west-1": "Z1BKCTXD74EZPE",
        "eu-west-2": "Z3GKZC51ZF0DB4",
        "eu-west-3": "Z3R1K369G5AVDG",
        "sa-east-1": "Z7KQH4QJS55SO",
        "us-east-1": "Z3AQBSTGFYJSTF",
        "us-east-2": "Z2O1EMRO9K5GLX",
        "us-west-1": "Z2F56UZL2M1ACD",
        "us-west-2": "Z3BJ6K6RIION7M",
    }
)
"""Route 53 zone of the S3 website endpoint by region (AWS General Reference, "Amazon S3 endpoints and quotas")."""
NEW_BUCKET_BLOCK = MappingProxyType(
    {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
)
NEW_BUCKET_ENCRYPTION = MappingProxyType(
    {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}
)
"""What AWS gives each new bucket and moto does not: no public access (since April 2023), encryption (since 2023)."""
BATCH = 1000


class Bucket(EmulatedResource):
    """A bucket. Its settings are types of their own; their read-back is not repeated here: it would look like drift."""

    token = "aws:s3/bucket:Bucket"
    taggable = True
    auto_name = AutoName(property="bucket", max_length=63, lowercase=True)
    accepts = frozenset({"bucket", "forceDestroy", "objectLockEnabled", "tags"})
    defaults = MappingProxyType({"forceDestroy": False})
    input_only = frozenset({"forceDestroy"})
    replace_on = frozenset({"bucket", "objectLockEnabled"})
    computed = frozenset(
        {
            "arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName", "hostedZoneId", "objectLockEnabled",
        }
    )  # fmt: skip

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what S3 refuses in the name."""
        found, name = super().validate(inputs), inputs.get("bucket")
        if isinstance(name, str) and (not NAME.match(name) or ".." in name):
            found.append(
                (
                    "bucket",
                    f"is {name!r}: 3 to 63 lower-case letters, digits, dots and hyphens, letters or digits at the ends",
                )
            )
        return found

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the bucket as AWS does: private and encrypted; its id is its name."""
        s3, name = ctx.client("s3"), str(inputs["bucket"])
        _require_free(ctx, name)
        where = {} if ctx.region == "us-east-1" else {"LocationConstraint": ctx.region}
        s3.create_bucket(
            Bucket=name,
            ObjectLockEnabledForBucket=inputs.get("objectLockEnabled", False),
            ObjectOwnership="BucketOwnerEnforced",
            **({"CreateBucketConfiguration": where} if where else {}),
        )
        with creating(name):
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict(NEW_BUCKET_BLOCK))
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=dict(NEW_BUCKET_ENCRYPTION))
            _set_tags(ctx, name, inputs["tagsAll"])
        return name

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the bucket itself."""
        del inputs
        s3 = ctx.client("s3")
        with absent(*GONE):
            s3.head_bucket(Bucket=resource_id)
            return {
                "arn": f"arn:{ctx.partition}:s3:::{resource_id}",
                "bucket": resource_id,
                "bucketDomainName": f"{resource_id}.s3.amazonaws.com",
                "bucketRegion": s3.get_bucket_location(Bucket=resource_id)["LocationConstraint"] or "us-east-1",
                "bucketRegionalDomainName": f"{resource_id}.s3.{ctx.region}.amazonaws.com",
                "hostedZoneId": HOSTED_ZONES.get(ctx.region, ""),
                "objectLockEnabled": _locks_objects(ctx, resource_id),
                "tagsAll": _tags(ctx, resource_id),
            }
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Set the tags, all at once, as S3 does."""
        if olds.get("tagsAll") != news["tagsAll"]:
            _set_tags(ctx, resource_id, news["tagsAll"])

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the bucket, and with `forceDestroy` every version of every object in it."""
        with absent(*GONE):
            if outputs.get("forceDestroy"):
                _empty(ctx, resource_id)
            _require_empty(ctx, resource_id)
            ctx.client("s3").delete_bucket(Bucket=resource_id)


def _empty(ctx: Context, bucket: str) -> None:
    """Delete all versions and delete markers of all objects."""
    s3 = ctx.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, MaxKeys=BATCH):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        doomed = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        if doomed:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})


def _require_free(ctx: Context, name: str) -> None:
    """Fail when the bucket exists: in us-east-1 S3 would answer as if it had made it."""
    with absent(*GONE):
        ctx.client("s3").head_bucket(Bucket=name)
        raise RefusedError("BucketAlreadyOwnedByYou", f"a bucket named {name!r} exists already")


def _require_empty(ctx: Context, name: str) -> None:
    page = ctx.client("s3").list_object_versions(Bucket=name, MaxKeys=1)
    if page.get("Versions") or page.get("DeleteMarkers"):
        raise RefusedError("BucketNotEmpty", f"the bucket {name!r} holds objects or versions of objects")


def _locks_objects(ctx: Context, name: str) -> bool:
    with absent("ObjectLockConfigurationNotFoundError"):
        found = ctx.client("s3").get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
        return bool(found.get("ObjectLockEnabled") == "Enabled")
    return False


def _tags(ctx: Context, name: str) -> dict[str, str]:
    with absent("NoSuchTagSet"):
        return tags.as_map(ctx.client("s3").get_bucket_tagging(Bucket=name)["TagSet"])
    return {}


def _set_tags(ctx: Context, name: str, wanted: dict[str, str]) -> None:
    s3 = ctx.client("s3")
    if wanted:
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags.as_list(wanted)})
    else:
        s3.delete_bucket_tagging(Bucket=name)


RESOURCES: tuple[Resource, ...] = (Bucket(),)
