"""What each preset creates, in each environment: a change of the program shows up here, to be looked at and accepted.

`pytest tests/infra --accept` writes the snapshots anew.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from leanto.check.results import Synthesis
from tests.infra.synthesised import ENVIRONMENTS, PRESETS, synthesised

SNAPSHOTS = Path(__file__).with_name("snapshots")
NOISE = frozenset({"__defaults", "tagsAll", "region", "source", "code", "userData"})
"""The same everywhere, or a path of this machine; tags, region, code and boot script have tests of their own."""
DOCUMENTS = frozenset({"policy", "assumeRolePolicy", "dashboardBody", "format"})


def inventory(synthesis: Synthesis) -> dict[str, Any]:
    """Return the key inputs of each resource by type and name."""
    return {
        f"{row.type} {row.name}": {
            **({"protect": True} if row.options.protect else {}),
            **{key: readable(key, value) for key, value in sorted(row.inputs.items()) if key not in NOISE},
        }
        for row in sorted(synthesis.owned(), key=lambda row: (row.type, row.name))
    }


def readable(key: str, value: Any) -> Any:
    """Return a property as it is best compared line by line: documents as what they mean."""
    if isinstance(value, dict):
        return {name: readable(name, each) for name, each in sorted(value.items())}
    if isinstance(value, list):
        return [readable(key, each) for each in value]
    return json.loads(value) if key in DOCUMENTS else value


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("preset", PRESETS)
def test_the_inventory_is_the_accepted_one(preset: str, environment: str, accepting: bool) -> None:
    path = SNAPSHOTS / f"{preset}-{environment}.json"
    found = json.loads(json.dumps(inventory(synthesised(preset, environment))))
    if accepting:
        path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert found == json.loads(path.read_text(encoding="utf-8"))


def test_each_snapshot_is_of_a_preset() -> None:
    names = {f"{preset}-{environment}.json" for preset in PRESETS for environment in ENVIRONMENTS}
    assert {path.name for path in SNAPSHOTS.iterdir()} == names


def test_the_inventory_shows_a_change_of_a_policy() -> None:
    """What the snapshot holds is the meaning of documents, not their spelling, and it does hold it."""
    fewer = inventory(synthesised("managed"))
    more = inventory(synthesised("hybrid"))
    key = "aws:iam/rolePolicy:RolePolicy leanto-{}-functions-stop-policy"
    statements = [one[key.format(name)]["policy"]["Statement"] for one, name in ((fewer, "managed"), (more, "hybrid"))]
    added = {one["Sid"] for one in statements[1]} - {one["Sid"] for one in statements[0]}
    assert added == {"FindGroup", "SetGroupToZero"}
