"""Claim: a deployed pool's nodes boot by their own user data, mend themselves, fail with a reason, and end with it."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.objects import model_key
from leanto.embedded.instances.artefacts import put_artefacts, tiny_model
from leanto.embedded.leftovers import leftovers
from leanto.embedded.processes import session_members
from runtime.state.attributes import from_item
from tests.embedded.instances.conftest import wait_for
from tests.embedded.system.conftest import Deployed

pytestmark = [pytest.mark.engine, pytest.mark.long]

BOOT_SECONDS = 90.0
QUESTION = [{"role": "user", "content": "What is a lean-to?"}]


class Pool:
    """A deployed pool."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.group = deployed.outputs["group_name"]
        self.key = deployed.key()
        self.home = deployed.place.box.home / "instances"

    def desire(self, count: int) -> None:
        scaling = self.deployed.client("autoscaling")
        scaling.set_desired_capacity(AutoScalingGroupName=self.group, DesiredCapacity=count)

    def listed(self) -> list[dict[str, str]]:
        scaling = self.deployed.client("autoscaling")
        return scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self.group])["AutoScalingGroups"][0][
            "Instances"
        ]

    def nodes(self, state: str) -> list[dict[str, Any]]:
        found = self.deployed.client("dynamodb").query(
            TableName=self.deployed.outputs["table_name"],
            KeyConditionExpression="pk = :nodes",
            ExpressionAttributeValues={":nodes": {"S": "NODES"}},
        )
        here = {instance["InstanceId"] for instance in self.listed()}
        items = [from_item(item) for item in found["Items"]]
        return [item for item in items if item["state"] == state and item["sk"] in here]

    def wait_for(self, state: str, count: int = 1) -> list[dict[str, Any]]:
        wait_for(lambda: len(self.nodes(state)) >= count, f"{count} nodes {state}", BOOT_SECONDS)
        return self.nodes(state)

    def empty(self) -> None:
        self.desire(0)
        wait_for(lambda: not list(self.home.glob("*/root")), "the end of the nodes")

    def upstream(self) -> str:
        """Ask, and return who answered."""
        client = self.deployed.openai(self.key)
        answer = client.chat.completions.with_raw_response.create(model="small", messages=QUESTION, max_tokens=8)
        return answer.headers["x-leanto-upstream"]

    def waits_for_upstream(self, name: str) -> None:
        wait_for(lambda: self.upstream() == name, f"an answer by {name}")


@pytest.fixture(scope="module")
def deployed(deploying: Callable) -> Iterator[Deployed]:
    return deploying("hybrid", lambda _place: {"leanto:gpuMaximumNodes": 2})


@pytest.fixture(scope="module")
def pool(deployed: Deployed) -> Pool:
    return Pool(deployed)


def test_two_nodes_at_once_serve_and_are_asked(pool: Pool) -> None:
    pool.desire(2)
    first, second = pool.wait_for("ready", 2)
    assert first["address"] != second["address"]
    assert first["fingerprint"] != second["fingerprint"]
    assert {first["instance_type"], second["instance_type"]} == {"g6.xlarge"}
    assert first["market"] == "spot"
    pool.waits_for_upstream("local/tiny-random")
    pool.empty()
    pool.waits_for_upstream("openai/gpt-6-luna")


def test_a_killed_engine_is_started_again_by_its_unit(pool: Pool) -> None:
    pool.desire(1)
    (node,) = pool.wait_for("ready")
    pool.waits_for_upstream("local/tiny-random")
    log = pool.home / node["sk"] / "log" / "leanto-engine.service.log"
    starts = lambda: log.read_text("utf-8", "replace").count("\nlistening on")  # noqa: E731
    before = starts()
    os.kill(engine_of(pool, node["sk"]), signal.SIGKILL)
    wait_for(lambda: starts() == before + 1, "another start of the engine")
    pool.waits_for_upstream("local/tiny-random")
    pool.empty()


def engine_of(pool: Pool, node_id: str) -> int:
    """Return the engine's process: the one of the box that runs the server with this node's model."""
    for pid in session_members(pool.deployed.place.box.pid):
        words = Path(f"/proc/{pid}/cmdline").read_text("utf-8").split("\0")
        if any(word.endswith("llama_server.py") for word in words) and any(node_id in word for word in words):
            return pid
    raise AssertionError("no engine runs")


def test_a_node_whose_model_is_not_there_fails_with_the_reason_and_is_not_replaced(pool: Pool) -> None:
    bucket = pool.deployed.outputs["pool_bucket_name"]
    (file,) = tiny_model().files
    s3 = pool.deployed.client("s3")
    key = model_key(file.sha256, file.name)
    s3.delete_object(Bucket=bucket, Key=key)
    pool.desire(1)
    (node,) = pool.wait_for("failed")
    assert key in node["reason"]
    wait_for(lambda: not list(pool.home.glob("*/root")), "the end of the node")
    assert [(one["InstanceId"], one["HealthStatus"]) for one in pool.listed()] == [(node["sk"], "Unhealthy")]
    told = s3.get_object(Bucket=bucket, Key=f"boot/{node['sk']}.txt")["Body"].read().decode()
    assert key in told
    assert pool.upstream() == "openai/gpt-6-luna"
    pool.empty()
    put_artefacts_again(pool)


def put_artefacts_again(pool: Pool) -> None:
    from leanto.artefacts.bucket import Bucket
    from leanto.artefacts.watch import SILENT

    put_artefacts(Bucket(pool.deployed.client("s3"), pool.deployed.outputs["pool_bucket_name"]), SILENT)


def test_a_stack_that_is_destroyed_takes_its_running_nodes_along(pool: Pool) -> None:
    pool.desire(1)
    (node,) = pool.wait_for("ready")
    engine = engine_of(pool, node["sk"])
    place = pool.deployed.place
    place.deployment.destroy()
    wait_for(lambda: not Path(f"/proc/{engine}").exists(), "the end of the engine")
    wait_for(lambda: not list(pool.home.glob("*/root")), "the end of the node")
    assert leftovers(place.box.aws_url, place.region) == ()
