"""Claim: the pool's least busy node answers; refused or broken before the first byte, the next or a provider does."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from aiohttp import web

from leanto.embedded.aws.invocation import InvokeRefusedError
from tests.runtime.certificates import make_certificate
from tests.runtime.gateway.conftest import Gateway, Provider
from tests.runtime.gateway.local.conftest import RelayHost, TestPool

MESSAGES: Any = [{"role": "user", "content": "canary-prompt"}]
USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
Start = Callable[..., TestPool]


async def answers(request: web.Request) -> web.StreamResponse:
    """Answer as an engine does, in a stream or whole."""
    fields = json.loads(await request.read())
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "local words"}}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": fields["model"]}
    if not fields.get("stream"):
        return web.json_response({**head, "choices": [choice], "usage": USAGE})
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    head["object"] = "chat.completion.chunk"
    for word in ("local", " words"):
        delta = {"index": 0, "delta": {"content": word}, "finish_reason": None}
        await response.write(b"data: " + json.dumps({**head, "choices": [delta]}).encode() + b"\n\n")
    await response.write(b"data: " + json.dumps({**head, "choices": [], "usage": USAGE}).encode() + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    return response


def refuses(reason: str, status: int = 503) -> Any:
    async def refuse(_request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"error": {"message": "no", "type": "server_error", "code": f"node_{reason}"}},
            status=status,
            headers={"x-leanto-reason": reason},
        )

    return refuse


async def breaks_before(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    request.transport.abort()  # type: ignore[union-attr]
    return response


async def breaks_after(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b'data: {"choices": [{"index": 0, "delta": {"content": "lo"}}]}\n\n')
    await asyncio.sleep(0.1)
    request.transport.abort()  # type: ignore[union-attr]
    return response


async def too_long(_request: web.Request) -> web.StreamResponse:
    error = {"code": 400, "message": "the request exceeds the context size", "type": "exceed_context_size_error"}
    return web.json_response({"error": error}, status=400)


async def mistaken(_request: web.Request) -> web.StreamResponse:
    error = {"code": 400, "message": "'temperature' is no number", "type": "invalid_request_error"}
    return web.json_response({"error": error}, status=400)


async def hangs(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    raise AssertionError


@pytest.fixture
def begin(
    start_gateway: Callable[..., Gateway], start_pool: Start, provider: Provider, relay_name: str
) -> Callable[..., tuple[Gateway, TestPool]]:
    def start(*nodes: Any, **options: Any) -> tuple[Gateway, TestPool]:
        provider.control(delay_chunk_seconds=0.0)
        pool = start_pool(*nodes)
        return start_gateway(variables={"LEANTO_RELAY": relay_name}, **options), pool

    return start


Begin = Callable[..., tuple[Gateway, TestPool]]


def ask(gateway: Gateway, model: str = "mixed", **fields: Any) -> Any:
    return gateway.client.chat.completions.with_raw_response.create(model=model, messages=MESSAGES, **fields)


def test_a_ready_node_answers_and_costs_no_budget(begin: Begin, provider: Provider) -> None:
    gateway, pool = begin(answers)
    raw = ask(gateway)
    assert raw.parse().choices[0].message.content == "local words"
    assert (raw.headers["x-leanto-upstream"], raw.headers["x-leanto-cost-micro-usd"]) == ("local/qwen3-4b", "0")
    assert provider.counts()["chat_requests"] == 0
    assert json.loads(pool.nodes["i-1"].asked[0])["model"] == "qwen3-4b"
    line = gateway.lines()[0]
    told = {name: line[name] for name in ("upstream", "status", "prompt_tokens", "output_tokens", "cost_micro_usd")}
    assert told == {
        "upstream": "local/qwen3-4b",
        "status": 200,
        "prompt_tokens": 7,
        "output_tokens": 2,
        "cost_micro_usd": 0,
    }


@pytest.mark.parametrize("asks_usage", [False, True])
def test_a_stream_of_a_node_passes_with_its_usage_for_those_who_ask(begin: Begin, asks_usage: bool) -> None:
    gateway, _ = begin(answers)
    options = {"stream_options": {"include_usage": True}} if asks_usage else {}
    chunks = list(
        gateway.client.chat.completions.create(model="mixed", messages=MESSAGES, stream=True, **options)  # type: ignore[call-overload]
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "local words"
    assert any(chunk.usage for chunk in chunks) == asks_usage
    assert gateway.lines()[0]["output_tokens"] == 2


def test_the_least_busy_node_is_asked(begin: Begin) -> None:
    gateway, pool = begin(answers, answers)
    ask(gateway)
    assert [len(node.asked) for node in pool.nodes.values()] == [1, 0]


@pytest.mark.parametrize("first", [refuses("full"), refuses("draining"), refuses("engine_broken", 502), breaks_before])
@pytest.mark.parametrize("stream", [False, True])
def test_what_one_node_does_not_begin_the_next_answers(begin: Begin, first: Any, stream: bool) -> None:
    gateway, pool = begin(first, answers)
    raw = ask(gateway, stream=stream)
    assert raw.headers["x-leanto-upstream"] == "local/qwen3-4b"
    assert [len(node.asked) for node in pool.nodes.values()] == [1, 1]
    assert b"local" in raw.http_response.read()


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([refuses("full"), refuses("full")], "a node is full"),
        ([refuses("not_ready")], "a node is not ready"),
        ([breaks_before], "a node was broken"),
        ([too_long, answers], "the request is too long for it"),
    ],
)
def test_what_no_node_begins_a_provider_answers(
    begin: Begin, provider: Provider, nodes: list[Any], reason: str
) -> None:
    gateway, _ = begin(*nodes)
    raw = ask(gateway, stream=True)
    assert raw.headers["x-leanto-upstream"] == "acme/gpt-6-luna"
    raw.http_response.read()
    assert provider.counts()["chat_requests"] == 1
    assert gateway.lines()[0]["overflow"] == f"local/qwen3-4b: {reason}"


def test_at_most_three_nodes_are_asked(begin: Begin) -> None:
    gateway, pool = begin(*[refuses("full")] * 5)
    ask(gateway)
    assert [len(node.asked) for node in pool.nodes.values()] == [1, 1, 1, 0, 0]


def test_a_client_s_mistake_is_told_by_the_engine_and_asked_of_nobody_else(begin: Begin, provider: Provider) -> None:
    gateway, _ = begin(mistaken, answers)
    with pytest.raises(openai.BadRequestError, match="'temperature' is no number"):
        ask(gateway)
    assert provider.counts()["chat_requests"] == 0


def test_a_node_that_breaks_off_ends_the_stream_with_an_error_and_nothing_is_asked_again(
    begin: Begin, provider: Provider
) -> None:
    gateway, pool = begin(breaks_after, answers)
    with pytest.raises(openai.APIError, match="broke off its answer"):
        list(gateway.client.chat.completions.create(model="mixed", messages=MESSAGES, stream=True))
    assert [len(node.asked) for node in pool.nodes.values()] == [1, 0]
    assert provider.counts()["chat_requests"] == 0


def test_a_node_with_another_certificate_gets_nothing(begin: Begin, tmp_path: Any) -> None:
    gateway, pool = begin(answers)
    pool.write(pool.nodes["i-1"], fingerprint=make_certificate(tmp_path).fingerprint)
    assert ask(gateway).headers["x-leanto-upstream"] == "acme/gpt-6-luna"
    assert pool.nodes["i-1"].asked == []
    assert gateway.lines()[0]["overflow"] == "local/qwen3-4b: a node was untrusted"


def test_a_relay_that_is_throttled_leaves_the_request_to_a_provider(begin: Begin, relay_host: RelayHost) -> None:
    gateway, _ = begin(answers)
    relay_host.refuses = InvokeRefusedError("TooManyRequestsException", "Rate Exceeded.", 429)
    assert ask(gateway).headers["x-leanto-upstream"] == "acme/gpt-6-luna"
    assert gateway.lines()[0]["overflow"] == "local/qwen3-4b: the relay was throttled"


def test_a_hanging_node_is_left_in_time_for_a_provider(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.gateway.attempts.LOCAL_FIRST_BYTE_SECONDS", 0.3)
    gateway, _ = begin(hangs)
    raw = ask(gateway, stream=True)
    assert raw.headers["x-leanto-upstream"] == "acme/gpt-6-luna"
    raw.http_response.read()
    assert gateway.lines()[0]["overflow"] == "local/qwen3-4b: a node did not begin to answer in time"


def test_a_stale_node_is_not_asked(begin: Begin) -> None:
    gateway, pool = begin(answers)
    pool.write(pool.nodes["i-1"], heartbeat=1_700_000_000)
    assert ask(gateway).headers["x-leanto-upstream"] == "acme/gpt-6-luna"
    assert pool.nodes["i-1"].asked == []


def test_a_node_that_starts_is_told_whoever_answers(begin: Begin) -> None:
    gateway, pool = begin(answers)
    pool.write(pool.nodes["i-1"], state="booting")
    raw = ask(gateway)
    assert (raw.headers["x-leanto-upstream"], raw.headers["x-leanto-node"]) == ("acme/gpt-6-luna", "starting")
    with pytest.raises(openai.InternalServerError) as error:
        ask(gateway, model="own")
    response = error.value.response
    assert (response.status_code, error.value.code) == (503, "local_unavailable")
    assert 40 <= int(response.headers["retry-after"]) <= 60


def test_a_model_of_the_pool_alone_says_why_it_cannot_be_asked(begin: Begin) -> None:
    gateway, pool = begin(refuses("full"))
    with pytest.raises(openai.InternalServerError, match="did not take the request: a node is full") as error:
        ask(gateway, model="own")
    assert error.value.code == "local_unavailable"
    pool.nodes["i-1"].answer = too_long
    with pytest.raises(openai.BadRequestError) as long:
        ask(gateway, model="own")
    assert long.value.code == "context_length_exceeded"


def test_a_picture_goes_to_no_node(begin: Begin) -> None:
    gateway, pool = begin(answers)
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    messages: Any = [{"role": "user", "content": [picture]}]
    with pytest.raises(openai.BadRequestError):
        gateway.client.chat.completions.create(model="own", messages=messages)
    with pytest.raises(openai.BadRequestError):
        gateway.client.embeddings.create(model="own", input="words")
    assert pool.nodes["i-1"].asked == []
