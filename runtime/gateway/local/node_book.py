"""The pool's nodes as requests meet them: known from a read every few seconds, while somebody asks."""

import asyncio
import random
import time
from collections.abc import Callable, Collection
from typing import Protocol

from runtime.aws import AwsError
from runtime.decide.nodes import Node, choose, cold_start_seconds, serving, starting
from runtime.log import write_error

FRESH_SECONDS = 2.0
"""Nodes tell of themselves every five seconds: looking more often would bring little."""


class NodeStore(Protocol):
    """Where nodes are read."""

    async def all(self) -> list[Node]:
        """Return every node that is known; raises AwsError."""


class NodeBook:
    """Tells which nodes can be asked. Where the table does not answer, what was known holds until it is stale."""

    def __init__(self, store: NodeStore, clock: Callable[[], float] = time.time) -> None:
        """Take the clock of the wall, by which nodes tell the time of their heartbeats."""
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._known: list[Node] = []
        self._read_at = -FRESH_SECONDS

    async def look(self) -> None:
        """Read the nodes unless that was done just now."""
        async with self._lock:
            if 0 <= self._clock() - self._read_at < FRESH_SECONDS:
                return
            self._read_at = self._clock()
            try:
                self._known = await self._store.all()
            except AwsError as error:
                write_error("nodes_unread", error)

    def serves(self, model: str) -> bool:
        """Whether a node serves the model, as far as is known."""
        return bool(serving(self._known, model, self._clock()))

    def next(self, model: str, tried: Collection[str]) -> Node | None:
        """Return the node to ask, None when all that serve the model were tried."""
        nodes = serving(self._known, model, self._clock())
        jitter = {node.id: random.random() for node in nodes}  # noqa: S311 - spreads requests, no secret
        return choose(nodes, tried, jitter)

    def is_starting(self, model: str) -> bool:
        """Whether a node that will serve the model boots."""
        return bool(starting(self._known, model, self._clock()))

    def wait_seconds(self, model: str) -> int:
        """Return after how many seconds a node that is started now, or boots already, can be expected to serve."""
        return cold_start_seconds(self._known, model, self._clock())
