"""Claims about what is kept: keys, buckets, table, secrets."""

import json

from tests.embedded.system.account import Account, Claim, Violations, statements
from tests.infra.claims.stack import actions

USE = ("crypt", "datakey", "reencrypt", "grant")
ADMINISTRATION = frozenset({"kms:ListGrants", "kms:RevokeGrant"})
"""Actions with a word of `USE` in their name that let nobody see data."""


def keys_rotate(account: Account) -> Violations:
    """There are keys of the account's own, each in use and rotated."""
    keys = account.own_keys
    if not keys:
        yield "there is no key of the account's own"
    for key in keys:
        rotation = account.asked("kms", "get_key_rotation_status", KeyId=key["KeyId"])
        if not (rotation["KeyRotationEnabled"] and key["Enabled"]):
            yield f"{key['KeyId']} is not rotated"


def key_policies_are_scoped(account: Account) -> Violations:
    """A key's policy lets nobody use it without a condition, and nobody at all but through a named principal."""
    for key in account.own_keys:
        policy = account.asked("kms", "get_key_policy", KeyId=key["KeyId"], PolicyName="default")["Policy"]
        for statement in statements(policy):
            used = {action for action in actions(statement) if any(word in action.lower() for word in USE)}
            wide = any("*" in action for action in actions(statement))
            if (wide or not used <= ADMINISTRATION) and not statement.get("Condition"):
                yield f"{key['KeyId']}: {statement.get('Sid')} has no condition"
            if statement["Principal"] in ("*", {"AWS": "*"}) and "aws:PrincipalArn" not in json.dumps(statement):
                yield f"{key['KeyId']}: {statement.get('Sid')} is for anybody"


def buckets_block_the_public(account: Account) -> Violations:
    """Every bucket blocks the public in all four ways."""
    flags = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    for bucket in account.buckets():
        block = account.asked("s3", "get_public_access_block", Bucket=bucket).get("PublicAccessBlockConfiguration", {})
        yield from (f"{bucket} lacks {flag}" for flag in flags if not block.get(flag))


def buckets_have_no_access_lists(account: Account) -> Violations:
    """Every object of every bucket is the account's own; access lists are off."""
    for bucket in account.buckets():
        controls = account.asked("s3", "get_bucket_ownership_controls", Bucket=bucket).get("OwnershipControls", {})
        if [rule["ObjectOwnership"] for rule in controls.get("Rules", [])] != ["BucketOwnerEnforced"]:
            yield f"{bucket} has access lists"


def buckets_keep_versions(account: Account) -> Violations:
    """Every bucket keeps what is overwritten or deleted."""
    for bucket in account.buckets():
        if account.asked("s3", "get_bucket_versioning", Bucket=bucket).get("Status") != "Enabled":
            yield f"{bucket} keeps no versions"


def buckets_are_cleaned(account: Account) -> Violations:
    """Every bucket deletes old versions and the rest of broken uploads after some days, in all of the bucket."""
    for bucket in account.buckets():
        lifecycle = account.asked("s3", "get_bucket_lifecycle_configuration", Bucket=bucket)
        rules = [
            rule
            for rule in lifecycle.get("Rules", [])
            if rule["Status"] == "Enabled" and rule.get("Filter", {}) in ({}, {"Prefix": ""})
        ]
        if not any(rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays") for rule in rules):
            yield f"{bucket} keeps old versions for ever"
        if not any(rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation") for rule in rules):
            yield f"{bucket} keeps broken uploads for ever"


def buckets_want_tls(account: Account) -> Violations:
    """Every bucket refuses whatever does not come over TLS, for itself and for all objects in it."""
    for bucket in account.buckets():
        policy = account.asked("s3", "get_bucket_policy", Bucket=bucket).get("Policy", '{"Statement": []}')
        wanted = {f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"}
        if not any(
            statement["Effect"] == "Deny"
            and statement["Principal"] == "*"
            and actions(statement) == ["s3:*"]
            and set(statement["Resource"]) == wanted
            and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
            for statement in statements(policy)
        ):
            yield f"{bucket} answers without TLS"


def buckets_are_encrypted(account: Account) -> Violations:
    """Every bucket encrypts with a key of the account's own, asked for once in a while, not for each object."""
    for bucket in account.buckets():
        found = account.asked("s3", "get_bucket_encryption", Bucket=bucket)
        rules = found.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        defaults = [rule["ApplyServerSideEncryptionByDefault"] for rule in rules if rule.get("BucketKeyEnabled")]
        if not any(
            one["SSEAlgorithm"] == "aws:kms" and account.is_own_key(one.get("KMSMasterKeyID")) for one in defaults
        ):
            yield f"{bucket} is not encrypted with the account's key"


def table_is_encrypted(account: Account) -> Violations:
    """The table encrypts with a key of the account's own."""
    for table in account.tables():
        encryption = table.get("SSEDescription", {})
        if encryption.get("Status") != "ENABLED" or not account.is_own_key(encryption.get("KMSMasterKeyArn")):
            yield f"{table['TableName']} is not encrypted with the account's key"


def table_can_be_set_back(account: Account) -> Violations:
    """The table can be set back to any second of the last weeks."""
    for table in account.tables():
        backups = account.asked("dynamodb", "describe_continuous_backups", TableName=table["TableName"])
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] != "ENABLED":
            yield f"{table['TableName']} cannot be set back"


def table_throughput_is_bounded(account: Account) -> Violations:
    """The table is paid by use, up to a bound on reads and on writes.

    The bounds are read from the side store: moto drops OnDemandThroughput.
    """
    for table in account.tables():
        name = table["TableName"]
        kept = account.side.get("aws:dynamodb/table:Table", name).get("onDemandThroughput") or {}
        bounds = [kept.get(f"max{kind}RequestUnits", -1) for kind in ("Read", "Write")]
        if table.get("BillingModeSummary", {}).get("BillingMode") != "PAY_PER_REQUEST" or min(bounds) < 1:
            yield f"{name} has no bound"


def table_forgets_nodes_only(account: Account) -> Violations:
    """What the table forgets has the attribute that only nodes write; nothing about money has it."""
    for table in account.tables():
        found = account.asked("dynamodb", "describe_time_to_live", TableName=table["TableName"])
        expiry = found["TimeToLiveDescription"]
        if (expiry["TimeToLiveStatus"], expiry.get("AttributeName")) != ("ENABLED", "expires"):
            yield f"{table['TableName']} forgets something else, or nothing"


def table_of_prod_is_kept(account: Account) -> Violations:
    """In prod AWS refuses to delete the table."""
    for table in account.tables():
        if account.environment == "prod" and not table.get("DeletionProtectionEnabled"):
            yield f"{table['TableName']} can be deleted"


def secrets_are_encrypted(account: Account) -> Violations:
    """Every secret is encrypted with a key of the account's own."""
    for secret in account.secrets():
        if not account.is_own_key(secret.get("KmsKeyId")):
            yield f"{secret['ARN']} is not encrypted with the account's key"


def secrets_are_empty(account: Account) -> Violations:
    """A deployment puts no value into any secret."""
    for secret in account.secrets():
        if secret.get("VersionIdsToStages"):
            yield f"{secret['ARN']} has a value"


CLAIMS: tuple[Claim, ...] = (
    keys_rotate,
    key_policies_are_scoped,
    buckets_block_the_public,
    buckets_have_no_access_lists,
    buckets_keep_versions,
    buckets_are_cleaned,
    buckets_want_tls,
    buckets_are_encrypted,
    table_is_encrypted,
    table_can_be_set_back,
    table_throughput_is_bounded,
    table_forgets_nodes_only,
    table_of_prod_is_kept,
    secrets_are_encrypted,
    secrets_are_empty,
)
