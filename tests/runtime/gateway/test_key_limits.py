"""Claim: what a key or team may spend, and how fast a key may ask, holds at the gateway and is told as by OpenAI."""

import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import openai
import pytest

from runtime.state.attributes import to_item
from runtime.state.table import Table
from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.gateway.conftest import CALLER, Gateway, Provider
from tests.runtime.gateway.test_spending_limit import PER_TOKEN, Post, ask, at_once, refusal
from tests.runtime.ledger import Ledger
from tests.runtime.raw_upstream import RawUpstream, whole

__all__ = ["at_once"]
KEY = CALLER["keyId"]
LIMITED = {**CALLER, "limited": "true"}

Start = Callable[..., Gateway]


def limit(ledger: Ledger, **limits: int) -> None:
    """Write limits such as month_key or day_team into the table."""
    scopes = {"key": f"key#{KEY}", "team": "team#search", "stack": "stack"}
    named = {f"{field}#{scopes[kind]}": v for name, v in limits.items() for field, kind in [name.split("_")]}
    ledger.client.put_item(TableName=ledger.name, Item=to_item({"pk": "LIMITS", "sk": "ALL", **named}))


def rates(ledger: Ledger) -> dict[str, Any]:
    key = to_item({"pk": "RATES", "sk": KEY})
    item = ledger.client.get_item(TableName=ledger.name, Key=key, ConsistentRead=True).get("Item") or {}
    return {name: int(value["N"]) for name, value in item.items() if name in {"requests", "tokens", "running"}}


def early_in_a_minute() -> None:
    """Wait, if need be, until the minute has room for a test."""
    left = 60 - time.time() % 60
    if left < 8:
        time.sleep(left + 0.05)


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"month_key": 1000}, "this key's budget for %Y-%m "),
        ({"day_key": 1000}, "this key's budget for %Y-%m-%d "),
        ({"month_team": 1000}, "the budget of team search for %Y-%m "),
        ({"day_team": 1000}, "the budget of team search for %Y-%m-%d "),
        ({"day_stack": 1000}, "the stack's spending limit for %Y-%m-%d "),
        ({"month_stack": 1000}, "the stack's spending limit for %Y-%m (leanto:monthlySpendUsd) "),
    ],
)
def test_a_refusal_names_the_budget_and_its_period_and_no_amount_but_the_requests(
    start_gateway: Start, provider: Provider, ledger: Ledger, limits: dict[str, int], named: str
) -> None:
    limit(ledger, **limits)
    gateway = start_gateway(price=PER_TOKEN, caller=LIMITED if "key" in str(limits) else CALLER)
    assert ask(gateway, max_tokens=900).usage.completion_tokens
    error = refusal(gateway, max_tokens=1001)
    assert isinstance(error, openai.RateLimitError)
    assert error.code == "budget_exceeded"
    assert datetime.now(UTC).strftime(named) in error.message
    assert "0.001001 USD" in error.message
    assert "0.001000" not in error.message
    assert "0.001 " not in error.message
    assert error.response.headers["x-should-retry"] == "false"
    assert provider.counts()["chat_requests"] == 1


def test_a_key_made_with_limits_is_not_admitted_without_them_until_they_are_there(
    start_gateway: Start, provider: Provider, ledger: Ledger
) -> None:
    """Also where the gateway has read the limits a moment before the key was made."""
    gateway = start_gateway(price=PER_TOKEN, caller=LIMITED)
    error = refusal(gateway, max_tokens=1)
    assert (error.status_code, error.code) == (503, "state_unavailable")
    assert provider.counts()["chat_requests"] == 0
    limit(ledger, month_key=10)
    assert refusal(gateway, max_tokens=11).code == "budget_exceeded"
    assert ask(gateway, max_tokens=10).choices


def test_requests_a_minute_are_told_in_headers_and_refused_with_the_time_to_wait(
    start_gateway: Start, provider: Provider, ledger: Ledger
) -> None:
    early_in_a_minute()
    limit(ledger, rpm_key=2, tpm_key=100_000)
    gateway = start_gateway(price=PER_TOKEN)
    for left in ("1", "0"):
        answer = gateway.client.chat.completions.with_raw_response.create(
            model="small", messages=[{"role": "user", "content": "canary-prompt"}], max_tokens=5
        )
        assert answer.headers["x-ratelimit-limit-requests"] == "2"
        assert answer.headers["x-ratelimit-remaining-requests"] == left
        assert 0 < int(answer.headers["x-ratelimit-reset-requests"].rstrip("s")) <= 60
        assert answer.headers["x-ratelimit-limit-tokens"] == "100000"
        used = answer.parse().usage
    error = refusal(gateway, max_tokens=5)
    assert isinstance(error, openai.RateLimitError)
    assert (error.code, error.message.split(".")[0].endswith("2 requests a minute")) == ("rate_limit_exceeded", True)
    assert 0 < int(error.response.headers["retry-after"]) <= 60
    assert error.response.headers["x-ratelimit-remaining-requests"] == "0"
    assert provider.counts()["chat_requests"] == 2
    assert rates(ledger) == {"requests": 2, "tokens": 2 * used.total_tokens, "running": 0}
    assert [line["status"] for line in gateway.lines(3)] == [200, 200, 429]


def test_tokens_a_minute_count_the_most_that_a_request_says_it_takes(
    start_gateway: Start, provider: Provider, ledger: Ledger
) -> None:
    early_in_a_minute()
    limit(ledger, tpm_key=3000)
    gateway = start_gateway(price=PER_TOKEN)
    error = refusal(gateway, max_tokens=3000)
    assert (error.status_code, error.code) == (429, "rate_limit_exceeded")
    assert error.response.headers["x-should-retry"] == "false"
    assert "retry-after" not in error.response.headers
    assert provider.counts()["chat_requests"] == 0
    assert ask(gateway, max_tokens=500).choices


def test_so_many_requests_of_a_key_run_at_once_and_a_place_is_free_when_one_ends(
    start_gateway: Start, provider: Provider, ledger: Ledger
) -> None:
    limit(ledger, concurrency_key=1)
    gateway = start_gateway()
    provider.control(hang_after_chunks=1)
    stream = ask(gateway, stream=True)
    next(iter(stream))
    error = refusal(gateway)
    assert (error.status_code, error.code) == (429, "rate_limit_exceeded")
    assert error.response.headers["retry-after"] == "1"
    stream.close()
    provider.reset()
    end = time.monotonic() + 5
    while rates(ledger)["running"] and time.monotonic() < end:
        time.sleep(0.02)
    assert ask(gateway).choices


def test_the_upstreams_own_limits_are_not_told_in_place_of_the_keys(
    start_gateway: Start, background: BackgroundLoop, ledger: Ledger
) -> None:
    limit(ledger, rpm_key=50)
    head = b"x-ratelimit-limit-requests: 9999\r\nx-ratelimit-limit-tokens: 77\r\n"
    answer = whole("200 OK", json.dumps({"id": "x", "choices": []}).encode())
    upstream = RawUpstream([answer[0].replace(b"\r\n", b"\r\n" + head, 1), *answer[1:]])
    background.run(upstream.start())
    gateway = start_gateway(base_url=upstream.base_url)
    answered = gateway.client.chat.completions.with_raw_response.create(
        model="small", messages=[{"role": "user", "content": "canary-prompt"}]
    )
    assert answered.headers.get_list("x-ratelimit-limit-requests") == ["50"]
    assert answered.headers["x-ratelimit-limit-tokens"] == "77"
    background.run(upstream.close())


def test_with_every_limit_there_are_four_writes_a_request_and_nothing_of_it_in_them(
    start_gateway: Start, provider: Provider, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    early_in_a_minute()
    money = dict.fromkeys(("month_key", "day_key", "month_team", "day_team", "month_stack", "day_stack"), 10**9)
    limit(ledger, **money, rpm_key=100, tpm_key=10**6, concurrency_key=10)
    update, written = Table.update, []

    async def counted(table: Table, partition: str, sort: str, fields: Any) -> Any:
        written.append(partition)
        return await update(table, partition, sort, fields)

    monkeypatch.setattr(Table, "update", counted)
    gateway = start_gateway(price=PER_TOKEN, caller=LIMITED)
    for _ in range(2):
        ask(gateway, max_tokens=10, user="canary-user")
    told = json.dumps(ledger.client.scan(TableName=ledger.name)["Items"])
    assert not any(word in told for word in ("canary", "small", "luna", "sk-"))
    assert written == ["RATES", "BUDGETS", "BUDGETS", "RATES"] * 2


def test_of_64_clients_at_once_on_one_key_exactly_those_are_admitted_that_its_budget_covers(
    start_gateway: Start, background: BackgroundLoop, ledger: Ledger, at_once: Post
) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 100}
    answer = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [], "usage": usage}
    upstream = RawUpstream(whole("200 OK", json.dumps(answer).encode()))
    background.run(upstream.start())
    limit(ledger, month_key=1000, day_team=2000)
    gateway = start_gateway(base_url=upstream.base_url, price=PER_TOKEN, caller=LIMITED)
    assert Counter(at_once(gateway, 64)) == {(200, ""): 10, (429, "budget_exceeded"): 54}
    assert len(upstream.received) == 10
    item, day = ledger.item(), datetime.now(UTC).strftime("d%d#")
    assert (item["committed"], item["spent"]) == (1000, 1000)
    assert (item[f"key#{KEY}"], item["team#search"], item[f"{day}team#search"]) == (1000, 1000, 1000)
    background.run(upstream.close())
