"""Claim: the real engine deploys, previews, refreshes, changes, imports and destroys through this plugin."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pytest

from leanto.embedded.aws import AwsServer
from leanto.embedded.leftovers import remains
from leanto.embedded.plugin.clients import ClientCache
from leanto.engine.errors import EngineError
from leanto.engine.find import Engine, ensure
from tests.embedded.plugin.engine_stack import EngineStack, changes, depends_on
from tests.embedded.plugin.samples_iam import trust
from tests.embedded.plugin.samples_s3 import tls_only

pytestmark = pytest.mark.engine

Starter = Callable[[Callable[[EngineStack], None]], EngineStack]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return ensure(print)


@pytest.fixture
def box() -> Iterator[AwsServer]:
    """An account of its own for each stack, so that what is left can be counted."""
    with AwsServer() as server:
        yield server


@pytest.fixture
def start(engine: Engine, box: AwsServer, tmp_path: Path) -> Starter:
    return lambda program: EngineStack(engine, box, tmp_path, program)


def storage(stack: EngineStack) -> None:
    """One of each type of the data and identity areas, tied together as the real program ties them."""
    given = stack.settings
    account = aws.get_caller_identity().account_id
    administrators = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*"}
    key = aws.kms.Key(
        "data",
        enable_key_rotation=True,
        rotation_period_in_days=180,
        description=given.get("description", "data"),
        policy=json.dumps({"Version": "2012-10-17", "Statement": [administrators | {"Resource": "*"}]}),
    )
    aws.kms.Alias("data", target_key_id=key.key_id)
    bucket = aws.s3.Bucket("Store", force_destroy=True, tags=given.get("tags", {"part": "store"}))
    block = aws.s3.BucketPublicAccessBlock("store", bucket=bucket.id, block_public_acls=True, block_public_policy=True)
    aws.s3.BucketOwnershipControls("store", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"})
    versioning = aws.s3.BucketVersioning("store", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
    aws.s3.BucketServerSideEncryptionConfiguration(
        "store",
        bucket=bucket.id,
        rules=[
            {
                "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn},
                "bucket_key_enabled": True,
            }
        ],
    )
    versions = {"noncurrent_days": 30, "newer_noncurrent_versions": 2}
    aws.s3.BucketLifecycleConfiguration(
        "store",
        bucket=bucket.id,
        rules=[{"id": "tidy", "status": "Enabled", "noncurrent_version_expiration": versions}],
    )
    aws.s3.BucketPolicy("store", bucket=bucket.id, policy=bucket.id.apply(tls_only), opts=depends_on(block))
    stack.root.joinpath("bundle.txt").write_text(given.get("bundle", "one"))
    source = pulumi.FileAsset(str(stack.root / "bundle.txt"))
    bundle = aws.s3.BucketObjectv2("bundle.txt", bucket=bucket.id, source=source, opts=depends_on(versioning))
    table = aws.dynamodb.Table(
        "keys",
        attributes=[{"name": "pk", "type": "S"}],
        hash_key="pk",
        billing_mode="PAY_PER_REQUEST",
        on_demand_throughput={"max_read_request_units": 50, "max_write_request_units": 50},
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
        ttl={"attribute_name": "expires_at", "enabled": True},
    )
    aws.secretsmanager.Secret("provider", kms_key_id=key.arn, recovery_window_in_days=7)
    role = aws.iam.Role("gateway", assume_role_policy=trust("lambda.amazonaws.com"))
    statement = {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": table.arn}
    policy = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.iam.RolePolicy("gateway", role=role.id, policy=policy)
    aws.iam.InstanceProfile("node", role=role.name)
    pulumi.export("bucket", bucket.bucket)
    pulumi.export("all_tags", bucket.tags_all)
    pulumi.export("role", role.name)
    pulumi.export("version", bundle.version_id)


@pytest.mark.long
def test_a_whole_life(start: Starter, box: AwsServer) -> None:
    """Preview, up, nothing to do, no drift, change, drift and its repair, destroy, nothing left."""
    stack = start(storage)
    assert stack.preview().counts() == {"create": 16}
    first = stack.up()
    assert first.counts() == {"create": 16}
    assert first.outputs["all_tags"] == {"owner": "platform", "part": "store"}
    for run in (stack.preview, stack.up, stack.refresh, stack.preview):
        assert changes(run()) == {}

    stack.settings.update(description="other", bundle="two", tags={"part": "other"})
    expected = {
        "Store Bucket": ("update", ("tags", "tagsAll")),
        "bundle.txt BucketObjectv2": ("update", ("source",)),
        "data Key": ("update", ("description",)),
    }
    planned = stack.preview()
    assert changes(planned) == expected
    second = stack.up()
    assert changes(second) == expected
    assert second.outputs["version"] != first.outputs["version"]
    assert changes(stack.preview()) == changes(stack.refresh()) == {}

    iam = ClientCache(box.url).get("iam", "eu-west-1")
    iam.update_role(RoleName=first.outputs["role"], MaxSessionDuration=7200)
    drift = {"gateway Role": ("update", ("maxSessionDuration",))}
    assert changes(stack.refresh()) == drift
    assert changes(stack.up()) == drift
    assert changes(stack.preview()) == {}

    assert stack.destroy().counts() == {"delete": 16}
    left = remains(box.url, "eu-west-1")
    assert left.left == ()
    assert sorted(one.kind for one in left.scheduled) == ["key", "secret"]


def names(stack: EngineStack) -> None:
    """A bucket with a fixed name, a role with a made-up one, and a key in a second region."""
    given = stack.settings
    role = aws.iam.Role("made-up", path=given.get("path", "/"), assume_role_policy=trust("lambda.amazonaws.com"))
    bucket = aws.s3.Bucket("fixed", bucket=given.get("bucket", "fixed-name-one"))
    aws.s3.BucketVersioning("fixed", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
    elsewhere = aws.Provider("elsewhere", region=given.get("elsewhere", "us-east-1"))
    key = aws.kms.Key("elsewhere", deletion_window_in_days=7, opts=pulumi.ResourceOptions(provider=elsewhere))
    pulumi.export("role", role.name)
    pulumi.export("key", key.arn)


@pytest.mark.long
def test_replacements_and_two_regions(start: Starter) -> None:
    """A new fixed name takes its dependants along; a made-up name is made up anew; a provider may move."""
    stack = start(names)
    first = stack.up()
    assert first.outputs["key"].startswith("arn:aws:kms:us-east-1:")
    stack.settings.update(path="/app/", bucket="fixed-name-two", elsewhere="eu-central-1")
    expected = {
        "elsewhere Key": ("replace", ("region",)),
        "fixed Bucket": ("replace", ("bucket",)),
        "fixed BucketVersioning": ("replace", ("bucket",)),
        "made-up Role": ("replace", ("name", "path")),
    }
    assert changes(stack.preview()).keys() == expected.keys()
    done = stack.up()
    assert {name: operation for name, (operation, _) in changes(done).items()} == dict.fromkeys(expected, "replace")
    assert done.outputs["role"] != first.outputs["role"]
    assert done.outputs["key"].startswith("arn:aws:kms:eu-central-1:")
    assert changes(stack.preview()) == {}
    stack.destroy()


def test_an_existing_resource_is_imported_without_a_difference(start: Starter, box: AwsServer) -> None:
    s3 = ClientCache(box.url).get("s3", "eu-west-1")
    s3.create_bucket(Bucket="older", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_tagging(Bucket="older", Tagging={"TagSet": [{"Key": "owner", "Value": "platform"}]})

    def program(stack: EngineStack) -> None:
        aws.s3.Bucket("older", bucket="older", opts=pulumi.ResourceOptions(import_=stack.settings.get("import")))

    stack = start(program)
    stack.settings["import"] = "older"
    assert changes(stack.up()) == {"older Bucket": ("import", ())}
    stack.settings.clear()
    assert changes(stack.preview()) == {}
    stack.destroy()


def test_ignored_changes_are_ignored(start: Starter) -> None:
    def program(stack: EngineStack) -> None:
        options = pulumi.ResourceOptions(ignore_changes=["description", "tags"])
        aws.kms.Key("data", description=stack.settings.get("text"), tags={"a": stack.settings["text"]}, opts=options)

    stack = start(program)
    stack.settings["text"] = "one"
    stack.up()
    stack.settings["text"] = "two"
    assert changes(stack.preview()) == {}
    stack.destroy()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (lambda _: aws.sqs.Queue("jobs"), "AWS in a box does not serve the resource type 'aws:sqs/queue:Queue'"),
        (lambda _: aws.kms.Key("data", deletion_window_in_days=3), "is 3 days, KMS allows 7 to 30"),
        (
            lambda _: aws.iam.RolePolicy("p", role="absent", policy={"Statement": []}),
            'aws:iam/rolePolicy:RolePolicy "p": NoSuchEntity',
        ),
    ],
    ids=["unknown-type", "refused-by-check", "refused-by-aws"],
)
def test_an_error_reaches_the_user_as_one_readable_line(
    start: Starter, program: Callable[[EngineStack], object], message: str
) -> None:
    stack = start(lambda stack: program(stack) and None)
    with pytest.raises(EngineError) as caught:
        stack.up()
    assert message in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_an_embedded_aws_that_is_gone_is_named(start: Starter, box: AwsServer) -> None:
    stack = start(lambda _: aws.s3.Bucket("store") and None)
    stack.up()
    url = box.url
    box.stop()
    with pytest.raises(EngineError) as caught:
        stack.refresh()
    assert f"the embedded AWS at {url} does not answer" in str(caught.value)


def test_what_was_created_in_part_is_completed_by_the_next_run(start: Starter, box: AwsServer) -> None:
    iam = ClientCache(box.url).get("iam", "eu-west-1")
    stack = start(lambda _: aws.iam.InstanceProfile("node", role="comes-later") and None)
    with pytest.raises(EngineError, match="created, but not completed"):
        stack.up()
    iam.create_role(RoleName="comes-later", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    stack.up()
    profiles = iam.list_instance_profiles()["InstanceProfiles"]
    assert [[role["RoleName"] for role in profile["Roles"]] for profile in profiles] == [["comes-later"]]
    assert changes(stack.preview()) == {}
    stack.destroy()
