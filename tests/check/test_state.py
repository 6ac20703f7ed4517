"""Claim: an exported state yields the rows that synthesis yields, and what is encrypted in it stays unknown."""

import json
from pathlib import Path
from typing import Any

import pytest

from leanto.check.results import Options, Source
from leanto.check.state import StateError, read_state
from leanto.embedded.plugin.values import UNKNOWN

SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
URN = "urn:pulumi:dev::shop::"
STACK, PROVIDER = f"{URN}pulumi:pulumi:Stack::shop-dev", f"{URN}pulumi:providers:aws::west"
QUEUE, BUCKET = f"{URN}aws:sqs/queue:Queue::orders", f"{URN}aws:s3/bucket:Bucket::pictures"


def secret(**fields: str) -> dict[str, str]:
    return {SIGNATURE: SECRET, **fields}


def resources() -> list[dict[str, Any]]:
    return [
        {"urn": STACK, "type": "pulumi:pulumi:Stack", "custom": False, "outputs": {"queue": "orders-1"}},
        {
            "urn": PROVIDER,
            "type": "pulumi:providers:aws",
            "custom": True,
            "id": "guid",
            "inputs": {"region": "eu-west-1", "defaultTags": '{"tags": {"team": "shop"}}'},
        },
        {
            "urn": QUEUE,
            "type": "aws:sqs/queue:Queue",
            "custom": True,
            "id": "https://queue/orders",
            "parent": STACK,
            "provider": f"{PROVIDER}::guid",
            "protect": True,
            "ignoreChanges": ["tags"],
            "retainOnDelete": True,
            "dependencies": [BUCKET],
            "propertyDependencies": {"policy": [BUCKET], "name": None},
            "sourcePosition": "project:///__main__.py#12,0",
            "inputs": {
                "__defaults": ["name"],
                "name": "orders-1",
                "delaySeconds": 4,
                "policy": secret(ciphertext="v1:canary"),
                "kmsMasterKeyId": secret(plaintext='"canary-key"'),
                "nested": {"rows": [secret(plaintext='{"a": [1]}')]},
                "nothing": None,
            },
            "outputs": {"arn": "arn:aws:sqs:eu-west-1:1:orders-1", "policy": secret(ciphertext="v1:canary")},
        },
        {
            "urn": BUCKET,
            "type": "aws:s3/bucket:Bucket",
            "custom": True,
            "external": True,
            "id": "pictures",
            "stackTrace": [
                {"sourcePosition": "project:///.venv/lib/python3.11/site-packages/pulumi_aws/s3.py#7"},
                {"sourcePosition": "project:///buckets.py#3"},
            ],
            "inputs": {"other": {SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "urn": QUEUE, "id": "the-id"}},
        },
    ]


def write(folder: Path, rows: Any, **others: Any) -> Path:
    path = folder / "state.json"
    path.write_text(json.dumps({"version": 3, "deployment": {"manifest": {}, "resources": rows, **others}}))
    return path


def test_rows_have_inputs_outputs_options_links_and_the_line_that_made_them(tmp_path: Path) -> None:
    found = read_state(write(tmp_path, resources()))
    rows = {row.urn: row for row in found.resources}
    queue = rows[QUEUE]
    assert (found.project, found.stack, dict(found.outputs)) == ("shop", "dev", {"queue": "orders-1"})
    assert (queue.name, queue.id, queue.parent, queue.custom) == ("orders", "https://queue/orders", STACK, True)
    assert queue.options == Options(protect=True, retain_on_delete=True, ignore_changes=("tags",))
    assert dict(queue.property_dependencies) == {"policy": (BUCKET,), "name": ()}
    assert queue.source == Source("__main__.py", 12)
    assert rows[BUCKET].source == Source("buckets.py", 3), "the line of the program, not of the package"
    assert rows[BUCKET].inputs["other"] == "the-id"
    assert [row.name for row in found.owned()] == ["orders"], "what is only looked up is not the stack's own"
    assert found.resources.index(rows[BUCKET]) < found.resources.index(queue)


def test_secrets_are_named_encrypted_ones_unknown_and_none_is_in_a_message(tmp_path: Path) -> None:
    rows = resources()
    rows[2]["initErrors"] = ["canary-error"]
    found = read_state(write(tmp_path, rows, pending_operations=[{"type": "creating", "resource": rows[2]}]))
    (queue,) = (row for row in found.resources if row.urn == QUEUE)
    assert queue.secret_inputs == ("kmsMasterKeyId", "nested", "policy")
    assert queue.inputs["policy"] is UNKNOWN
    assert queue.outputs["policy"] is UNKNOWN
    assert queue.inputs["kmsMasterKeyId"] == "canary-key"
    assert queue.inputs["nested"] == {"rows": [{"a": [1]}]}
    assert "canary" not in repr((found.assumptions, queue.incomplete))


def test_what_is_gone_or_not_known_to_exist_is_told(tmp_path: Path) -> None:
    rows = resources()
    rows[2]["pendingReplacement"] = True
    rows[3] |= {"external": False, "delete": True}
    found = read_state(write(tmp_path, rows, pending_operations=[{"type": "creating", "resource": {"urn": "urn:x"}}]))
    assert [row.urn for row in found.owned()] == []
    told = {one.subject: one.text for one in found.assumptions}
    assert told.keys() == {QUEUE, BUCKET, "urn:x"}
    assert "deleted to be made anew" in told[QUEUE]
    assert "to be deleted by the next update" in told[BUCKET]
    assert "cut off while creating" in told["urn:x"]


def test_a_checkpoint_of_a_backend_is_read_and_told(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    latest = {"resources": resources()}
    path.write_text(json.dumps({"version": 3, "checkpoint": {"stack": "dev", "latest": latest}}))
    found = read_state(path)
    assert [row.name for row in found.owned()] == ["orders"]
    assert [one.subject for one in found.assumptions] == [str(path)]


def test_a_state_without_resources_is_told(tmp_path: Path) -> None:
    (note,) = read_state(write(tmp_path, [])).assumptions
    assert note.text == "the state holds no resources"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"version": 3, "deployment": {"resources": [', "is no JSON, or is cut off"),
        ("[]", "holds no object"),
        ('{"version": 2, "deployment": {}}', r"version is 2, and states of version 3 or 4 can be read"),
        ('{"deployment": {}}', "version is None"),
        ('{"version": 3}', "it has no deployment"),
        ('{"version": 3, "deployment": {"resources": {}}}', "resources is no list"),
        ('{"version": 3, "deployment": {"resources": [1]}}', "resources is no list of objects"),
        ('{"version": 3, "deployment": {"resources": [{"type": "a:b:C"}]}}', "resource 1 has no urn and type"),
        (
            '{"version": 4, "deployment": {"resources": [{"urn": "urn:pulumi:s::p::a::n", "type": "a", "inputs": 1}]}}',
            "resource 1: inputs is no object",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_the_remedy(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(StateError, match=message) as caught:
        read_state(path)
    assert "pulumi stack export" in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be read: No such file"):
        read_state(tmp_path / "none.json")
    with pytest.raises(StateError, match="cannot be read: Is a directory"):
        read_state(tmp_path)
