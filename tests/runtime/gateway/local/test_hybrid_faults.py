"""Claim: whatever happens to nodes while requests run, each is answered once, or its stream ends with an error."""

import asyncio
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from tests.runtime.gateway.conftest import Gateway, Provider
from tests.runtime.gateway.local.conftest import Invocation, RelayHost, StartNodes
from tests.runtime.gateway.local.real_nodes import Answer, ask
from tests.runtime.node.conftest import Node

AT_ONCE = 6
PAUSE_SECONDS = 0.2
LOCAL, MANAGED = "local/qwen3-4b", "acme/gpt-6-luna"
KINDS = ("engine killed", "agent killed", "node drained")


@dataclass
class Disturber:
    """Does something to one of the nodes after the other, and starts again what it ended."""

    nodes: list[Node]
    chance: random.Random
    over: threading.Event = field(default_factory=threading.Event)
    done: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        while not self.over.wait(PAUSE_SECONDS):
            kind, node = KINDS[self.done.total() % len(KINDS)], self.chance.choice(self.nodes)
            if kind == "engine killed":
                node.kill("engine")
                time.sleep(self.chance.random() / 2)
                node.start_engine(context_tokens=4096)
            elif kind == "agent killed":
                node.kill("agent")
                time.sleep(self.chance.random() / 2)
                node.start_agent()
            else:
                node.order("drain")
                node.until("drained", 20)
                node.order("none")  # as another instance would begin
                node.start_agent()
            self.done[kind] += 1


async def ask_all(gateway: Gateway, count: int, tokens: int) -> list[Answer]:
    gate = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession() as session:

        async def one(number: int) -> Answer:
            async with gate:
                return await ask(session, gateway, tokens, stream=number % 3 != 0)

        return await asyncio.gather(*(one(number) for number in range(count)))


def disturbed(gateway: Gateway, disturber: Disturber, count: int, tokens: int) -> list[Answer]:
    """Ask so many requests while the nodes are disturbed."""
    thread = threading.Thread(target=disturber.run)
    thread.start()
    try:
        return asyncio.run(ask_all(gateway, count, tokens))
    finally:
        disturber.over.set()
        thread.join(60)


def check(answers: list[Answer], lines: list[dict[str, Any]], invoked: list[Invocation], asked_provider: int) -> None:
    """Hold what clients, provider and nodes saw to the claim."""
    for answer in answers:
        assert answer.status == 200, answer
        begun = answer.headers["Content-Type"].startswith("text/event-stream") and answer.upstream.startswith("local/")
        assert answer.is_whole or (begun and answer.error in {"upstream_broken", "upstream_timeout"}), answer
    # A node has begun its answer when its status is there; what it refused or broke off before can be asked of others.
    begun_at = Counter(made.trace_id for made in invoked if made.status == 200)
    assert {trace: times for trace, times in begun_at.items() if times > 1} == {}
    by = {
        upstream: {line["trace_id"] for line in lines if line["upstream"] == upstream} for upstream in (LOCAL, MANAGED)
    }
    assert len(by[LOCAL]) + len(by[MANAGED]) == len(answers)
    assert (len(by[MANAGED]), by[LOCAL] - begun_at.keys()) == (asked_provider, set())
    ended_at = {made.trace_id for made in invoked if made.status == 200 and made.ended}
    assert by[MANAGED] & ended_at == set(), "a request was answered by a node and by the provider"


def hold(
    start_nodes: StartNodes, provider: Provider, relay_host: RelayHost, seed: int, count: int, tokens: int
) -> "Counter[str]":
    """Ask so many requests while two nodes are disturbed, hold all to the claim; returns what was done to the nodes."""
    gateway, nodes = start_nodes(2)
    disturber = Disturber(nodes, random.Random(seed))  # noqa: S311 - a test's dice
    answers = disturbed(gateway, disturber, count, tokens)
    lines = [line for line in gateway.lines(count) if line["event"] == "request"]
    check(answers, lines, relay_host.invoked, provider.counts()["chat_requests"])
    assert {answer.upstream for answer in answers} == {LOCAL, MANAGED}
    return disturber.done


def test_requests_are_answered_while_nodes_end_and_come(
    start_nodes: StartNodes, provider: Provider, relay_host: RelayHost
) -> None:
    assert hold(start_nodes, provider, relay_host, seed=1, count=40, tokens=60).total() >= 1


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_requests_are_answered_while_nodes_end_and_come(
    seed: int, start_nodes: StartNodes, provider: Provider, relay_host: RelayHost
) -> None:
    done = hold(start_nodes, provider, relay_host, seed, count=200, tokens=300)
    assert done.keys() == set(KINDS)
