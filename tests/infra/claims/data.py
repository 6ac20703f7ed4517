"""Claims about what is kept: keys, buckets, table, secrets, bundles."""

import json

from tests.infra.claims.stack import Claim, Stack, Violations, actions, all_statements, is_true, statements

KEY_ARN = ":key/"


def keys_rotate(stack: Stack) -> Violations:
    """Every key is the account's own, rotates, and can be called back for 7 days, in prod for 30."""
    least = 30 if stack.environment == "prod" else 7
    for key in stack.of("kms/key"):
        if not key.get("enableKeyRotation") or key.get("deletionWindowInDays", 0) < least:
            yield key.name


def key_policies_are_scoped(stack: Stack) -> Violations:
    """A key's policy lets nobody use it without a condition, and administrators do nothing but administer."""
    use = ("Crypt", "DataKey", "ReEncrypt", "Grant")
    for key, statement in all_statements(stack, "kms/key"):
        sees_data = [action for action in actions(statement) if any(word.lower() in action.lower() for word in use)]
        administers = set(sees_data) <= {"kms:ListGrants", "kms:RevokeGrant"}
        if not administers and not statement.get("Condition"):
            yield f"{key.name}: {statement.get('Sid')} has no condition"
        if statement["Principal"] in ("*", {"AWS": "*"}) and "aws:PrincipalArn" not in json.dumps(statement):
            yield f"{key.name}: {statement.get('Sid')} is for anybody"


def buckets_are_private(stack: Stack) -> Violations:
    """Every bucket blocks the public in all four ways and is owned by the account, without access lists."""
    flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    for bucket in stack.of("s3/bucket"):
        name = bucket.get("bucket")
        blocks = [one for one in stack.of("s3/bucketPublicAccessBlock") if one.get("bucket") == name]
        owners = [one for one in stack.of("s3/bucketOwnershipControls") if one.get("bucket") == name]
        if not any(all(one.get(flag) for flag in flags) for one in blocks):
            yield f"{bucket.name} can be made public"
        if not any(one.get("rule.objectOwnership") == "BucketOwnerEnforced" for one in owners):
            yield f"{bucket.name} has access lists"


def buckets_are_encrypted(stack: Stack) -> Violations:
    """Every bucket encrypts with the stack's key, and asks for it once in a while, not for each object."""
    for bucket in stack.of("s3/bucket"):
        rules = [
            rule
            for one in stack.of("s3/bucketServerSideEncryptionConfiguration")
            if one.get("bucket") == bucket.get("bucket")
            for rule in one.get("rules")
        ]
        defaults = [rule["applyServerSideEncryptionByDefault"] for rule in rules if rule.get("bucketKeyEnabled")]
        if not any(one["sseAlgorithm"] == "aws:kms" and KEY_ARN in one.get("kmsMasterKeyId", "") for one in defaults):
            yield bucket.name


def buckets_keep_versions_for_a_while(stack: Stack) -> Violations:
    """Every bucket keeps old versions, and deletes them and the rest of broken uploads after some days."""
    for bucket in stack.of("s3/bucket"):
        name = bucket.get("bucket")
        versions = [one for one in stack.of("s3/bucketVersioning") if one.get("bucket") == name]
        lifecycles = [one for one in stack.of("s3/bucketLifecycleConfiguration") if one.get("bucket") == name]
        rules = [rule for one in lifecycles for rule in one.get("rules") if rule["status"] == "Enabled"]
        if not any(one.get("versioningConfiguration.status") == "Enabled" for one in versions):
            yield f"{bucket.name} keeps no versions"
        if not any((rule.get("noncurrentVersionExpiration") or {}).get("noncurrentDays") for rule in rules):
            yield f"{bucket.name} keeps old versions for ever"
        if not any((rule.get("abortIncompleteMultipartUpload") or {}).get("daysAfterInitiation") for rule in rules):
            yield f"{bucket.name} keeps broken uploads for ever"


def buckets_want_tls(stack: Stack) -> Violations:
    """Every bucket refuses whatever does not come over TLS, for the bucket and all objects in it."""
    for bucket in stack.of("s3/bucket"):
        policies = [one for one in stack.of("s3/bucketPolicy") if one.get("bucket") == bucket.get("bucket")]
        wanted = {bucket.get("arn"), f"{bucket.get('arn')}/*"}
        if not any(
            statement["Effect"] == "Deny"
            and statement["Principal"] == "*"
            and actions(statement) == ["s3:*"]
            and set(statement["Resource"]) == wanted
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for policy in policies
            for statement in statements(policy.get("policy"))
        ):
            yield bucket.name


def table_is_encrypted_and_recoverable(stack: Stack) -> Violations:
    """The table encrypts with the stack's key, and can be set back to any second of the last weeks."""
    for table in stack.of("dynamodb/table"):
        encrypted = is_true(table.get("serverSideEncryption.enabled"))
        if not encrypted or KEY_ARN not in table.get("serverSideEncryption.kmsKeyArn", ""):
            yield f"{table.name} is not encrypted with the stack's key"
        if not table.get("pointInTimeRecovery.enabled"):
            yield f"{table.name} cannot be set back"


def table_throughput_is_bounded(stack: Stack) -> Violations:
    """The table is paid by use, up to a bound on reads and on writes."""
    for table in stack.of("dynamodb/table"):
        bounds = [table.get(f"onDemandThroughput.max{kind}RequestUnits", 0) for kind in ("Read", "Write")]
        if table.get("billingMode") != "PAY_PER_REQUEST" or min(bounds) < 1:
            yield table.name


def table_forgets_nodes_only(stack: Stack) -> Violations:
    """What is forgotten has the attribute that only nodes write; nothing about money has it."""
    for table in stack.of("dynamodb/table"):
        if (table.get("ttl.enabled"), table.get("ttl.attributeName")) != (True, "expires"):
            yield table.name


def secrets_are_created_empty(stack: Stack) -> Violations:
    """Providers' keys have an encrypted place, and no value of theirs passes through the program."""
    yield from (item.name for item in stack.of("secretsmanager/secretVersion", "ssm/parameter"))
    least = 30 if stack.environment == "prod" else 7
    for secret in stack.of("secretsmanager/secret"):
        if KEY_ARN not in secret.get("kmsKeyId", "") or secret.get("recoveryWindowInDays", 0) < least:
            yield secret.name


def code_is_pinned(stack: Stack) -> Violations:
    """Each function runs one version of one object of the code bucket, whose hash the program says."""
    buckets = {bucket.get("bucket") for bucket in stack.of("s3/bucket")}
    for function in stack.of("lambda/function"):
        if function.get("s3Bucket") not in buckets or not function.get("s3ObjectVersion"):
            yield f"{function.name} has no version of its code"
        if not function.get("sourceCodeHash"):
            yield f"{function.name} has no hash of its code"


def prod_is_protected(stack: Stack) -> Violations:
    """In prod neither Pulumi nor AWS deletes table, keys, buckets and secrets at a word, and no bucket is emptied."""
    if stack.environment != "prod":
        return
    for item in stack.of("dynamodb/table", "kms/key", "s3/bucket", "secretsmanager/secret"):
        if not item.protect:
            yield f"{item.name} is not protected"
        if item.get("forceDestroy"):
            yield f"{item.name} is emptied on destroy"
    for table in stack.of("dynamodb/table"):
        if not table.get("deletionProtectionEnabled"):
            yield f"{table.name} can be deleted"


CLAIMS: tuple[Claim, ...] = (
    keys_rotate,
    key_policies_are_scoped,
    buckets_are_private,
    buckets_are_encrypted,
    buckets_keep_versions_for_a_while,
    buckets_want_tls,
    table_is_encrypted_and_recoverable,
    table_throughput_is_bounded,
    table_forgets_nodes_only,
    secrets_are_created_empty,
    code_is_pinned,
    prod_is_protected,
)
