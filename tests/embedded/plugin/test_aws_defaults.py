"""Claim: outputs and unasked-for settings are those of the official provider and of AWS."""

import json

from leanto.embedded.plugin import lifecycle
from leanto.embedded.plugin.registry import RESOURCES
from tests.embedded.plugin.sample import World
from tests.embedded.plugin.samples_dynamodb import KEYS, TABLE
from tests.embedded.plugin.samples_iam import ROLE, grant, trust
from tests.embedded.plugin.samples_kms import ALIAS, KEY
from tests.embedded.plugin.samples_s3 import BUCKET, OBJECT, VERSIONING
from tests.embedded.plugin.samples_secretsmanager import SECRET


def test_a_new_bucket_is_private_and_encrypted_as_aws_makes_it(world: World) -> None:
    bucket, s3 = world.make(BUCKET, "Store"), world.client("s3")
    block = s3.get_public_access_block(Bucket=bucket["id"])["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    rules = s3.get_bucket_encryption(Bucket=bucket["id"])["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    controls = s3.get_bucket_ownership_controls(Bucket=bucket["id"])["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_the_outputs_of_a_bucket(world: World) -> None:
    bucket = world.make(BUCKET, "Store")
    name = bucket["bucket"]
    assert {key: bucket[key] for key in bucket.keys() - {"bucket", "id", "tags", "tagsAll"}} == {
        "arn": f"arn:aws:s3:::{name}",
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegion": "eu-west-1",
        "bucketRegionalDomainName": f"{name}.s3.eu-west-1.amazonaws.com",
        "forceDestroy": False,
        "hostedZoneId": "Z1BKCTXD74EZPE",
        "objectLockEnabled": False,
        "region": "eu-west-1",
    }


def test_the_outputs_of_a_key_and_its_alias(world: World) -> None:
    key = world.make(KEY, "data")
    key_id = key["keyId"]
    assert key["id"] == key_id
    assert key["arn"] == f"arn:aws:kms:eu-west-1:{world.backend.account_id}:key/{key_id}"
    assert (key["multiRegion"], key["customKeyStoreId"], key["xksKeyId"]) == (False, "", "")
    statement = json.loads(key["policy"])["Statement"][0]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{world.backend.account_id}:root"}
    alias = world.make(ALIAS, "data", targetKeyId=key_id)
    assert alias["id"] == alias["name"]
    assert alias["arn"] == f"arn:aws:kms:eu-west-1:{world.backend.account_id}:{alias['name']}"
    assert alias["targetKeyArn"] == key["arn"]


def test_the_rotation_period_is_the_asked_one_or_a_year(world: World) -> None:
    assert world.make(KEY, "one", enableKeyRotation=True)["rotationPeriodInDays"] == 365
    assert world.make(KEY, "two", enableKeyRotation=True, rotationPeriodInDays=180)["rotationPeriodInDays"] == 180


def test_a_deleted_key_is_scheduled_for_the_window_and_counts_as_gone(world: World) -> None:
    state = world.create(KEY, {"deletionWindowInDays": 7})
    resource = RESOURCES[KEY]
    lifecycle.delete(resource, world.backend, world.configuration, state.resource_id, state.outputs)
    found = world.client("kms").describe_key(KeyId=state.resource_id)["KeyMetadata"]
    assert found["KeyState"] == "PendingDeletion"
    days = (found["DeletionDate"] - found["CreationDate"]).total_seconds() / 86400
    assert 6.9 < days < 7.1


def test_the_outputs_of_roles_and_what_hangs_on_them(world: World) -> None:
    role = world.make(ROLE, "gateway", assumeRolePolicy=trust("lambda.amazonaws.com"))
    assert role["id"] == role["name"]
    assert role["arn"] == f"arn:aws:iam::{world.backend.account_id}:role/{role['name']}"
    assert role["uniqueId"].startswith("AROA")
    assert role["createDate"].endswith("Z")
    assert (role["path"], role["maxSessionDuration"]) == ("/", 3600)
    policy = world.make("aws:iam/rolePolicy:RolePolicy", "gateway", role=role["name"], policy=grant("s3:GetObject"))
    assert policy["id"] == f"{role['name']}:{policy['name']}"
    profile = world.make("aws:iam/instanceProfile:InstanceProfile", "node", role=role["name"])
    assert len(profile["uniqueId"]) >= 20


def test_the_outputs_of_a_table(world: World) -> None:
    table = world.make(TABLE, "keys", attributes=[KEYS[0]], hashKey="pk", billingMode="PAY_PER_REQUEST")
    assert table["id"] == table["name"]
    assert table["arn"] == f"arn:aws:dynamodb:eu-west-1:{world.backend.account_id}:table/{table['name']}"
    assert (table["streamArn"], table["streamLabel"], table["tableClass"]) == ("", "", "STANDARD")
    assert (table["readCapacity"], table["pointInTimeRecovery"]) == (0, {"enabled": False})


def test_the_id_of_a_secret_is_its_arn(world: World) -> None:
    secret = world.make(SECRET, "provider", recoveryWindowInDays=0)
    assert secret["id"] == secret["arn"]
    assert secret["arn"].startswith(
        f"arn:aws:secretsmanager:eu-west-1:{world.backend.account_id}:secret:{secret['name']}-"
    )
    assert (secret["policy"], secret["forceOverwriteReplicaSecret"]) == ("", False)


def test_a_secret_is_scheduled_or_deleted_at_once_as_its_window_says(world: World) -> None:
    resource, client = RESOURCES[SECRET], world.client("secretsmanager")
    for window, is_there in ((7, True), (0, False)):
        state = world.create(SECRET, {"recoveryWindowInDays": window})
        lifecycle.delete(resource, world.backend, world.configuration, state.resource_id, state.outputs)
        names = {one["Name"] for one in client.list_secrets(IncludePlannedDeletion=True)["SecretList"]}
        assert (state.outputs["name"] in names) == is_there


def test_each_upload_to_a_versioned_bucket_is_a_version_and_all_go_with_the_object(world: World) -> None:
    bucket = world.make(BUCKET, "store")["id"]
    world.make(VERSIONING, bucket=bucket, versioningConfiguration={"status": "Enabled"})
    resource = RESOURCES[OBJECT]
    state = world.create(OBJECT, {"bucket": bucket, "content": "one"}, name="boot.sh")
    assert state.resource_id == "boot.sh"
    news = world.check(OBJECT, {"bucket": bucket, "content": "two"}, name="boot.sh", olds=state.inputs)
    after = lifecycle.update(resource, world.backend, world.configuration, "boot.sh", state.inputs, news)
    assert after.outputs["versionId"] not in {"", state.outputs["versionId"]}
    other = world.create(OBJECT, {"bucket": bucket, "content": "kept"}, name="boot.sh.old")
    lifecycle.delete(resource, world.backend, world.configuration, "boot.sh", after.outputs)
    left = world.client("s3").list_object_versions(Bucket=bucket)
    assert [one["Key"] for one in left["Versions"]] == ["boot.sh.old"]
    lifecycle.delete(resource, world.backend, world.configuration, "boot.sh.old", other.outputs)
