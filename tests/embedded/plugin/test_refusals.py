"""Claim: what AWS refuses and moto accepts is refused, before anything is made where that can be known."""

import json
from collections.abc import Callable

import pytest

from leanto.embedded.plugin import lifecycle
from leanto.embedded.plugin.configuration import Configuration
from leanto.embedded.plugin.errors import RefusedError
from leanto.embedded.plugin.policy_documents import problems
from leanto.embedded.plugin.registry import RESOURCES
from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import World
from tests.embedded.plugin.samples_dynamodb import KEYS, TABLE
from tests.embedded.plugin.samples_iam import ROLE, trust
from tests.embedded.plugin.samples_kms import ALIAS, KEY
from tests.embedded.plugin.samples_s3 import BUCKET, ENCRYPTION, LIFECYCLE, OBJECT, VERSIONING, a_bucket, tls_only
from tests.embedded.plugin.samples_secretsmanager import SECRET

POLICY = "aws:s3/bucketPolicy:BucketPolicy"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
ON_DEMAND = {"attributes": [KEYS[0]], "hashKey": "pk", "billingMode": "PAY_PER_REQUEST"}


def statement(**changes: object) -> str:
    whole = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*", **changes}
    kept = {key: value for key, value in whole.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [kept]})


def rule(**parts: object) -> list[Props]:
    return [{"id": "r", "status": "Enabled", **parts}]


AT_CHECK: list[tuple[str, Props, str]] = [
    (KEY, {"deletionWindowInDays": 6}, "deletionWindowInDays"),
    (KEY, {"deletionWindowInDays": 31}, "deletionWindowInDays"),
    (KEY, {"enableKeyRotation": True, "rotationPeriodInDays": 89}, "rotationPeriodInDays"),
    (KEY, {"rotationPeriodInDays": 180}, "rotationPeriodInDays"),
    (KEY, {"keyUsage": "EVERYTHING"}, "keyUsage"),
    (KEY, {"policy": "no json"}, "policy"),
    (KEY, {"policy": statement(Principal=None)}, "policy"),
    (KEY, {"customKeyStoreId": "store"}, "customKeyStoreId"),
    (ALIAS, {"targetKeyId": "k", "name": "data"}, "name"),
    (ALIAS, {"targetKeyId": "k", "name": "alias/aws/data"}, "name"),
    (ALIAS, {}, "targetKeyId"),
    (ROLE, {"assumeRolePolicy": "{"}, "assumeRolePolicy"),
    (ROLE, {"assumeRolePolicy": statement(Principal=None)}, "assumeRolePolicy"),
    (ROLE, {"assumeRolePolicy": trust("lambda.amazonaws.com"), "maxSessionDuration": 60}, "maxSessionDuration"),
    ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "policy": statement()}, "policy"),
    ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "policy": statement(Principal=None, Resource=None)}, "policy"),
    ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "policy": statement(Principal=None, Action="all")}, "policy"),
    (BUCKET, {"bucket": "Upper"}, "bucket"),
    (BUCKET, {"bucket": "a..b"}, "bucket"),
    (BUCKET, {"acl": "public-read"}, "acl"),
    (OWNERSHIP, {"bucket": "b", "rule": {"objectOwnership": "Nobody"}}, "rule"),
    (VERSIONING, {"bucket": "b", "versioningConfiguration": {"status": "On"}}, "versioningConfiguration"),
    (
        VERSIONING,
        {"bucket": "b", "versioningConfiguration": {"status": "Enabled", "mfaDelete": "Enabled"}},
        "versioningConfiguration",
    ),
    (
        ENCRYPTION,
        {"bucket": "b", "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "rot13"}}]},
        "rules",
    ),
    (
        ENCRYPTION,
        {
            "bucket": "b",
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256", "kmsMasterKeyId": "k"}}],
        },
        "rules",
    ),
    (LIFECYCLE, {"bucket": "b", "rules": rule()}, "rules"),
    (LIFECYCLE, {"bucket": "b", "rules": rule(status="On", expiration={"days": 1})}, "rules"),
    (LIFECYCLE, {"bucket": "b", "rules": [*rule(expiration={"days": 1}), *rule(expiration={"days": 2})]}, "rules"),
    (
        LIFECYCLE,
        {"bucket": "b", "rules": rule(expiration={"days": 1}, filter={"prefix": "p", "objectSizeLessThan": 9})},
        "rules",
    ),
    (
        LIFECYCLE,
        {"bucket": "b", "rules": rule(expiration={"days": 1, "expiredObjectDeleteMarker": True})},
        "rules",
    ),
    (POLICY, {"bucket": "b", "policy": statement(Effect="allow")}, "policy"),
    (OBJECT, {"bucket": "b", "content": "a", "contentBase64": "YQ=="}, "contentBase64"),
    (OBJECT, {"bucket": "b", "tags": {str(number): "" for number in range(9)}}, "tags"),
    (TABLE, ON_DEMAND | {"readCapacity": 5}, "readCapacity"),
    (TABLE, {"attributes": [KEYS[0]], "hashKey": "pk", "readCapacity": 1}, "writeCapacity"),
    (
        TABLE,
        {
            "attributes": [KEYS[0]],
            "hashKey": "pk",
            "readCapacity": 1,
            "writeCapacity": 1,
            "onDemandThroughput": {"maxReadRequestUnits": 1},
        },
        "onDemandThroughput",
    ),
    (TABLE, ON_DEMAND | {"rangeKey": "sk"}, "attributes"),
    (TABLE, ON_DEMAND | {"streamEnabled": True}, "streamViewType"),
    (TABLE, ON_DEMAND | {"tableClass": "CHEAP"}, "tableClass"),
    (TABLE, ON_DEMAND | {"billingMode": "FREE"}, "billingMode"),
    (TABLE, ON_DEMAND | {"pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 36}}, "pointInTimeRecovery"),
    (SECRET, {"recoveryWindowInDays": 3}, "recoveryWindowInDays"),
    (SECRET, {"recoveryWindowInDays": 31}, "recoveryWindowInDays"),
]


@pytest.mark.parametrize(("token", "inputs", "blamed"), AT_CHECK)
def test_check_refuses_and_names_the_property(token: str, inputs: Props, blamed: str) -> None:
    configuration = Configuration("eu-west-1", {"owner": "a", "stage": "b"})
    checked = lifecycle.check(RESOURCES[token], configuration, "sample", {}, inputs, b"seed")
    assert blamed in {key for key, _ in checked.failures}


def _locked_out(world: World) -> None:
    policy = statement(Principal={"Service": "logs.amazonaws.com"}, Action="kms:*")
    world.create(KEY, {"policy": policy})


def _foreign_bucket(world: World) -> None:
    world.create(POLICY, {"bucket": a_bucket(world), "policy": tls_only("somebody-elses")})


def _public_policy(world: World) -> None:
    bucket = a_bucket(world)
    world.create(POLICY, {"bucket": bucket, "policy": statement(Resource=f"arn:aws:s3:::{bucket}/*")})


def _bucket_twice(world: World) -> None:
    world.create(BUCKET, {"bucket": a_bucket(world)})


def _unversion(world: World) -> None:
    bucket = a_bucket(world)
    world.make(VERSIONING, bucket=bucket, versioningConfiguration={"status": "Enabled"})
    world.create(VERSIONING, {"bucket": bucket, "versioningConfiguration": {"status": "Disabled"}})


def _secret_that_waits_for_its_deletion(world: World) -> None:
    world.make(SECRET, name="provider/openai", recoveryWindowInDays=7)
    world.clear()
    world.create(SECRET, {"name": "provider/openai"})


AT_CREATION: dict[str, tuple[Callable[[World], None], str]] = {
    "key-policy-that-locks-out": (_locked_out, "MalformedPolicyDocumentException"),
    "policy-of-another-bucket": (_foreign_bucket, "MalformedPolicy"),
    "public-policy-on-a-blocked-bucket": (_public_policy, "AccessDenied"),
    "bucket-that-exists": (_bucket_twice, "BucketAlreadyOwnedByYou"),
    "versioned-bucket-disabled": (_unversion, "InvalidArgument"),
    "secret-scheduled-for-deletion": (_secret_that_waits_for_its_deletion, "InvalidRequestException"),
}


@pytest.mark.parametrize("case", AT_CREATION)
def test_creation_refuses_with_the_code_of_aws(case: str, world: World) -> None:
    create, code = AT_CREATION[case]
    with pytest.raises(RefusedError) as caught:
        create(world)
    assert caught.value.code == code


def test_a_boundary_that_does_not_exist_is_refused(world: World) -> None:
    absent = "arn:aws:iam::123456789012:policy/absent"
    with pytest.raises(world.client("iam").exceptions.NoSuchEntityException):
        world.create(ROLE, {"assumeRolePolicy": trust("lambda.amazonaws.com"), "permissionsBoundary": absent})


def test_a_key_policy_may_lock_out_when_the_program_says_so(world: World) -> None:
    policy = statement(Principal={"Service": "logs.amazonaws.com"}, Action="kms:*")
    assert world.make(KEY, policy=policy, bypassPolicyLockoutSafetyCheck=True)["policy"]


def test_a_bucket_with_only_old_versions_is_not_empty(world: World) -> None:
    state = world.create(BUCKET, {})
    s3, bucket = world.client("s3"), state.resource_id
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    s3.delete_object(Bucket=bucket, Key="k")
    resource = RESOURCES[BUCKET]
    with pytest.raises(RefusedError, match="BucketNotEmpty"):
        lifecycle.delete(resource, world.backend, world.configuration, bucket, state.outputs)
    lifecycle.delete(resource, world.backend, world.configuration, bucket, state.outputs | {"forceDestroy": True})
    assert lifecycle.read(resource, world.backend, world.configuration, bucket, state.inputs, {}) is None


def test_a_protected_table_stays(world: World) -> None:
    state = world.create(TABLE, ON_DEMAND | {"deletionProtectionEnabled": True})
    resource, name = RESOURCES[TABLE], state.resource_id
    with pytest.raises(world.client("dynamodb").exceptions.ClientError, match="DeletionProtection"):
        lifecycle.delete(resource, world.backend, world.configuration, name, state.outputs)
    world.client("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=False)
    lifecycle.delete(resource, world.backend, world.configuration, name, state.outputs)


def test_a_good_policy_has_no_problems() -> None:
    assert problems(tls_only("b"), attached_to_resource=True) == []
    assert problems(statement(Principal=None), attached_to_resource=False) == []
