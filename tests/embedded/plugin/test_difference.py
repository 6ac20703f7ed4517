"""Claim: a diff names every changed place, and whether the resource is updated or replaced for it."""

import pytest

from leanto.embedded.plugin.difference import Difference, Kind, difference
from leanto.embedded.plugin.marshal import ASSET, SIGNATURE
from leanto.embedded.plugin.protocol import diff_response
from leanto.embedded.plugin.registry import RESOURCES
from leanto.embedded.plugin.resource import Props
from leanto.embedded.plugin.values import UNKNOWN

BUCKET = RESOURCES["aws:s3/bucket:Bucket"]
POLICY = RESOURCES["aws:s3/bucketPolicy:BucketPolicy"]
ROLE = RESOURCES["aws:iam/role:Role"]
KEY = RESOURCES["aws:kms/key:Key"]
OBJECT = RESOURCES["aws:s3/bucketObjectv2:BucketObjectv2"]


def diff(olds: Props, news: Props, ignored: tuple[str, ...] = (), resource: object = BUCKET) -> Difference:
    return difference(resource, olds, news, ignored)  # type: ignore[arg-type]


def test_each_place_is_named_with_its_kind() -> None:
    olds = {"tags": {"a": "1", "b": "2"}, "rules": [{"x": 1}, 2], "gone": 1, "same": [1]}
    news = {"tags": {"a": "9", "c d": "3"}, "rules": [{"x": 2}, 2, 3], "same": [1.0]}
    assert diff(olds, news).paths == (
        ("gone", Kind.DELETE),
        ("rules[0].x", Kind.UPDATE),
        ("rules[2]", Kind.ADD),
        ("tags.a", Kind.UPDATE),
        ("tags.b", Kind.DELETE),
        ('tags["c d"]', Kind.ADD),
    )
    assert diff(olds, news).changed == ("gone", "rules", "tags")


def test_an_unknown_new_value_is_a_change() -> None:
    assert diff({"tags": {"a": "1"}}, {"tags": {"a": UNKNOWN}}).paths == (("tags.a", Kind.UPDATE),)
    assert diff({"bucket": "a"}, {"bucket": UNKNOWN}).replaces == ("bucket",)


def test_ignored_and_internal_properties_are_no_change() -> None:
    assert (
        diff({"tags": {}, "__defaults": ["bucket"]}, {"tags": {"a": "1"}, "__defaults": []}, ("tags",)) == Difference()
    )


def test_documents_and_sets_are_compared_by_meaning() -> None:
    assert diff({"policy": '{"a": 1}'}, {"policy": '{ "a":1 }'}, resource=POLICY) == Difference()
    assert diff({"policy": '{"a": 1}'}, {"policy": '{"a": 2}'}, resource=POLICY).changed == ("policy",)
    assert diff({"managedPolicyArns": ["a", "b"]}, {"managedPolicyArns": ["b", "a"]}, resource=ROLE) == Difference()


def test_what_aws_makes_up_is_no_change_when_the_program_no_longer_gives_it() -> None:
    assert diff({"policy": "{}"}, {}, resource=KEY) == Difference()
    assert diff({}, {"policy": "{}"}, resource=KEY).changed == ("policy",)


def test_an_asset_changes_as_a_whole_and_by_its_hash() -> None:
    old, new = ({SIGNATURE: ASSET, "path": "bundle.zip", "hash": digest} for digest in ("1", "2"))
    assert diff({"source": old}, {"source": new}, resource=OBJECT).paths == (("source", Kind.UPDATE),)
    assert diff({"source": old}, {"source": dict(old)}, resource=OBJECT) == Difference()


@pytest.mark.parametrize(("defaults", "old_first"), [(["bucket"], False), ([], True)])
def test_a_fixed_name_makes_the_old_resource_go_first(defaults: list[str], old_first: bool) -> None:
    found = diff({"bucket": "a"}, {"bucket": "b", "__defaults": defaults})
    assert (found.replaces, found.delete_before_replace) == (("bucket",), old_first)


def test_an_update_never_asks_for_the_old_resource_to_go_first() -> None:
    assert diff({"tags": {}}, {"tags": {"a": "1"}, "__defaults": []}).delete_before_replace is False


def test_another_region_replaces_whatever_the_type_says() -> None:
    assert diff({"region": "eu-west-1"}, {"region": "us-east-1", "__defaults": ["bucket"]}).replaces == ("region",)


def test_the_engine_is_told_which_places_replace() -> None:
    olds, news = {"bucket": "a", "tags": {"a.b": "1"}}, {"bucket": "b", "tags": {}}
    response = diff_response(diff(olds, news))
    kinds = {path: (detail.Kind.Name(detail.kind), detail.inputDiff) for path, detail in response.detailedDiff.items()}
    assert kinds == {"bucket": ("UPDATE_REPLACE", True), 'tags["a.b"]': ("DELETE", True)}
    assert (response.changes, list(response.diffs), list(response.replaces)) == (2, ["bucket", "tags"], ["bucket"])
    assert diff_response(Difference()).changes == 1
