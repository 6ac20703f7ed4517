"""Samples of S3."""

import json

from leanto.embedded.plugin.lifecycle import State
from leanto.embedded.plugin.marshal import ASSET, SIGNATURE
from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World
from tests.embedded.plugin.samples_kms import a_key

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"


def a_bucket(world: World, name: str = "basis") -> str:
    """Make a bucket to stand on; return its name."""
    return str(world.make(BUCKET, name, forceDestroy=True)["bucket"])


def text_asset(text: str) -> Props:
    """Return a text as Pulumi hands over an asset; the engine adds the hash."""
    return {SIGNATURE: ASSET, "text": text, "hash": f"hash-of-{text}"}


def tls_only(bucket: str, sid: str = "TlsOnly") -> str:
    """Return a policy that denies what does not come by TLS."""
    statement = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def _settings(**inputs: object) -> object:
    return lambda world: {"bucket": a_bucket(world), **inputs}


def _policy(world: World) -> Props:
    bucket = a_bucket(world)
    return {"bucket": bucket, "policy": tls_only(bucket)}


def _encryption(world: World) -> Props:
    default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": a_key(world)}
    rule = {
        "applyServerSideEncryptionByDefault": default,
        "bucketKeyEnabled": True,
        "blockedEncryptionTypes": ["SSE-C"],
    }
    return {"bucket": a_bucket(world), "rules": [rule]}


def _versioned_object(world: World) -> Props:
    bucket = a_bucket(world)
    world.make(VERSIONING, bucket=bucket, versioningConfiguration={"status": "Enabled"})
    return {
        "bucket": bucket,
        "key": "bundles/gateway.zip",
        "source": text_asset("one"),
        "contentType": "application/zip",
    }


def _overwrite(world: World, key: str) -> None:
    bucket = next(b["Name"] for b in world.client("s3").list_buckets()["Buckets"] if b["Name"].startswith("basis-"))
    world.client("s3").put_object(Bucket=bucket, Key=key, Body=b"something else")


def _imported_by_bucket(state: State) -> str:
    return f"{state.outputs['bucket']}/{state.resource_id}"


RULES = [
    {
        "id": "tidy",
        "status": "Enabled",
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 3},
        "noncurrentVersionExpiration": {"noncurrentDays": 30, "newerNoncurrentVersions": 2},
    },
    {
        "id": "old-logs",
        "status": "Enabled",
        "filter": {"and": {"prefix": "logs/", "objectSizeGreaterThan": 500, "tags": {"kind": "log"}}},
        "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
        "expiration": {"days": 90},
    },
    {"id": "boot", "status": "Disabled", "filter": {"prefix": "boot/"}, "expiration": {"days": 7}},
]

SAMPLES = (
    Sample(
        BUCKET,
        lambda _: {"tags": {"part": "storage"}},
        update={"tags": {"stage": "dev"}, "forceDestroy": True},
        replace={"bucket": "another-name", "objectLockEnabled": True},
        drift=lambda world, name: world.client("s3").delete_bucket_tagging(Bucket=name),
        drifted=frozenset({"tags", "tagsAll"}),
    ),
    Sample(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        _settings(blockPublicAcls=True, blockPublicPolicy=True, ignorePublicAcls=True, restrictPublicBuckets=True),
        update={"blockPublicAcls": False},
        replace={"bucket": "another-name"},
        drift=lambda world, name: world.client("s3").put_public_access_block(
            Bucket=name, PublicAccessBlockConfiguration={"BlockPublicAcls": False}
        ),
        drifted=frozenset({"blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"}),
    ),
    Sample(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        _settings(rule={"objectOwnership": "BucketOwnerEnforced"}),
        update={"rule": {"objectOwnership": "BucketOwnerPreferred"}},
        replace={"bucket": "another-name"},
        drift=lambda world, name: world.client("s3").put_bucket_ownership_controls(
            Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        ),
        drifted=frozenset({"rule"}),
    ),
    Sample(
        VERSIONING,
        _settings(versioningConfiguration={"status": "Enabled"}),
        update={"versioningConfiguration": {"status": "Suspended"}},
        replace={"bucket": "another-name"},
        drift=lambda world, name: world.client("s3").put_bucket_versioning(
            Bucket=name, VersioningConfiguration={"Status": "Enabled"}
        ),
        drifted=frozenset({"versioningConfiguration"}),
        stays=True,
    ),
    Sample(
        ENCRYPTION,
        _encryption,
        update={"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]},
        replace={"bucket": "another-name"},
        drift=lambda world, name: world.client("s3").put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        ),
        drifted=frozenset({"rules"}),
        stays=True,
    ),
    Sample(
        LIFECYCLE,
        _settings(rules=RULES),
        update={
            "rules": [RULES[2] | {"status": "Enabled"}],
            "transitionDefaultMinimumObjectSize": "varies_by_storage_class",
        },
        replace={"bucket": "another-name"},
        drift=lambda world, name: world.client("s3").put_bucket_lifecycle_configuration(
            Bucket=name,
            LifecycleConfiguration={
                "Rules": [{"ID": "boot", "Status": "Enabled", "Filter": {"Prefix": "boot/"}, "Expiration": {"Days": 1}}]
            },
        ),
        drifted=frozenset({"rules"}),
    ),
    Sample(
        "aws:s3/bucketPolicy:BucketPolicy",
        _policy,
        replace={"bucket": "another-name"},
        drift=lambda world, name: world.client("s3").put_bucket_policy(Bucket=name, Policy=tls_only(name, "Other")),
        drifted=frozenset({"policy"}),
    ),
    Sample(
        OBJECT,
        _versioned_object,
        variant="versioned",
        update={"source": text_asset("two"), "tags": {"part": "gateway"}},
        replace={"key": "elsewhere", "bucket": "another-name"},
        drift=_overwrite,
        drifted=frozenset({"source"}),
        import_id=_imported_by_bucket,
    ),
    Sample(
        OBJECT,
        lambda world: {
            "bucket": a_bucket(world),
            "content": "echo hello",
            "serverSideEncryption": "aws:kms",
            "kmsKeyId": a_key(world),
            "metadata": {"for": "nodes"},
            "tags": {"part": "pool"},
        },
        update={"tags": {"part": "boot"}},
        import_id=_imported_by_bucket,
    ),
)
