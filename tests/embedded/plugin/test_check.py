"""Claim: Check fills in what the official provider fills in, and refuses what AWS would refuse."""

import re

import pytest

from leanto.embedded.plugin.check import Checked, Proposal, check
from leanto.embedded.plugin.configuration import Configuration, read_configuration
from leanto.embedded.plugin.registry import RESOURCES
from leanto.embedded.plugin.resource import Props
from leanto.embedded.plugin.values import DEFAULTS_KEY, UNKNOWN

ROLE = RESOURCES["aws:iam/role:Role"]
KEY = RESOURCES["aws:kms/key:Key"]
ALIAS = RESOURCES["aws:kms/alias:Alias"]
BUCKET = RESOURCES["aws:s3/bucket:Bucket"]
OBJECT = RESOURCES["aws:s3/bucketObjectv2:BucketObjectv2"]
CONFIGURATION = Configuration("eu-west-1", {"owner": "platform", "stage": "dev"})
TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}},
}


def checked(resource: object = BUCKET, news: Props | None = None, name: str = "Store", **rest: object) -> Checked:
    given = {"olds": {}, "seed": b"seed", **rest}
    return check(resource, given.pop("configuration", CONFIGURATION), name, news=news or {}, **given)  # type: ignore[arg-type]


def test_a_name_is_made_up_of_the_logical_name_and_seven_hex_digits() -> None:
    assert re.fullmatch(r"gateway-[0-9a-f]{7}", checked(ROLE, {}, "gateway").inputs["name"])
    assert re.fullmatch(r"store-[0-9a-f]{7}", checked().inputs["bucket"]), "bucket names are lower-case"
    assert re.fullmatch(r"alias/data-[0-9a-f]{7}", checked(ALIAS, {}, "data").inputs["name"])


def test_the_key_of_an_object_is_the_logical_name_itself() -> None:
    assert checked(OBJECT, {"bucket": "b"}, "boot.sh").inputs["key"] == "boot.sh"


def test_the_same_seed_makes_the_same_name_and_another_another() -> None:
    assert checked().inputs == checked().inputs
    assert checked().inputs["bucket"] != checked(seed=b"other").inputs["bucket"]


def test_a_made_up_name_stays_for_the_next_run_and_a_given_one_does_not() -> None:
    first = checked().inputs
    assert checked(olds=first, seed=b"other").inputs["bucket"] == first["bucket"]
    given = checked(news={"bucket": "given"}).inputs
    assert given[DEFAULTS_KEY] == ["forceDestroy"]
    assert checked(olds=given, seed=b"other").inputs["bucket"] != "given"


def test_an_unknown_name_is_not_replaced_by_a_made_up_one() -> None:
    assert checked(news={"bucket": UNKNOWN}).inputs["bucket"] is UNKNOWN


def test_a_logical_name_that_leaves_no_room_is_refused_not_cut() -> None:
    assert [key for key, _ in checked(ROLE, {"assumeRolePolicy": TRUST}, "r" * 57).failures] == ["name"]
    assert checked(ROLE, {"assumeRolePolicy": TRUST}, "r" * 56).failures == ()


@pytest.mark.parametrize(
    ("proposal", "name", "failed"),
    [
        (Proposal("mine"), "mine", []),
        (Proposal("mine", enforced=True), "mine", []),
        (Proposal(disabled=True), None, ["bucket"]),
    ],
)
def test_the_project_may_set_how_names_are_made(proposal: Proposal, name: str | None, failed: list[str]) -> None:
    result = checked(proposal=proposal)
    assert (result.inputs.get("bucket"), [key for key, _ in result.failures]) == (name, failed)


def test_defaults_are_filled_in_and_listed() -> None:
    inputs = checked(KEY, {"enableKeyRotation": True}).inputs
    assert inputs["customerMasterKeySpec"] == "SYMMETRIC_DEFAULT"
    assert inputs["enableKeyRotation"] is True
    assert inputs[DEFAULTS_KEY] == ["bypassPolicyLockoutSafetyCheck", "customerMasterKeySpec", "isEnabled", "keyUsage"]


def test_the_region_is_the_providers_unless_the_resource_has_its_own_and_global_services_have_none() -> None:
    assert checked().inputs["region"] == "eu-west-1"
    assert checked(news={"region": "us-east-1"}).inputs["region"] == "us-east-1"
    assert "region" not in checked(ROLE).inputs


def test_default_tags_join_the_resources_own_which_win_and_stay_as_they_are() -> None:
    inputs = checked(news={"tags": {"stage": "prod", "part": "store"}}).inputs
    assert inputs["tags"] == {"stage": "prod", "part": "store"}
    assert inputs["tagsAll"] == {"owner": "platform", "stage": "prod", "part": "store"}
    assert checked(configuration=Configuration("eu-west-1")).inputs["tagsAll"] == {}
    assert "tagsAll" not in checked(ALIAS).inputs


@pytest.mark.parametrize("tags", [UNKNOWN, {"part": UNKNOWN}])
def test_an_unknown_tag_makes_all_tags_unknown(tags: object) -> None:
    assert checked(news={"tags": tags}).inputs["tagsAll"] is UNKNOWN


def test_an_unknown_default_tag_makes_all_tags_unknown() -> None:
    assert checked(configuration=Configuration("eu-west-1", UNKNOWN)).inputs["tagsAll"] is UNKNOWN


def test_a_document_may_be_given_as_an_object_and_becomes_text() -> None:
    text = checked(ROLE, {"assumeRolePolicy": TRUST}).inputs["assumeRolePolicy"]
    assert text.startswith('{"Version": "2012-10-17"')
    assert checked(ROLE, {"assumeRolePolicy": {**TRUST, "Id": UNKNOWN}}).inputs["assumeRolePolicy"] is UNKNOWN


def test_what_is_missing_or_not_emulated_is_refused_with_the_property() -> None:
    assert dict(checked(ROLE).failures).keys() == {"assumeRolePolicy"}
    assert checked(ROLE, {"assumeRolePolicy": UNKNOWN}).failures == ()
    assert "does not emulate" in dict(checked(news={"acl": "private"}).failures)["acl"]


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("aws:kms/key:Key", {"deletionWindowInDays": UNKNOWN, "policy": UNKNOWN}),
        ("aws:s3/bucket:Bucket", {"bucket": UNKNOWN}),
        (
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
            {"bucket": "b", "rule": {"objectOwnership": UNKNOWN}},
        ),
        (
            "aws:dynamodb/table:Table",
            {"billingMode": "PAY_PER_REQUEST", "attributes": [{"name": UNKNOWN, "type": "S"}], "hashKey": UNKNOWN},
        ),
    ],
)
def test_what_is_not_known_yet_is_not_refused(token: str, inputs: Props) -> None:
    assert checked(RESOURCES[token], inputs).failures == ()


def test_the_provider_is_configured_by_json_text_and_falls_back_to_the_environment() -> None:
    args = {"region": "us-west-2", "defaultTags": '{"tags": {"a": "b"}}', "skipMetadataApiCheck": "true"}
    assert read_configuration(args, {}) == Configuration("us-west-2", {"a": "b"})
    assert read_configuration({"defaultTags": UNKNOWN}, {"AWS_REGION": "eu-north-1"}) == Configuration(
        "eu-north-1", UNKNOWN
    )
    with pytest.raises(ValueError, match="aws:region"):
        read_configuration({}, {})
