"""The demo's second act: a node boots by its own user data, answers, is lost, and the provider answers again."""

import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from leanto.cli import screen
from leanto.cli.box_artefacts import give_artefacts
from leanto.cli.demo_steps import Answer, Phases
from leanto.cli.exits import CommandError, Exit
from leanto.cli.place import Place
from runtime.decide.nodes import FAILED, READY
from runtime.state.attributes import from_item
from runtime.state.nodes import NODE_PARTITION

BOOT_SECONDS = 120.0
POLL_SECONDS = 0.1
TOKENS = 24
LOCAL = "local/"
PHASES = "root/run/leanto/phases"
"""Where a node of the box writes down each part of its boot as it is done."""


def runs_nodes() -> bool:
    """Tell whether the box runs nodes on this system, and say so where it does not."""
    if platform.system() == "Linux":
        return True
    screen.say("no node is started: on systems other than Linux the box has no addresses for nodes")
    return False


def tell_of_a_node(place: Place, outputs: Mapping[str, Any], ask: Callable[..., Answer], phases: Phases) -> None:
    """Start a node, ask it, take it away under the endpoint's feet, ask again, and bring the group back to zero."""
    pool = _Pool(place, outputs)
    with phases.phase("node: boot and answer"):
        give_artefacts(place, str(outputs["pool_bucket_name"]))
        started = time.monotonic()
        pool.desire(1)
        node = pool.wait_until_ready()
        answer = _answer_of(ask, local=True)
        own = sum(node["phases"].values()) / 1000
        screen.say(
            f"answered by {answer.upstream}, whose weights are random: {len(answer.text)} characters without sense.\n"
            f"From desired capacity 1 to the first token through the endpoint {answer.first_at - started:.1f} s, "
            f"{own:.1f} s of them the node's own steps."
        )
    with phases.phase("node: lost"):
        pool.terminate(node["sk"])
        screen.say(f"the node is terminated; answered by {_answer_of(ask, local=False).upstream}")
        pool.desire(0)
        pool.wait_until_gone()
        screen.say("the group is back at zero nodes, and nothing of the node runs any more")


def _answer_of(ask: Callable[..., Answer], *, local: bool) -> Answer:
    """Ask until the pool answers, or until it does not: the gateway sees a change of the pool within seconds."""
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        answer = ask(show=lambda _: None, max_tokens=TOKENS)
        if answer.upstream.startswith(LOCAL) == local:
            return answer
        if time.monotonic() > deadline:
            raise CommandError(f"the endpoint goes on answering by {answer.upstream}", Exit.FAILED)
        time.sleep(POLL_SECONDS)


class _Pool:
    """The group of the deployed stack and what its nodes say of themselves."""

    def __init__(self, place: Place, outputs: Mapping[str, Any]) -> None:
        self._place, self._table, self._group = place, str(outputs["table_name"]), str(outputs["group_name"])
        self._home = place.box.home / "instances" if place.box is not None else Path()

    def desire(self, count: int) -> None:
        """Set how many nodes the group has to have."""
        screen.say(f"{self._group}: desired capacity {count}")
        scaling = self._place.client("autoscaling")
        scaling.set_desired_capacity(AutoScalingGroupName=self._group, DesiredCapacity=count)

    def terminate(self, node_id: str) -> None:
        """End a node without a word to it, as EC2 does with spot capacity, only sooner."""
        self._place.client("ec2").terminate_instances(InstanceIds=[node_id])

    def wait_until_ready(self) -> Mapping[str, Any]:
        """Show the parts of the boot as they come, and return what the node says of itself."""
        shown: list[str] = []
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline:
            for node in self._nodes():
                self._show(node, shown)
                if node["state"] == READY:
                    return node
                if node["state"] == FAILED:
                    raise CommandError(f"the node failed: {node['reason']}", Exit.FAILED)
            time.sleep(POLL_SECONDS)
        raise CommandError(f"no node was ready within {BOOT_SECONDS:.0f} s; see {self._home}/*/log", Exit.FAILED)

    def wait_until_gone(self) -> None:
        """Wait until nothing of a node is left on this machine but its logs."""
        deadline = time.monotonic() + BOOT_SECONDS
        while any(self._home.glob("*/root")):
            if time.monotonic() > deadline:
                raise CommandError(f"the node in {self._home} does not end", Exit.FAILED)
            time.sleep(POLL_SECONDS)

    def _nodes(self) -> list[dict[str, Any]]:
        found = self._place.client("dynamodb").query(
            TableName=self._table,
            KeyConditionExpression="pk = :nodes",
            ExpressionAttributeValues={":nodes": {"S": NODE_PARTITION}},
        )
        return [from_item(item) for item in found["Items"]]

    def _show(self, node: Mapping[str, Any], shown: list[str]) -> None:
        """Show what is new: parts of the boot as the node writes them down, then those that its agent tells of."""
        path = self._home / node["sk"] / PHASES
        try:
            lines = path.read_text("utf-8").splitlines()
        except OSError:
            lines = []
        told = [f"{name} {milliseconds}" for name, milliseconds in node.get("phases", {}).items()]
        for line in (*lines, *told):
            if line not in shown:
                shown.append(line)
                name, _, milliseconds = line.partition(" ")
                screen.say(f"  {node['sk']}: {name} {int(milliseconds) / 1000:.1f} s")
