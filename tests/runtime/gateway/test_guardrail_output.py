"""Claim: nothing of an answer goes out before the guardrail has looked at it, and only as the guardrail leaves it."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import openai
import pytest

from runtime.decide.endpoints import CHAT
from runtime.decide.guardrail import PASSED, Finding
from runtime.gateway.control_reply import CheckedReply
from runtime.gateway.reply import Reply
from tests.runtime.gateway.guarding import UNIT, Guarded
from tests.runtime.gateway.test_guardrail_input import ask, books_balance
from tests.runtime.ledger import Ledger

SAID = "answering as gpt-6-luna"
"""Words of the stand-in's answer, which come in several pieces."""

SCHEMA = {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}
TOOL = {"type": "function", "function": {"name": "send", "parameters": SCHEMA}}


def text_of(chunks: list[Any]) -> str:
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


def test_an_answer_that_passes_is_the_providers_byte_for_byte(guarded: Guarded, ledger: Ledger) -> None:
    gateway = guarded.start(on_output="block")
    raw = gateway.client.chat.completions.with_raw_response.create(
        model="small", messages=[{"role": "user", "content": "a"}]
    )
    assert raw.parse().choices[0].message.content == guarded.seen()["texts"][0]
    assert guarded.seen()["sources"] == ["OUTPUT"]
    line = gateway.lines()[0]
    assert (line["guardrail_output"], line["guardrail_units"], line["guardrail_cost_micro_usd"]) == ("passed", 2, UNIT)
    assert "guardrail_input" not in line
    assert raw.headers["x-leanto-cost-micro-usd"] == str(line["cost_micro_usd"])
    books_balance(ledger, line["cost_micro_usd"])


def test_a_blocked_answer_is_empty_filtered_and_paid(guarded: Guarded, ledger: Ledger) -> None:
    gateway = guarded.start(on_output="block")
    guarded.order(blocked=[SAID])
    answer = ask(guarded, n=2, logprobs=True, max_completion_tokens=500)
    assert [(choice.finish_reason, choice.message.content) for choice in answer.choices] == [("content_filter", "")] * 2
    assert [choice.logprobs for choice in answer.choices] == [None, None]
    line = gateway.lines()[0]
    assert (line["guardrail_output"], line["status"]) == ("blocked", 200)
    assert line["output_tokens"] == guarded.provider.counts()["completion_tokens"] == answer.usage.completion_tokens
    books_balance(ledger, line["cost_micro_usd"])


def test_a_masked_answer_has_no_probabilities_of_what_was_masked(guarded: Guarded) -> None:
    guarded.start(on_output="mask")
    guarded.order(masked=[SAID])
    answer = ask(guarded, logprobs=True, max_completion_tokens=500)
    assert "{NAME}" in answer.choices[0].message.content
    assert "gpt-6-luna" not in json.dumps(answer.choices[0].model_dump())


@pytest.mark.parametrize("stream", [False, True])
def test_arguments_of_tools_are_checked(guarded: Guarded, stream: bool) -> None:
    guarded.start(on_output="block")
    guarded.order(blocked=["simulated"])
    given = ask(guarded, tools=[TOOL], tool_choice="required", stream=stream, max_completion_tokens=500)
    if not stream:
        assert (given.choices[0].finish_reason, given.choices[0].message.tool_calls) == ("content_filter", None)
        return
    chunks = list(given)
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices] == ["content_filter"]


def test_a_whole_stream_is_held_and_passes_byte_for_byte(guarded: Guarded, ledger: Ledger) -> None:
    gateway = guarded.start(on_output="block")
    chunks = list(ask(guarded, stream=True, stream_options={"include_usage": True}, max_completion_tokens=500))
    assert text_of(chunks) == guarded.seen()["texts"][0]
    assert chunks[-1].usage.completion_tokens == guarded.provider.counts()["completion_tokens"]
    assert guarded.seen()["calls"] == 1
    line = gateway.lines()[0]
    assert (line["guardrail_output"], line["streamed"]) == ("passed", True)
    books_balance(ledger, line["cost_micro_usd"])


@pytest.mark.parametrize("buffer", [0, 60])
def test_a_blocked_stream_ends_as_filtered_with_its_usage(guarded: Guarded, ledger: Ledger, buffer: int) -> None:
    """With a part held at a time, what passed before went out; what was blocked, and all after it, did not."""
    gateway = guarded.start(on_output="block", buffer_characters=buffer)
    guarded.order(blocked=["answering"])
    chunks = list(ask(guarded, stream=True, stream_options={"include_usage": True}, max_completion_tokens=500))
    text = text_of(chunks)
    assert "answering" not in text
    assert (text == "") is (buffer == 0)
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "content_filter"
    assert chunks[-1].usage.completion_tokens == guarded.provider.counts()["completion_tokens"]
    line = gateway.lines()[0]
    assert line["guardrail_output"] == "blocked"
    assert "cost_estimated" not in line
    books_balance(ledger, line["cost_micro_usd"])


@pytest.mark.parametrize(("buffer", "choices"), [(0, 2), (60, 1)])
def test_a_masked_stream_has_other_words_in_their_place(guarded: Guarded, buffer: int, choices: int) -> None:
    gateway = guarded.start(on_output="mask", buffer_characters=buffer)
    guarded.order(masked=["leanto's provider"])
    plain = text_of(list(ask(guarded, stream=True, n=choices, max_completion_tokens=500)))
    assert "leanto's" not in plain
    assert plain.count("{NAME}") == choices
    assert plain.endswith("real model answers here.") or "No model was asked" in plain
    assert gateway.lines()[0]["guardrail_output"] == "masked"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("on_failure", ["open", "closed"])
def test_what_cannot_be_checked_passes_or_not_as_the_route_says(
    guarded: Guarded, ledger: Ledger, on_failure: str, stream: bool
) -> None:
    gateway = guarded.start(on_output="block", on_failure=on_failure)
    guarded.order(status=500, blocked=["model"])
    if on_failure == "open":
        answer = ask(guarded, stream=stream)
        assert "simulated" in (text_of(list(answer)) if stream else answer.choices[0].message.content)
    else:
        with pytest.raises(openai.InternalServerError) as caught:
            ask(guarded, stream=stream)
        assert caught.value.code == "guardrail_unavailable"
        assert caught.value.response.headers["x-should-retry"] == "false"
    line = gateway.lines(2)[1]
    assert line["guardrail_output"] == {"open": "unchecked", "closed": "failed"}[on_failure]
    books_balance(ledger, line["cost_micro_usd"])


def test_a_failure_in_the_middle_of_a_stream_is_its_last_event(guarded: Guarded, ledger: Ledger) -> None:
    gateway = guarded.start(on_output="block", buffer_characters=60)
    guarded.order(status=500, after=1)
    seen: list[Any] = []
    with pytest.raises(openai.APIError, match="could not be checked"):
        seen.extend(iter(ask(guarded, stream=True, max_completion_tokens=500)))
    line = gateway.lines(2)[1]
    assert (line["guardrail_output"], line["error"]) == ("failed", "guardrail_unavailable")
    books_balance(ledger, line["cost_micro_usd"], estimated=line["cost_micro_usd"] - UNIT)


def test_both_sides_are_checked_from_one_reservation(guarded: Guarded, ledger: Ledger) -> None:
    gateway = guarded.start(on_input="mask", on_output="mask")
    guarded.order(masked=["hello", "simulated"])
    answer = ask(guarded)
    assert answer.choices[0].message.content.startswith("[{NAME}]")
    line = gateway.lines()[0]
    assert (line["guardrail_input"], line["guardrail_output"], line["guardrail_units"]) == ("masked", "masked", 4)
    books_balance(ledger, line["cost_micro_usd"])


def test_vectors_are_not_checked_and_what_is_embedded_is(guarded: Guarded) -> None:
    several = {"provider": "acme", "base_url": guarded.provider.stand_in.base_url, "endpoints": ["embeddings"]}
    start = guarded.start_gateway
    guarded.start_gateway = lambda **options: start(**options, upstreams=[several])
    gateway = guarded.start(on_input="block", on_output="block")
    assert gateway.client.embeddings.create(model="several", input="a text").data
    assert guarded.seen()["texts"] == ["a text"]
    assert "guardrail_output" not in gateway.lines()[0]


def test_what_is_held_of_an_upstream_that_broke_off_is_not_told_with_the_next_ones_answer() -> None:
    sent: list[Any] = []

    class Passing:
        check = SimpleNamespace(buffer_characters=0)
        money = SimpleNamespace(settle=AsyncMock())

        async def check_output(self, _texts: list[str]) -> Finding:
            return Finding(PASSED)

    async def send(message: Any) -> None:
        sent.append(message)

    attempts: Any = SimpleNamespace(reply=Reply(send), request=SimpleNamespace(endpoint=CHAT))
    control: Any = Passing()
    reply = CheckedReply(send, control, attempts)

    async def answer() -> None:
        for text in ("first", "second"):
            await reply.start(200, "text/event-stream", {})
            await reply.write(f'data: {{"choices": [{{"index": 0, "delta": {{"content": "{text}"}}}}]}}\n\n'.encode())
        await reply.end(b"")

    asyncio.run(answer())
    body = b"".join(message.get("body", b"") for message in sent)
    assert b"second" in body
    assert b"first" not in body
