"""What the nodes of the pool say of themselves, and which of them is asked; pure."""

import statistics
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

BOOTING, LOADING, READY, DRAINING, DRAINED, FAILED = "booting", "loading", "ready", "draining", "drained", "failed"
STATES = (BOOTING, LOADING, READY, DRAINING, DRAINED, FAILED)
DRAIN = "drain"
"""The order that makes a node take no new requests and finish those it has."""

HEARTBEAT_SECONDS = 5
STALE_SECONDS = 3 * HEARTBEAT_SECONDS
"""A node that has not been heard of for so long is not chosen, and one whose clock is as wrong neither."""

BOOT_SECONDS = 120
"""What a start is taken to last where no node has told: the budget of a boot, doubled."""


@dataclass(frozen=True)
class Node:
    """A node as its last heartbeat describes it; times are in seconds since the epoch, `phases` in milliseconds.

    `address` is its private IPv4 address, `fingerprint` the SHA-256 of its certificate in hex digits. `slots` is how
    many requests its engine works on at once, `busy` on how many it does, `queued` how many wait at the node.
    """

    id: str
    state: str
    model: str = ""
    address: str = ""
    port: int = 0
    fingerprint: str = ""
    slots: int = 0
    busy: int = 0
    queued: int = 0
    heartbeat: int = 0
    started: int = 0
    engine: str = ""
    instance_type: str = ""
    zone: str = ""
    market: str = ""
    order: str = ""
    reason: str = ""
    tokens_per_second: float = 0.0
    phases: Mapping[str, int] = field(default_factory=dict)

    def is_heard(self, now: float) -> bool:
        """Whether its last heartbeat is fresh."""
        return abs(now - self.heartbeat) <= STALE_SECONDS

    @property
    def load(self) -> float:
        """Requests at the node for each of its slots."""
        return (self.busy + self.queued) / self.slots if self.slots else float("inf")


def serving(nodes: Iterable[Node], model: str, now: float) -> list[Node]:
    """Return the nodes that take requests for a model."""
    return [
        node
        for node in nodes
        if node.state == READY and node.model == model and node.order != DRAIN and node.slots > 0 and node.is_heard(now)
    ]


def starting(nodes: Iterable[Node], model: str, now: float) -> list[Node]:
    """Return the nodes that will take requests for a model soon: they boot, and have not done so for far too long."""
    return [
        node
        for node in nodes
        if node.state in {BOOTING, LOADING} and node.model == model and 0 <= now - node.started <= 5 * BOOT_SECONDS
    ]


def choose(nodes: Iterable[Node], tried: Collection[str], jitter: Mapping[str, float]) -> Node | None:
    """Return the least busy of the nodes that were not tried yet, None when there is none.

    `jitter` holds a random number from 0 to 1 for each node: gateways that see the same heartbeats spread.
    """
    left = [node for node in nodes if node.id not in tried]
    return min(left, key=lambda node: (node.load, jitter.get(node.id, 0.0)), default=None)


def cold_start_seconds(nodes: Iterable[Node], model: str, now: float) -> int:
    """Return in how many seconds a node can be expected to serve: as earlier starts went, less what has passed since.

    It is an estimate to be told to clients, never less than one heartbeat.
    """
    known = list(nodes)
    told = [sum(node.phases.values()) / 1000 for node in known if node.phases and node.state not in {BOOTING, FAILED}]
    whole = statistics.median(told) if told else BOOT_SECONDS
    passed = max((now - node.started for node in starting(known, model, now)), default=0.0)
    return max(HEARTBEAT_SECONDS, round(whole - passed))
