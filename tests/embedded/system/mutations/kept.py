"""What is spoilt of keys, buckets, table and secrets."""

import pulumi
import pulumi_aws as aws

from tests.embedded.system.claims import data
from tests.embedded.system.mutate import GONE, M, Made, both, of, one, put, statement

NOT_A_KEY = "sk-aaaaaaaaaaaaaaaa"
"""Has the form of a secret, and is none."""
ENCRYPTION = "rules.0.apply_server_side_encryption_by_default"


def _secret_value(made: Made) -> pulumi.Resource:
    secret = one(made, "secretsmanager/secret", "-openai")
    opts = pulumi.ResourceOptions(parent=secret)
    return aws.secretsmanager.SecretVersion("extra-value", secret_id=secret.id, secret_string=NOT_A_KEY, opts=opts)


FIRST = (
    M(
        data.keys_rotate,
        "never",
        "kms/key",
        "-keys-pool",
        both(put("enable_key_rotation", False), put("rotation_period_in_days", GONE)),
    ),
    M(
        data.key_policies_are_scoped,
        "services use a key for anyone",
        "kms/key",
        "-keys-data",
        statement("UseThroughServices", "Condition", GONE),
    ),
    M(
        data.buckets_block_the_public,
        "public policies",
        "s3/bucketPublicAccessBlock",
        "-pool-public-access",
        put("block_public_policy", False),
    ),
    M(
        data.buckets_have_no_access_lists,
        "of writers",
        "s3/bucketOwnershipControls",
        "-code-ownership",
        put("rule.object_ownership", "ObjectWriter"),
    ),
    M(
        data.buckets_keep_versions,
        "no longer",
        "s3/bucketVersioning",
        "-pool-versioning",
        put("versioning_configuration.status", "Suspended"),
    ),
    M(
        data.buckets_are_cleaned,
        "old versions stay",
        "s3/bucketLifecycleConfiguration",
        "-pool-lifecycle",
        put("rules.0.noncurrent_version_expiration", GONE),
    ),
    M(
        data.buckets_are_cleaned,
        "broken uploads stay",
        "s3/bucketLifecycleConfiguration",
        "-code-lifecycle",
        put("rules.0.abort_incomplete_multipart_upload", GONE),
    ),
    M(
        data.buckets_want_tls,
        "one action only",
        "s3/bucketPolicy",
        "-code-policy",
        statement("TlsOnly", "Action", ["s3:GetObject"]),
    ),
    M(
        data.buckets_are_encrypted,
        "with S3's own key",
        "s3/bucketServerSideEncryptionConfiguration",
        "-pool-encryption",
        both(put(f"{ENCRYPTION}.sse_algorithm", "AES256"), put(f"{ENCRYPTION}.kms_master_key_id", GONE)),
    ),
    M(
        data.table_is_encrypted,
        "with DynamoDB's own key",
        "dynamodb/table",
        "-table",
        put("server_side_encryption", GONE),
    ),
    M(
        data.table_can_be_set_back,
        "not at all",
        "dynamodb/table",
        "-table",
        put("point_in_time_recovery.enabled", False),
    ),
    M(
        data.table_throughput_is_bounded,
        "any number of writes",
        "dynamodb/table",
        "-table",
        put("on_demand_throughput.max_write_request_units", -1),
    ),
    M(
        data.table_of_prod_is_kept,
        "deleted at a word",
        "dynamodb/table",
        "-table",
        put("deletion_protection_enabled", False),
    ),
    M(
        data.secrets_are_encrypted,
        "with the service's own key",
        "secretsmanager/secret",
        "-openai",
        put("kms_key_id", GONE),
    ),
    M(
        data.secrets_are_empty,
        "a value in the state",
        "secretsmanager/secretVersion",
        "extra-value",
        add=_secret_value,
        named=of("secretId"),
    ),
)

SECOND = (
    M(
        data.key_policies_are_scoped,
        "administrators read data",
        "kms/key",
        "-keys-pool",
        statement("Administration", "Action", ["kms:Decrypt", "kms:PutKeyPolicy"]),
    ),
    M(
        data.buckets_have_no_access_lists,
        "none set",
        "s3/bucketOwnershipControls",
        "-pool-ownership",
        put("rule.object_ownership", "BucketOwnerPreferred"),
    ),
    M(
        data.buckets_want_tls,
        "the bucket only",
        "s3/bucketPolicy",
        "-pool-policy",
        statement("TlsOnly", "Effect", "Allow"),
    ),
    M(
        data.buckets_are_encrypted,
        "with the key of AWS for S3",
        "s3/bucketServerSideEncryptionConfiguration",
        "-code-encryption",
        put(f"{ENCRYPTION}.kms_master_key_id", GONE),
    ),
    M(data.table_throughput_is_bounded, "none set", "dynamodb/table", "-table", put("on_demand_throughput", GONE)),
    M(data.table_forgets_nodes_only, "keys", "dynamodb/table", "-table", put("ttl.attribute_name", "expires_at")),
)
