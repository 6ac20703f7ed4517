"""What a node says of itself, every few seconds and whenever its state changes; the answer holds orders for it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from runtime.aws import AwsError
from runtime.log import write_error
from runtime.node.configuration import NodeConfiguration
from runtime.node.life import Life
from runtime.node.metadata import Instance
from runtime.node.slots import Slots


class Items(Protocol):
    """Where heartbeats are written."""

    async def beat(self, node_id: str, values: dict[str, object], now: int) -> str:
        """Write what a node says of itself; returns the order that stands there. Raises AwsError."""


class Counter(Protocol):
    """Who knows how many tokens the engine has made."""

    async def generated_tokens(self) -> float | None:
        """Return how many tokens it has made since its start, None where it does not say."""


class Heartbeat:
    """Writes one node's item; a table that does not answer is asked again with the next beat."""

    def __init__(
        self,
        configuration: NodeConfiguration,
        instance: Instance,
        fingerprint: str,
        life: Life,
        slots: Slots,
        engine: Counter,
        items: Items,
        clock: Callable[[], float] = time.time,
    ):
        self._configuration = configuration
        self._instance = instance
        self._life = life
        self._slots = slots
        self._engine = engine
        self._items = items
        self._clock = clock
        self._tokens: tuple[float, float] | None = None
        self._fixed: dict[str, object] = {
            "address": configuration.address,
            "port": configuration.port,
            "fingerprint": fingerprint,
            "model": configuration.model,
            "engine": configuration.engine,
            "slots": slots.slots,
            "instance_type": instance.type,
            "zone": instance.zone,
            "market": instance.market,
        }

    async def beat(self) -> None:
        """Write one heartbeat and have the order in its answer obeyed."""
        self._life.changed.clear()
        boot = read_phases(self._configuration.phases_file)
        values = {
            **self._fixed,
            "state": self._life.state,
            "reason": self._life.reason,
            "busy": self._slots.busy,
            "queued": self._slots.queued,
            "tokens_per_second": await self._tokens_per_second(),
            "phases": {**boot, **self._life.phases},
        }
        try:
            order = await self._items.beat(self._instance.id, values, int(self._clock()))
        except AwsError as error:
            write_error("heartbeat_failed", error)
            return
        self._life.obey(order)

    async def keep(self) -> None:
        """Beat for ever: every few seconds, and at once when the state changes."""
        while True:
            await self.beat()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._configuration.heartbeat_seconds):
                    await self._life.changed.wait()

    async def _tokens_per_second(self) -> int:
        """Return how many tokens a second were made since the last beat, 0 where nobody knows."""
        tokens, now = await self._engine.generated_tokens(), self._clock()
        before, self._tokens = self._tokens, None if tokens is None else (tokens, now)
        if before is None or tokens is None or tokens < before[0] or now <= before[1]:
            return 0
        return round((tokens - before[0]) / (now - before[1]))


def read_phases(path: Path) -> dict[str, int]:
    """Return the phases that the boot script wrote down, `name milliseconds` a line; what is not so is passed over."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    pairs = [line.split() for line in lines]
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isascii() and pair[1].isdigit()}
