"""Claim: the plugin answers the engine as the official one does, in this process and in one of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import status_pb2

from leanto.embedded.aws import AwsServer
from leanto.embedded.plugin.clients import ClientCache
from leanto.embedded.plugin.marshal import SECRET, SIGNATURE, decode, encode
from leanto.embedded.plugin.values import UNKNOWN
from tests.embedded.plugin.samples_iam import trust
from tests.embedded.plugin.speaking import PROJECT, Plugin, in_process, own_process

KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
BUCKET = "aws:s3/bucket:Bucket"
ROLE = "aws:iam/role:Role"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"
TABLE = "aws:dynamodb/table:Table"


@pytest.fixture(scope="module", params=[in_process, own_process], ids=["in-process", "own-process"])
def plugin(request: pytest.FixtureRequest, aws: AwsServer) -> Iterator[Plugin]:
    with request.param({"AWS_ENDPOINT_URL": aws.url}) as started:
        started.configure()
        yield started


def refused(call: Callable[[], object]) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value


def test_it_presents_itself_as_the_version_that_the_sdk_asks_for(plugin: Plugin) -> None:
    assert plugin.stub.GetPluginInfo(empty_pb2.Empty()).version == version("pulumi-aws")


def test_handshake_and_configure_say_the_same(plugin: Plugin) -> None:
    shaken = plugin.stub.Handshake(pb.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
    configured = plugin.stub.Configure(pb.ConfigureRequest(args=encode({"region": "eu-west-1"})))
    plugin.configure()
    assert (shaken.accept_secrets, shaken.accept_resources, shaken.accept_outputs) == (False, False, False)
    assert (configured.acceptSecrets, configured.acceptResources, configured.acceptOutputs) == (False, False, False)
    assert shaken.supports_autonaming_configuration == configured.supports_autonaming_configuration
    assert configured.supportsPreview


def test_a_preview_knows_the_inputs_and_nothing_that_aws_makes_up(plugin: Plugin) -> None:
    inputs = plugin.check(ALIAS, "data", {"targetKeyId": UNKNOWN})
    planned = plugin.plan(ALIAS, "data", inputs)
    assert planned == {
        "name": inputs["name"],
        "region": "eu-west-1",
        "targetKeyId": UNKNOWN,
        "arn": UNKNOWN,
        "targetKeyArn": UNKNOWN,
    }


def test_unknown_tags_are_unknown_in_all_tags_too(plugin: Plugin) -> None:
    inputs = plugin.check(BUCKET, "store", {"tags": {"table": UNKNOWN}})
    assert (inputs["tags"], inputs["tagsAll"]) == ({"table": UNKNOWN}, UNKNOWN)


def test_a_secret_input_is_used_as_its_value(plugin: Plugin) -> None:
    wrapped = {SIGNATURE: SECRET, "value": "described"}
    made = plugin.make(KEY, "data", {"description": wrapped})
    assert made.outputs["description"] == "described"
    plugin.delete(made)


def test_whole_numbers_stay_whole_all_the_way(plugin: Plugin) -> None:
    made = plugin.make(ROLE, "gateway", {"assumeRolePolicy": trust("lambda.amazonaws.com"), "maxSessionDuration": 7200})
    assert made.outputs["maxSessionDuration"] == 7200
    news = plugin.check(
        ROLE,
        "gateway",
        {"assumeRolePolicy": trust("lambda.amazonaws.com"), "maxSessionDuration": 7200.0},
        made.inputs,
    )
    assert plugin.diff(made, news).changes == pb.DiffResponse.DIFF_NONE
    plugin.delete(made)


def test_create_read_update_and_delete(plugin: Plugin) -> None:
    made = plugin.make(BUCKET, "Store", {"tags": {"part": "store"}})
    assert made.resource_id == made.outputs["bucket"] == made.inputs["bucket"]
    assert made.outputs["tagsAll"] == {"owner": "platform", "part": "store"}
    assert plugin.read(made) == (made.resource_id, made.outputs, made.inputs)

    news = plugin.check(BUCKET, "Store", {"tags": {"part": "other"}}, made.inputs)
    assert news["bucket"] == made.inputs["bucket"]
    found = plugin.diff(made, news)
    assert (list(found.diffs), list(found.replaces)) == (["tags", "tagsAll"], [])
    assert set(found.detailedDiff) == {"tags.part", "tagsAll.part"}
    assert plugin.diff(made, news, ("tags", "tagsAll")).changes == pb.DiffResponse.DIFF_NONE
    assert plugin.update(made, news, preview=True)["arn"] == made.outputs["arn"]
    assert plugin.update(made, news)["tags"] == {"part": "other"}

    plugin.delete(made)
    assert plugin.read(made) == ("", {}, {})
    plugin.delete(made)


def test_a_replacement_is_asked_for_and_its_preview_is_unknown_again(plugin: Plugin) -> None:
    made = plugin.make(BUCKET, "fixed", {"bucket": "fixed-name-one"})
    news = plugin.check(BUCKET, "fixed", {"bucket": "fixed-name-two"}, made.inputs)
    found = plugin.diff(made, news)
    assert (list(found.replaces), found.deleteBeforeReplace) == (["bucket"], True)
    assert plugin.plan(BUCKET, "fixed", news)["arn"] is UNKNOWN
    plugin.delete(made)


def test_the_preview_of_an_update_does_not_know_what_the_update_changes(plugin: Plugin) -> None:
    one, two = plugin.make(KEY, "one"), plugin.make(KEY, "two")
    alias = plugin.make(ALIAS, "data", {"targetKeyId": one.outputs["keyId"]})
    news = plugin.check(ALIAS, "data", {"targetKeyId": two.outputs["keyId"]}, alias.inputs)
    planned = plugin.update(alias, news, preview=True)
    assert (planned["targetKeyArn"], planned["arn"]) == (UNKNOWN, alias.outputs["arn"])
    for made in (alias, one, two):
        plugin.delete(made)


def test_a_resource_that_somebody_else_deleted_is_gone_and_deletes_in_peace(
    plugin: Plugin, clients: ClientCache
) -> None:
    made = plugin.make(BUCKET, "store")
    clients.get("s3", "eu-west-1").delete_bucket(Bucket=made.resource_id)
    assert plugin.read(made)[0] == ""
    plugin.delete(made)


def test_many_creations_at_once(plugin: Plugin, clients: ClientCache) -> None:
    def make(number: int) -> str:
        keys = {"attributes": [{"name": "pk", "type": "S"}], "hashKey": "pk", "billingMode": "PAY_PER_REQUEST"}
        token, news = (TABLE, keys) if number % 2 else (BUCKET, {})
        made = plugin.make(token, f"many{number}", news)
        plugin.delete(made)
        return made.resource_id

    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(make, range(32)))
    assert len(set(made)) == 32
    left = clients.get("dynamodb", "eu-west-1").list_tables()["TableNames"]
    assert set(left).isdisjoint(made)


@pytest.mark.parametrize("method", ["Check", "Diff", "Create", "Read", "Update", "Delete"])
def test_an_unknown_type_is_named_with_those_that_are_served(plugin: Plugin, method: str) -> None:
    requests = {
        "Check": pb.CheckRequest,
        "Diff": pb.DiffRequest,
        "Create": pb.CreateRequest,
        "Read": pb.ReadRequest,
        "Update": pb.UpdateRequest,
        "Delete": pb.DeleteRequest,
    }
    request = requests[method](urn=f"{PROJECT}aws:sqs/queue:Queue::jobs")
    error = refused(lambda: getattr(plugin.stub, method)(request))
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "'aws:sqs/queue:Queue'" in error.details()
    assert BUCKET in error.details()


def test_an_unknown_function_is_named_with_those_that_are_served(plugin: Plugin) -> None:
    error = refused(lambda: plugin.invoke("aws:ec2/getAmi:getAmi"))
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "aws:index/getRegion:getRegion" in error.details()


def test_an_error_of_aws_is_one_line_with_type_name_code_and_remedy(plugin: Plugin) -> None:
    made = plugin.make(BUCKET, "twice", {"bucket": "the-very-same-name"})
    error = refused(lambda: plugin.create(BUCKET, "twice", made.inputs))
    assert error.details() == (
        "aws:s3/bucket:Bucket \"twice\": BucketAlreadyOwnedByYou: a bucket named 'the-very-same-name' exists already. "
        "Remedy: choose another bucket name, or leave it out to have one made up"
    )
    plugin.delete(made)


def test_wrong_arguments_are_one_line_too(plugin: Plugin) -> None:
    inputs = plugin.check(ALIAS, "data", {"targetKeyId": "k"}) | {"targetKeyId": ""}
    error = refused(lambda: plugin.create(ALIAS, "data", inputs))
    assert "TargetKeyId" in error.details()
    assert "\n" not in error.details()
    assert "Traceback" not in error.details()


def test_what_is_created_in_part_is_handed_to_the_engine_and_repaired_by_its_next_update(plugin: Plugin) -> None:
    inputs = plugin.check(PROFILE, "node", {"role": "comes-later"})
    error = refused(lambda: plugin.create(PROFILE, "node", inputs))
    metadata = {item.key: item.value for item in error.trailing_metadata()}
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    detail = pb.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert detail.id == inputs["name"]
    assert "created, but not completed: NoSuchEntity" in detail.reasons[0]
    assert decode(detail.properties)["arn"].endswith(f"instance-profile/{inputs['name']}")

    role = plugin.make(ROLE, "later", {"name": "comes-later", "assumeRolePolicy": trust("ec2.amazonaws.com")})
    response = plugin.stub.Update(
        pb.UpdateRequest(
            id=detail.id,
            urn=f"{PROJECT}{PROFILE}::node",
            olds=detail.properties,
            old_inputs=encode(inputs),
            news=encode(inputs),
        )
    )
    assert decode(response.properties)["role"] == "comes-later"
    delete = pb.DeleteRequest(id=detail.id, urn=f"{PROJECT}{PROFILE}::node", properties=response.properties)
    plugin.stub.Delete(delete)
    plugin.delete(role)


def test_failures_of_check_name_the_property(plugin: Plugin) -> None:
    response = plugin.stub.Check(
        pb.CheckRequest(urn=f"{PROJECT}{KEY}::data", news=encode({"deletionWindowInDays": 3}), randomSeed=b"s")
    )
    assert [(failure.property, failure.reason) for failure in response.failures] == [
        ("deletionWindowInDays", "is 3 days, KMS allows 7 to 30")
    ]


def test_the_engine_may_propose_names(plugin: Plugin) -> None:
    options = pb.CheckRequest.AutonamingOptions
    for mode, name in ((options.PROPOSE, "proposed"), (options.ENFORCE, "proposed")):
        request = pb.CheckRequest(
            urn=f"{PROJECT}{BUCKET}::store", randomSeed=b"s", autonaming=options(proposed_name="proposed", mode=mode)
        )
        assert decode(plugin.stub.Check(request).inputs)["bucket"] == name


def test_a_nested_type_and_a_name_with_colons_are_read_from_the_urn(plugin: Plugin) -> None:
    urn = f"{PROJECT}leanto:infra:Storage$aws:s3/bucket:Bucket::a::b"
    error = refused(lambda: plugin.stub.Create(pb.CreateRequest(urn=urn, properties=encode({"bucket": "x"}))))
    assert 'aws:s3/bucket:Bucket "a::b"' in error.details()


def test_the_functions_say_who_and_where_we_are(plugin: Plugin, aws: AwsServer) -> None:
    identity = plugin.invoke("aws:index/getCallerIdentity:getCallerIdentity")
    assert (identity["accountId"], identity["id"]) == (aws.account_id, aws.account_id)
    assert identity["arn"].startswith("arn:aws:")
    assert plugin.invoke("aws:index/getRegion:getRegion") == {
        "region": "eu-west-1",
        "name": "eu-west-1",
        "id": "eu-west-1",
        "endpoint": "ec2.eu-west-1.amazonaws.com",
        "description": "Europe (Ireland)",
    }
    assert plugin.invoke("aws:index/getRegion:getRegion", {"region": "us-east-2"})["description"] == "US East (Ohio)"
    assert plugin.invoke("aws:index/getPartition:getPartition") == {
        "partition": "aws",
        "id": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }
    zones = plugin.invoke(
        "aws:index/getAvailabilityZones:getAvailabilityZones",
        {"state": "available", "excludeNames": ["eu-west-1b"]},
    )
    assert zones["names"] == ["eu-west-1a", "eu-west-1c"]
    assert (len(zones["zoneIds"]), zones["region"]) == (2, "eu-west-1")
