"""Claim: a node before the real llama.cpp server serves as many as it has slots, tells of itself, drains, gives up."""

import asyncio
import datetime as dt
import json
import signal
import time
from typing import Any

import aiohttp
import pytest

from tests.runtime.node.conftest import ENGINE_KEY, Node, talk, wait_for

CANARY = "canary-prompt-5150"
LONG = 1500
"""Tokens whose making takes a second or so on one thread."""


@pytest.fixture
def ready(node: Node) -> Node:
    (node.folder / "phases").write_text("download 1200\nload 300\nnonsense\n", encoding="utf-8")
    node.start_engine()
    node.start_agent()
    node.until("ready")
    return node


def error_of(body: bytes) -> str:
    return str(json.loads(body)["error"]["code"])


async def begin(node: Node, session: aiohttp.ClientSession, tokens: int = LONG) -> aiohttp.ClientResponse:
    """Begin a stream and wait for its first piece."""
    response: aiohttp.ClientResponse = await node.post(session, talk(tokens, stream=True))
    assert response.status == 200
    await response.content.readany()
    return response


def test_a_ready_node_has_told_what_it_is(ready: Node) -> None:
    item = ready.item()
    told = {name: item[name] for name in ("address", "port", "model", "engine", "slots", "busy", "market", "zone")}
    assert told == {
        "address": "127.0.0.1",
        "port": ready.port,
        "model": "tiny-random",
        "engine": "llama.cpp",
        "slots": 2,
        "busy": 0,
        "market": "on-demand",
        "zone": "eu-west-1a",
    }
    assert item["fingerprint"] == ready.certificate.fingerprint
    assert list(item["phases"]) == ["download", "load", "engine_start", "first_token"]
    assert abs(item["heartbeat"] - time.time()) < 15


def test_an_answer_is_the_engines_own_and_its_administration_is_closed(ready: Node) -> None:
    status, headers, body = ready.ask(talk(7))
    assert (status, headers["Content-Type"].partition(";")[0]) == (200, "application/json")
    assert json.loads(body)["usage"]["completion_tokens"] == 7
    for path in (
        "/metrics",
        "/slots",
        "/props",
        "/v1/models",
        "/completion",
        "/v1/chat/completions/../../metrics",
        "/",
    ):
        status, _, body = ready.ask({}, path)
        assert (path, status, error_of(body)) == (path, 404 if path != "/health" else 200, "node_unknown_path")


def test_a_request_that_does_not_fit_is_told_by_the_engine_itself(ready: Node) -> None:
    status, _, body = ready.ask(talk(5, content="x" * 70_000))
    assert (status, json.loads(body)["error"]["type"]) == (400, "exceed_context_size_error")


def test_who_comes_when_slots_and_queue_are_full_is_refused_at_once(ready: Node) -> None:
    async def run() -> None:
        async with ready.session() as session:
            served = [await begin(ready, session, 60_000) for _ in range(2)]
            waiting = [asyncio.ensure_future(ready.post(session, talk(3))) for _ in range(2)]
            await asyncio.sleep(0.3)
            begun = time.perf_counter()
            async with ready.post(session, talk(3)) as refused:
                milliseconds = (time.perf_counter() - begun) * 1000
                assert (refused.status, refused.headers["x-leanto-reason"]) == (503, "full")
                assert error_of(await refused.read()) == "node_full"
            assert milliseconds < 250, "a refusal must not wait for anything"
            assert {one.done() for one in waiting} == {False}
            # A client that hangs up frees the engine's slot, and those who wait get it.
            for response in served:
                response.close()
            answers = await asyncio.gather(*waiting)
            assert [answer.status for answer in answers] == [200, 200]
            for answer in answers:
                await answer.read()

    asyncio.run(run())


def test_a_client_that_goes_before_its_first_byte_leaves_no_trace(ready: Node) -> None:
    async def run() -> None:
        async with ready.session() as session:
            served = [await begin(ready, session, 60_000) for _ in range(2)]
            waiting = asyncio.ensure_future(ready.post(session, talk(60_000)))
            await asyncio.sleep(0.2)
            waiting.cancel()
            for response in served:
                response.close()
            await asyncio.gather(waiting, return_exceptions=True)
        wait_for(lambda: (item := ready.item())["busy"] == 0 and item["queued"] == 0, "an idle node", 10)

    asyncio.run(run())
    assert ready.ask(talk(3))[0] == 200


def test_a_drain_lets_streams_finish_and_takes_nobody_new(ready: Node) -> None:
    async def run() -> bytes:
        async with ready.session() as session:
            response = await begin(ready, session)
            ready.order("drain")
            ready.until("draining", 10)
            status, _, body = await asyncio.to_thread(ready.ask, talk(3))
            assert (status, error_of(body)) == (503, "node_draining")
            return await response.read()

    assert asyncio.run(run()).endswith(b"data: [DONE]\n\n")
    assert ready.until("drained", 10)["busy"] == 0


def test_a_spot_notice_drains_the_node(node: Node) -> None:
    node.facts.market = "spot"
    node.facts.ending_at = dt.datetime.now(dt.UTC)
    node.start_engine()
    node.start_agent()
    assert node.until("drained")["market"] == "spot"


def test_an_engine_killed_during_a_stream_breaks_it_off_and_closes_the_node(ready: Node) -> None:
    async def run() -> None:
        async with ready.session() as session:
            response = await begin(ready, session, 60_000)
            ready.kill("engine")
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()

    asyncio.run(run())
    ready.until("loading", 10)
    wait_for((ready.folder / "restart").exists, "the wish for another engine", 5)
    assert ready.ask(talk(3))[0] in {502, 503}
    ready.start_engine()
    ready.until("ready")
    assert ready.ask(talk(3))[0] == 200


def test_a_node_whose_engine_never_comes_gives_up_with_3(node: Node) -> None:
    (node.folder / "engine-key").write_text(ENGINE_KEY, encoding="ascii")
    node.start_agent(start_seconds=0.5)
    assert node.exit_status() == 3
    assert node.item()["state"] == "failed"
    assert node.item()["reason"] == "the engine was not loaded within 0.5 s"


def test_an_agent_with_an_empty_engine_key_does_not_start(node: Node) -> None:
    (node.folder / "engine-key").write_text("\n", encoding="ascii")
    node.start_agent()
    assert node.exit_status() == 2
    assert "serves everybody" in node.output()


def test_a_stop_lets_streams_finish_and_ends_with_0(ready: Node) -> None:
    async def run() -> bytes:
        async with ready.session() as session:
            response = await begin(ready, session)
            ready.kill("agent", signal.SIGTERM)
            return await response.read()

    assert asyncio.run(run()).endswith(b"data: [DONE]\n\n")
    assert ready.exit_status() == 0
    assert ready.item()["state"] == "drained"


def test_a_killed_agent_is_not_heard_any_more(ready: Node) -> None:
    ready.kill("agent")
    ready.exit_status()
    before = ready.item()["heartbeat"]
    time.sleep(0.5)
    assert ready.item()["heartbeat"] == before


def test_what_is_asked_and_the_engines_key_appear_nowhere(ready: Node) -> None:
    ready.ask(talk(3, content=CANARY))
    ready.ask({"messages": CANARY, "max_tokens": "many"})
    ready.kill("agent", signal.SIGTERM)
    ready.exit_status()
    texts: list[Any] = [ready.output("agent"), ready.output("engine"), str(ready.item())]
    assert [text for text in texts if CANARY in text or ENGINE_KEY in text] == []
