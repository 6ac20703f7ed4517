"""The life of a node: loading, ready, drained or failed; told to the table with every heartbeat."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

from runtime.decide.nodes import DRAIN, DRAINED, DRAINING, FAILED, LOADING, READY
from runtime.log import now_iso, write_line
from runtime.node.configuration import NodeConfiguration
from runtime.node.slots import Slots

POLL_SECONDS = 0.25
RESTARTS = 3
"""So many times in a row the engine is started anew; after that the node gives up, as another would do no better."""


class Prober(Protocol):
    """What the life of a node needs of its engine."""

    async def is_loaded(self) -> bool:
        """Whether the engine says that its model is loaded."""

    async def makes_tokens(self) -> bool:
        """Whether one token comes out of it."""


class Life:
    """The state of one node and what changes it. `changed` is set whenever it did."""

    def __init__(
        self,
        configuration: NodeConfiguration,
        engine: Prober,
        slots: Slots,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.state = LOADING
        self.reason = ""
        self.phases: dict[str, int] = {}
        self.changed = asyncio.Event()
        self._configuration = configuration
        self._engine = engine
        self._slots = slots
        self._clock = clock
        self._draining: asyncio.Task[None] | None = None

    async def watch_engine(self) -> None:
        """Make the node ready, keep it so, and return when it has failed."""
        if not await self._comes_up("engine_start", "first_token"):
            return
        failures, probed = 0, self._clock()
        while True:
            await asyncio.sleep(self._configuration.heartbeat_seconds)
            is_due = self._clock() - probed >= self._configuration.probe_seconds and not self._slots.busy
            works = await self._engine.is_loaded() and (not is_due or await self._engine.makes_tokens())
            probed = self._clock() if is_due else probed
            if works:
                failures = 0 if is_due else failures
                continue
            failures += 1
            if failures > RESTARTS:
                self.fail(f"the engine stopped working {failures} times in a row")
                return
            self._restart()
            if not await self._comes_up("engine_restart", "first_token_again"):
                return

    async def _comes_up(self, *phases: str) -> bool:
        """Wait until the engine is loaded and has made a token, and open the node; False when that takes too long."""
        begun, steps = self._clock(), (self._engine.is_loaded, self._engine.makes_tokens)
        end = begun + self._configuration.start_seconds
        for phase, step in zip(phases, steps, strict=True):
            while not await step():
                if self._clock() >= end:
                    what = "was not loaded" if step is steps[0] else "made no token"
                    self.fail(f"the engine {what} within {self._configuration.start_seconds:g} s")
                    return False
                await asyncio.sleep(POLL_SECONDS)
            self.phases[phase] = round((self._clock() - begun) * 1000)
            begun = self._clock()
        if self._draining is None:
            self._slots.open()
            self._become(READY)
        return True

    def obey(self, order: str) -> None:
        """Carry out an order that stood in the table."""
        if order == DRAIN:
            self.drain(self._configuration.drain_seconds)

    def drain(self, seconds: float) -> None:
        """Take no new requests, and say that the node is drained when the last has ended, or after so many seconds."""
        if self._draining is None and self.state != FAILED:
            self._slots.close("draining")
            self._become(DRAINING)
            self._draining = asyncio.ensure_future(self._drain(seconds))

    async def drained(self) -> None:
        """Wait until an order to drain has been carried out."""
        if self._draining is not None:
            await self._draining

    async def _drain(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._slots.wait_idle()
        except TimeoutError:
            self.reason = f"{self._slots.busy} requests were still running after {seconds:g} s"
        if self.state == DRAINING:
            self._become(DRAINED)

    def _restart(self) -> None:
        """Close the node and have the engine started anew: whoever may do so watches the file."""
        if self._draining is None:
            self._slots.close("not_ready")
            self._become(LOADING)
        self._configuration.engine_restart_file.touch()

    def fail(self, reason: str) -> None:
        """Give up."""
        self._slots.close("not_ready")
        self.reason = reason
        self._become(FAILED)

    def _become(self, state: str) -> None:
        self.state = state
        self.changed.set()
        line: dict[str, Any] = {"time": now_iso(), "level": "info", "event": "node_state", "state": state}
        write_line(line | ({"reason": self.reason} if self.reason else {}))
