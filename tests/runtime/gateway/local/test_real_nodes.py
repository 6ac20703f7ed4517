"""Claim: nodes with the real engine share the load, are left when silent, and refused while they are unknown."""

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from runtime.gateway.local.node_book import NodeBook
from tests.runtime.gateway.conftest import Gateway, Provider
from tests.runtime.gateway.local.conftest import RelayHost, StartNodes
from tests.runtime.gateway.local.real_nodes import Answer, ask, renew


class Clock:
    """The wall's clock as the gateway reads it for its nodes: `ahead` of ours, or standing still."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.still: float | None = None

    def __call__(self) -> float:
        return (time.time() if self.still is None else self.still) + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(NodeBook.__init__, "__defaults__", (clock,))
    return clock


def ask_once(gateway: Gateway, **fields: Any) -> Answer:
    async def run() -> Answer:
        async with aiohttp.ClientSession() as session:
            return await ask(session, gateway, **fields)

    return asyncio.run(run())


def test_two_nodes_share_200_requests(start_nodes: StartNodes, relay_host: RelayHost, provider: Provider) -> None:
    gateway, nodes = start_nodes(2)

    async def run() -> list[Answer]:
        async with aiohttp.ClientSession() as session:
            gate = asyncio.Semaphore(4)

            async def one() -> Answer:
                async with gate:
                    return await ask(session, gateway)

            return await asyncio.gather(*(one() for _ in range(200)))

    answers = asyncio.run(run())
    assert Counter(answer.upstream for answer in answers) == {"local/qwen3-4b": 200}
    assert provider.counts()["chat_requests"] == 0
    served = Counter(made.node for made in relay_host.invoked if made.status == 200)
    assert {f"{node.facts.address}:{node.port}" for node in nodes} == set(served)
    # All gateways see the same heartbeats, so they go to the same node until the next: halves are not exact.
    assert min(served.values()) >= 40


def test_a_node_that_falls_silent_is_left_within_15_seconds(
    start_nodes: StartNodes, relay_host: RelayHost, clock: Clock
) -> None:
    gateway, (node,) = start_nodes()
    assert ask_once(gateway).upstream == "local/qwen3-4b"
    node.kill("agent")
    node.exit_status()
    heard = node.item()["heartbeat"]
    clock.still = heard + 14.0
    # It may still be asked; who asks has an answer all the same.
    assert ask_once(gateway).upstream == "acme/gpt-6-luna"
    assert relay_host.invoked[-1].status == 502
    asked = len(relay_host.invoked)
    clock.still = heard + 15.5
    assert ask_once(gateway).upstream == "acme/gpt-6-luna"
    assert ask_once(gateway, model="own").status == 503
    assert len(relay_host.invoked) == asked


def test_a_node_with_a_new_certificate_is_refused_until_the_gateway_has_read_it(
    start_nodes: StartNodes, clock: Clock, relay_host: RelayHost, provider: Provider, tmp_path: Path
) -> None:
    gateway, (node,) = start_nodes()
    clock.still = time.time()
    assert ask_once(gateway).upstream == "local/qwen3-4b"
    node.kill("agent")
    node.exit_status()
    fingerprint = renew(node, tmp_path).fingerprint
    node.start_agent()
    while node.item()["fingerprint"] != fingerprint:
        time.sleep(0.02)
    node.until("ready")
    # What the gateway knows is a moment old: the certificate of the boot before.
    assert ask_once(gateway).upstream == "acme/gpt-6-luna"
    assert [made.status for made in relay_host.invoked] == [200, 502]
    assert gateway.lines(2)[1]["overflow"] == "local/qwen3-4b: a node was untrusted"
    clock.still = time.time() + 2.5
    assert ask_once(gateway).upstream == "local/qwen3-4b"
    assert provider.counts()["chat_requests"] == 1


def test_a_request_that_the_engine_has_no_room_for_goes_to_the_provider(start_nodes: StartNodes) -> None:
    gateway, _ = start_nodes(context_tokens=256)
    assert ask_once(gateway).upstream == "local/qwen3-4b"
    long = [{"role": "user", "content": "word " * 400}]
    for stream in (False, True):
        answer = ask_once(gateway, messages=long, stream=stream)
        assert (answer.status, answer.upstream, answer.is_whole) == (200, "acme/gpt-6-luna", True)
    assert ask_once(gateway, model="own", messages=long).error == "context_length_exceeded"
    lines = gateway.lines(4)
    assert {line.get("overflow") for line in lines[1:3]} == {"local/qwen3-4b: the request is too long for it"}
