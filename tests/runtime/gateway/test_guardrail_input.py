"""Claim: what a guardrail finds in a request is blocked, masked or told, before any provider sees it, and paid for."""

import json
import logging
from contextlib import suppress
from typing import Any

import openai
import pytest

from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.gateway.guarding import UNIT, Guarded
from tests.runtime.gateway.test_canaries import Heard
from tests.runtime.ledger import Ledger
from tests.runtime.raw_upstream import RawUpstream, whole

WORD = "canary-prompt"
MESSAGES: list[Any] = [{"role": "system", "content": "be brief"}, {"role": "user", "content": f"hello {WORD}"}]


def ask(guarded: Guarded, **options: Any) -> Any:
    assert guarded.gateway is not None
    given: dict[str, Any] = {"model": "small", "messages": MESSAGES, "max_completion_tokens": 50} | options
    return guarded.gateway.client.chat.completions.create(**given)


def failure(guarded: Guarded, **options: Any) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        ask(guarded, **options)
    assert WORD not in str(caught.value.body)
    return caught.value


def books_balance(ledger: Ledger, spent: int, *, estimated: int = 0) -> None:
    assert ledger.books() == {"committed": spent, "spent": spent, "estimated": estimated, "open": []}


def test_what_passes_is_answered_and_its_check_paid(guarded: Guarded, ledger: Ledger) -> None:
    gateway = guarded.start(on_input="mask")
    assert ask(guarded).choices[0].finish_reason
    line = gateway.lines()[0]
    assert (line["guardrail_input"], line["guardrail_units"]) == ("passed", 2)
    assert line["guardrail_cost_micro_usd"] == UNIT
    assert line["cost_micro_usd"] > UNIT
    assert "guardrail_output" not in line
    assert "cost_estimated" not in line
    assert guarded.seen()["texts"] == ["be brief", f"hello {WORD}"]
    assert guarded.seen()["sources"] == ["INPUT"]
    assert guarded.seen()["versions"] == ["abc123:4"]
    books_balance(ledger, line["cost_micro_usd"])


@pytest.mark.parametrize(("on_input", "stream"), [("block", False), ("mask", True)])
def test_what_is_blocked_reaches_no_provider_and_costs_its_check(
    guarded: Guarded, ledger: Ledger, on_input: str, stream: bool
) -> None:
    gateway = guarded.start(on_input=on_input)
    guarded.order(blocked=[WORD])
    error = failure(guarded, stream=stream)
    assert (error.status_code, error.code, error.param) == (400, "content_filter", "messages")
    assert isinstance(error, openai.BadRequestError)
    assert error.response.headers["x-leanto-cost-micro-usd"] == str(UNIT)
    assert guarded.provider.counts()["chat_requests"] == 0
    line = gateway.lines()[0]
    assert (line["guardrail_input"], line["error"], line["cost_micro_usd"]) == ("blocked", "content_filter", UNIT)
    books_balance(ledger, UNIT)


def test_what_is_masked_goes_on_masked(guarded: Guarded, background: BackgroundLoop) -> None:
    """Texts of all kinds, each in its place; names stay, as they are not looked at."""
    usage = b'{"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}'
    upstream = RawUpstream(whole("200 OK", b'{"id": "x", "choices": [], "usage": %b}' % usage))
    background.run(upstream.start())
    start = guarded.start_gateway
    guarded.start_gateway = lambda **options: start(**options, base_url=upstream.base_url)
    gateway = guarded.start(on_input="mask")
    guarded.order(masked=[WORD])
    call = {"id": WORD, "type": "function", "function": {"name": "send", "arguments": json.dumps({"to": WORD})}}
    tool = {"type": "function", "function": {"name": "send", "description": WORD, "parameters": {"title": WORD}}}
    said = [*MESSAGES, {"role": "assistant", "content": None, "tool_calls": [call]}]
    ask(guarded, messages=said, tools=[tool], user=WORD)
    background.run(upstream.close())
    assert gateway.lines()[0]["guardrail_input"] == "masked"
    assert guarded.seen()["texts"] == ["be brief", f"hello {WORD}", json.dumps({"to": WORD}), WORD, WORD]
    sent = json.loads(upstream.received[0].body)
    given = json.loads(json.dumps({"messages": said, "tools": [tool]}).replace(WORD, "{NAME}"))
    given["messages"][2]["tool_calls"][0]["id"] = WORD
    assert {name: sent[name] for name in given} == given
    assert sent["user"] == WORD


def test_a_guardrail_that_masks_blocks_where_the_route_says_so(guarded: Guarded) -> None:
    guarded.start(on_input="block")
    guarded.order(masked=[WORD])
    assert failure(guarded).code == "content_filter"


def test_what_is_only_told_goes_on_as_it_is(guarded: Guarded) -> None:
    gateway = guarded.start(on_input="log")
    guarded.order(blocked=[WORD])
    assert ask(guarded).choices
    assert gateway.lines()[0]["guardrail_input"] == "logged"


FAULTS: dict[str, tuple[dict[str, Any], bool, int]] = {
    "throttled": ({"status": 429}, False, 3),
    "failed": ({"status": 500}, False, 3),
    "refused": ({"status": 403}, False, 1),
    "garbage": ({"body": f"<html>{WORD}"}, True, 1),
    "no usage and no action": ({"body": "{}"}, True, 1),
    "broken off": ({"drop_connection": True}, True, 1),
}
"""What the guardrail does -> whether it may have been billed, and how often it is asked."""


@pytest.mark.parametrize("on_failure", ["open", "closed"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_passes_or_refuses_as_the_route_says(
    guarded: Guarded, ledger: Ledger, fault: str, on_failure: str
) -> None:
    orders, is_billed, calls = FAULTS[fault]
    gateway = guarded.start(on_input="block", on_failure=on_failure)
    guarded.order(blocked=[WORD], **orders)
    worst = 2 * sum((150, 100, 150)) if is_billed else 0  # two texts, each a unit at its worst
    if on_failure == "open":
        assert ask(guarded).choices
    else:
        error = failure(guarded)
        assert (error.status_code, error.code) == (503, "guardrail_unavailable")
        assert error.response.headers["retry-after"] == "5"
    failed, line = gateway.lines(2)
    assert (failed["event"], failed["guardrail"]) == ("guardrail_failed", "guardrail/abc123:4")
    assert line["guardrail_input"] == {"open": "unchecked", "closed": "failed"}[on_failure]
    assert line.get("guardrail_cost_micro_usd", 0) == worst
    assert guarded.seen()["calls"] == calls
    assert guarded.provider.counts()["chat_requests"] == (1 if on_failure == "open" else 0)
    books_balance(ledger, line.get("cost_micro_usd", 0), estimated=worst)


def test_a_passing_fault_is_asked_again_within_the_check(guarded: Guarded) -> None:
    gateway = guarded.start(on_input="block")
    guarded.order(status=429, times=2)
    assert ask(guarded).choices
    assert guarded.seen()["calls"] == 3
    assert gateway.lines()[0]["guardrail_input"] == "passed"


def test_a_guardrail_that_is_too_slow_fails(guarded: Guarded, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.gateway.guardrail.CALL_SECONDS", 0.1)
    gateway = guarded.start(on_input="block")
    guarded.order(delay_seconds=1.0)
    assert failure(guarded).code == "guardrail_unavailable"
    assert gateway.lines(2)[0]["reason"] == "too_slow"
    books_balance(ledger, 800, estimated=800)


def test_a_guardrail_that_keeps_failing_is_left_alone(guarded: Guarded) -> None:
    """Its breaker is its own: the provider goes on being asked."""
    gateway = guarded.start(on_input="block", on_failure="open")
    guarded.order(body="garbage")
    for _ in range(7):
        assert ask(guarded).choices
    assert guarded.seen()["calls"] == 5
    assert [line["reason"] for line in gateway.lines(15) if line["event"] == "guardrail_failed"][-1] == "left_alone"


def test_without_money_for_the_check_nothing_is_asked(guarded: Guarded) -> None:
    start = guarded.start_gateway
    guarded.start_gateway = lambda **options: start(**options, monthly_spend_micro_usd=UNIT)
    guarded.start(on_input="block")
    assert failure(guarded).code == "budget_exceeded"
    assert guarded.seen()["calls"] == 0


def test_long_texts_are_checked_in_several_calls_and_too_long_ones_refused_however_it_fails(guarded: Guarded) -> None:
    start = guarded.start_gateway
    guarded.start_gateway = lambda **options: start(**options, request_bytes=1_000_000)
    gateway = guarded.start(on_input="block", on_failure="open")
    text = "word " * 10_000
    guarded.order(blocked=[WORD])
    assert failure(guarded, messages=[{"role": "user", "content": text + WORD}]).code == "content_filter"
    assert "".join(guarded.seen()["texts"]) == text + WORD
    assert guarded.seen()["calls"] > 1
    assert failure(guarded, messages=[{"role": "user", "content": "word " * 51_000}]).code == "content_too_long"
    assert gateway.lines(2)[1]["error"] == "content_too_long"


def test_other_endpoints_are_checked_and_tokens_refused(guarded: Guarded) -> None:
    gateway = guarded.start(on_input="block")
    guarded.order(blocked=[WORD])
    bodies: dict[str, dict[str, Any]] = {
        "/completions": {"prompt": [f"a {WORD}"]},
        "/embeddings": {"input": WORD},
        "/responses": {"input": [{"role": "user", "content": [{"type": "input_text", "text": WORD}]}]},
    }
    for path, body in bodies.items():
        with pytest.raises(openai.BadRequestError) as caught:
            gateway.client.post(path, body={"model": "small", "max_tokens": 5, **body}, cast_to=object)
        assert (caught.value.code, caught.value.param) == ("content_filter", next(iter(body))), path
    with pytest.raises(openai.BadRequestError) as caught:
        gateway.client.post("/embeddings", body={"model": "small", "input": [[1, 2]]}, cast_to=object)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "input")
    assert guarded.provider.counts()["chat_requests"] == 0


def test_no_word_is_left_in_logs_table_or_exceptions(guarded: Guarded, boto: Any, capfd: Any) -> None:
    """Whatever the guardrail finds or does, for requests and for answers, streamed or not."""
    heard, root = Heard(), logging.getLogger()
    root.addHandler(heard)
    gateway = guarded.start(on_input="mask", on_output="mask", on_failure="open")
    answer = json.dumps({"action": WORD, "outputs": [{"text": WORD}], "usage": {WORD: WORD}, "assessments": WORD})
    orders: list[dict[str, Any]] = [{"blocked": [WORD]}, {"masked": [WORD, "simulated"]}, {"status": 500}]
    for order in [*orders, {"body": WORD}, {"body": answer}, {"drop_connection": True}]:
        guarded.order(**order)
        for stream in (False, True):
            with suppress(openai.BadRequestError):
                list(ask(guarded, stream=stream))
    root.removeHandler(heard)
    items = boto("dynamodb").scan(TableName=gateway.table_name)["Items"]
    output = capfd.readouterr()
    left = [
        gateway.printed.text,
        json.dumps(items),
        heard.text,
        output.out,
        output.err,
        *map(repr, gateway.server.unhandled),
    ]
    assert WORD not in "".join(left)
    assert gateway.printed.text.count('"event":"request"') == 12


def test_without_a_guardrail_none_is_asked(guarded: Guarded) -> None:
    guarded.gateway = guarded.start_gateway()
    assert ask(guarded).choices
    assert guarded.seen()["calls"] == 0
    assert not [name for name in guarded.gateway.lines()[0] if name.startswith("guardrail")]
