"""Claim: a node is ready once a real token came, closed while its engine is restarted, and gives up before it loops."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from runtime.node.configuration import NodeConfiguration
from runtime.node.life import Life
from runtime.node.slots import RefusedError, Slots


@dataclass
class Engine:
    """Answers as told, one value a call, the last for ever."""

    loaded: list[bool] = field(default_factory=lambda: [True])
    tokens: list[bool] = field(default_factory=lambda: [True])
    probes: int = 0

    async def is_loaded(self) -> bool:
        return self.loaded.pop(0) if len(self.loaded) > 1 else self.loaded[0]

    async def makes_tokens(self) -> bool:
        self.probes += 1
        return self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]


@pytest.fixture
def configuration(tmp_path: Path) -> NodeConfiguration:
    return NodeConfiguration(
        table="t",
        region="eu-west-1",
        model="m",
        engine="llama.cpp",
        engine_url="http://127.0.0.1:1",
        engine_key_file=tmp_path / "key",
        engine_restart_file=tmp_path / "restart",
        certificate_file=tmp_path / "pem",
        key_file=tmp_path / "key.pem",
        phases_file=tmp_path / "phases",
        address="10.0.0.7",
        port=8443,
        slots=2,
        heartbeat_seconds=0.01,
        probe_seconds=0.02,
        start_seconds=0.6,
        drain_seconds=0.2,
    )


def live(
    configuration: NodeConfiguration,
    engine: Engine,
    test: Callable[[Life, Slots, "asyncio.Task[None]"], Awaitable[None]],
) -> None:
    async def run() -> None:
        slots = Slots(configuration.slots, 2)
        life = Life(configuration, engine, slots)
        watch = asyncio.create_task(life.watch_engine())
        try:
            await asyncio.wait_for(test(life, slots, watch), 5)
        finally:
            watch.cancel()

    asyncio.run(run())


async def until(life: Life, state: str) -> None:
    while life.state != state:
        await asyncio.sleep(0.005)


def test_ready_comes_after_the_first_token_and_not_before(configuration: NodeConfiguration) -> None:
    async def test(life: Life, slots: Slots, watch: "asyncio.Task[None]") -> None:
        await asyncio.sleep(0.1)
        assert (life.state, slots.closed_for) == ("loading", "not_ready")
        await until(life, "ready")
        assert slots.closed_for == ""
        assert list(life.phases) == ["engine_start", "first_token"]

    live(configuration, Engine(loaded=[False, True], tokens=[False, True]), test)


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        (Engine(loaded=[False]), "the engine was not loaded within 0.6 s"),
        (Engine(tokens=[False]), "the engine made no token within 0.6 s"),
    ],
)
def test_an_engine_that_never_works_fails_the_node(
    configuration: NodeConfiguration, engine: Engine, words: str
) -> None:
    async def test(life: Life, slots: Slots, watch: "asyncio.Task[None]") -> None:
        await watch
        assert (life.state, life.reason, slots.closed_for) == ("failed", words, "not_ready")
        assert not configuration.engine_restart_file.exists()

    live(configuration, engine, test)


def test_an_engine_that_stops_making_tokens_is_restarted_and_serves_again(configuration: NodeConfiguration) -> None:
    async def test(life: Life, slots: Slots, watch: "asyncio.Task[None]") -> None:
        await until(life, "ready")
        await until(life, "loading")
        assert slots.closed_for == "not_ready"
        assert configuration.engine_restart_file.exists()
        await until(life, "ready")

    live(configuration, Engine(tokens=[True, False, False, True]), test)


def test_a_busy_engine_is_not_probed(configuration: NodeConfiguration) -> None:
    engine = Engine()

    async def test(life: Life, slots: Slots, watch: "asyncio.Task[None]") -> None:
        await until(life, "ready")
        async with slots.admitted():
            before = engine.probes
            await asyncio.sleep(0.1)
            assert engine.probes == before
        await asyncio.sleep(0.1)
        assert engine.probes > before

    live(configuration, engine, test)


def test_an_engine_that_keeps_failing_fails_the_node_after_three_restarts(configuration: NodeConfiguration) -> None:
    # Each restart brings one token, and the next probe none.
    async def test(life: Life, slots: Slots, watch: "asyncio.Task[None]") -> None:
        await watch
        assert (life.state, slots.closed_for) == ("failed", "not_ready")
        assert life.reason == "the engine stopped working 4 times in a row"

    live(configuration, Engine(tokens=[True, False] * 4 + [False]), test)


def test_a_drain_takes_nobody_new_and_ends_when_the_last_request_has(configuration: NodeConfiguration) -> None:
    async def test(life: Life, slots: Slots, watch: "asyncio.Task[None]") -> None:
        await until(life, "ready")
        async with slots.admitted():
            life.obey("drain")
            life.obey("drain")
            assert life.state == "draining"
            with pytest.raises(RefusedError, match="draining"):
                async with slots.admitted():
                    pass
        await life.drained()
        assert (life.state, life.reason) == ("drained", "")

    live(replace(configuration, drain_seconds=3.0), Engine(), test)


def test_a_drain_ends_when_its_time_is_over_and_says_what_was_still_running(configuration: NodeConfiguration) -> None:
    async def test(life: Life, slots: Slots, watch: "asyncio.Task[None]") -> None:
        await until(life, "ready")
        async with slots.admitted():
            life.obey("drain")
            await life.drained()
            assert (life.state, life.reason) == ("drained", "1 requests were still running after 0.2 s")

    live(configuration, Engine(), test)


def test_a_node_that_drains_is_never_ready_again(configuration: NodeConfiguration) -> None:
    async def test(life: Life, slots: Slots, watch: "asyncio.Task[None]") -> None:
        life.drain(0.01)
        await asyncio.sleep(0.2)
        assert (life.state, slots.closed_for) == ("drained", "draining")

    live(configuration, Engine(loaded=[False, True]), test)


def test_an_unknown_order_changes_nothing(configuration: NodeConfiguration) -> None:
    async def test(life: Life, slots: Slots, watch: "asyncio.Task[None]") -> None:
        await until(life, "ready")
        life.obey("")
        life.obey("dance")
        assert life.state == "ready"

    live(configuration, Engine(), test)
