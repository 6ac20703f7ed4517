"""Claim: no request goes to a provider that the month's limit does not cover, or whose price nobody knows."""

import asyncio
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import aiohttp
import openai
import pytest

from runtime.aws import AwsError
from runtime.state.table import Table
from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.gateway.conftest import Gateway, Provider
from tests.runtime.ledger import Ledger
from tests.runtime.raw_upstream import RawUpstream, whole

MESSAGES = [{"role": "user", "content": "canary-prompt"}]
PER_TOKEN = {"input_micro_usd_per_million": 0, "output_micro_usd_per_million": 1_000_000}
"""A micro-dollar for each token of an answer, so that `max_tokens` is what is put aside."""

Start = Callable[..., Gateway]


def ask(gateway: Gateway, **options: Any) -> Any:
    return gateway.client.chat.completions.create(**{"model": "small", "messages": MESSAGES} | options)


def refusal(gateway: Gateway, **options: Any) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as error:
        ask(gateway, **options)
    return error.value


def test_what_the_limit_does_not_cover_is_refused_before_it_is_sent(
    start_gateway: Start, provider: Provider, ledger: Ledger
) -> None:
    gateway = start_gateway(price=PER_TOKEN, monthly_spend_micro_usd=1000)
    error = refusal(gateway, max_tokens=1001)
    assert isinstance(error, openai.RateLimitError)
    assert error.code == "budget_exceeded"
    assert "leanto:monthlySpendUsd" in error.message
    assert ledger.month in error.message
    assert "0.001001 USD" in error.message
    assert error.response.headers["x-should-retry"] == "false"
    assert provider.counts()["chat_requests"] == 0
    assert ledger.item() == {}
    assert [line["error"] for line in gateway.lines()] == ["budget_exceeded"]
    assert ask(gateway, max_tokens=1000).choices


def test_once_the_limit_is_spent_nothing_passes_that_costs(
    start_gateway: Start, provider: Provider, ledger: Ledger
) -> None:
    gateway = start_gateway(price=PER_TOKEN, monthly_spend_micro_usd=100)
    for answered in range(5):
        assert ask(gateway, max_tokens=20).usage.completion_tokens == 20, answered
    assert refusal(gateway, max_tokens=1).code == "budget_exceeded"
    assert ledger.books() == {"committed": 100, "spent": 100, "estimated": 0, "open": []}
    assert provider.counts()["chat_requests"] == 5


def test_a_limit_of_nothing_admits_nothing(start_gateway: Start, provider: Provider) -> None:
    assert refusal(start_gateway(monthly_spend_micro_usd=0), max_tokens=1).code == "budget_exceeded"
    assert provider.counts()["chat_requests"] == 0


def test_without_a_longest_answer_the_request_must_say_one(
    start_gateway: Start, provider: Provider, ledger: Ledger
) -> None:
    gateway = start_gateway(price=PER_TOKEN)
    error = refusal(gateway)
    assert (error.status_code, error.code) == (400, "missing_required_parameter")
    assert error.param == "max_completion_tokens"
    assert provider.counts()["chat_requests"] == 0
    assert ask(gateway, max_completion_tokens=5).choices


IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/canary-prompt.png"}}


@pytest.mark.parametrize(
    ("options", "code", "param"),
    [
        ({"messages": [{"role": "user", "content": [IMAGE]}]}, "unpriced_request", "messages"),
        ({"extra_body": {"tools": [{"type": "web_search"}]}}, "unpriced_request", "tools"),
        ({"service_tier": "priority"}, "unpriced_request", "service_tier"),
        ({"extra_body": {"web_search_options": {}}}, "unpriced_request", "web_search_options"),
        ({"extra_body": {"n": "4"}}, "invalid_type", "n"),
        ({"extra_body": {"max_tokens": -1}}, "invalid_type", "max_tokens"),
        ({"extra_body": {"stream_options": [1]}}, "invalid_type", "stream_options"),
    ],
)
def test_what_has_no_known_price_is_refused_by_name(
    gateway: Gateway, provider: Provider, ledger: Ledger, options: dict[str, Any], code: str, param: str
) -> None:
    error = refusal(gateway, **options)
    assert (error.status_code, error.code, error.param) == (400, code, param)
    assert "canary" not in error.message
    assert provider.counts()["chat_requests"] == 0
    assert ledger.item() == {}


def test_a_table_that_fails_admits_nothing(gateway: Gateway, provider: Provider, ledger: Ledger) -> None:
    ask(gateway)
    ledger.client.delete_table(TableName=ledger.name)
    error = refusal(gateway)
    assert (error.status_code, error.code) == (503, "state_unavailable")
    assert "ResourceNotFoundException" in error.message
    assert provider.counts()["chat_requests"] == 1


def test_a_settlement_that_fails_leaves_the_money_put_aside_and_the_client_its_answer(
    gateway: Gateway, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = Table.update

    async def failing(table: Table, partition: str, sort: str, fields: Any) -> Any:
        if "REMOVE" in fields["UpdateExpression"]:
            raise AwsError("dynamodb", "UpdateItem", "Unreachable", 0)
        return await update(table, partition, sort, fields)

    monkeypatch.setattr(Table, "update", failing)
    assert ask(gateway, max_tokens=10).choices
    books = ledger.books()
    assert books["open"] == [books["committed"]]
    failed, line = gateway.lines(2)
    assert (failed["event"], failed["errorMessage"]) == (
        "settlement_failed",
        "dynamodb UpdateItem failed: Unreachable",
    )
    assert line["status"] == 200


Post = Callable[[Gateway, int], list[tuple[int, str]]]


@pytest.fixture
def at_once(background: BackgroundLoop) -> Post:
    """Post so many chat requests at once; return status and error code of each."""

    def post(gateway: Gateway, count: int) -> list[tuple[int, str]]:
        body = json.dumps({"model": "small", "messages": MESSAGES, "max_tokens": 100}).encode()

        async def one(session: aiohttp.ClientSession) -> tuple[int, str]:
            async with session.post(f"{gateway.url}/v1/chat/completions", data=io.BytesIO(body)) as response:
                document = await response.json()
                return response.status, document.get("error", {}).get("code", "")

        async def all_of_them() -> list[tuple[int, str]]:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
                return await asyncio.gather(*(one(session) for _ in range(count)))

        result: list[tuple[int, str]] = background.run(all_of_them(), 60.0)
        return result

    return post


@pytest.mark.parametrize("repetition", [*range(3), *(pytest.param(n, marks=pytest.mark.long) for n in range(3, 20))])
def test_of_64_clients_at_once_exactly_those_are_admitted_that_the_limit_covers(
    start_gateway: Start, background: BackgroundLoop, ledger: Ledger, at_once: Post, repetition: int
) -> None:
    """The provider bills each call at its worst price, so that nothing is given back that a later one could use."""
    usage = {"prompt_tokens": 1, "completion_tokens": 100}
    answer = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [], "usage": usage}
    upstream = RawUpstream(whole("200 OK", json.dumps(answer).encode()))
    background.run(upstream.start())
    gateway = start_gateway(base_url=upstream.base_url, price=PER_TOKEN, monthly_spend_micro_usd=1000)
    assert Counter(at_once(gateway, 64)) == {(200, ""): 10, (429, "budget_exceeded"): 54}
    assert len(upstream.received) == 10
    assert ledger.books() == {"committed": 1000, "spent": 1000, "estimated": 0, "open": []}
    background.run(upstream.close())


def test_of_64_clients_at_once_none_spends_what_others_have_not_given_back(
    start_gateway: Start, provider: Provider, ledger: Ledger, at_once: Post
) -> None:
    """The provider bills less than was put aside: more than ten are admitted, and never for more than the limit."""
    gateway = start_gateway(price=PER_TOKEN, monthly_spend_micro_usd=1000)
    outcomes = Counter(at_once(gateway, 64))
    billed = provider.counts()["completion_tokens"]
    assert outcomes[200, ""] >= 10
    assert outcomes.keys() <= {(200, ""), (429, "budget_exceeded")}
    assert ledger.books() == {"committed": billed, "spent": billed, "estimated": 0, "open": []}
    assert billed <= 1000


def test_nothing_of_a_request_reaches_the_table(
    gateway: Gateway, provider: Provider, ledger: Ledger, boto: Any
) -> None:
    """Prompts, answers, names of models, keys: an item of a budget has amounts, times, our own ids and the team."""
    ask(gateway, user="canary-user")
    list(ask(gateway, stream=True))
    provider.control(hang_after_chunks=1)
    stream = ask(gateway, stream=True)
    next(iter(stream))
    items = ledger.client.scan(TableName=ledger.name)["Items"]
    stream.close()
    (item,) = items
    names = {name for name in item if not re.fullmatch(r"r-[A-Za-z0-9_-]{12}", name)}
    assert names == {"pk", "sk", "committed", "spent", "estimated", "key#keyid2345abc", "team#search"}
    assert (item["pk"], item["sk"]) == ({"S": "BUDGETS"}, {"S": f"stack#{ledger.month}"})
    others = {json.dumps(value) for name, value in item.items() if name not in {"pk", "sk"}}
    own = re.compile(r'[\[\]{}NLS": ,0-9]+(key#keyid2345abc|team#search|[\[\]{}NLS": ,0-9])*')
    assert all(own.fullmatch(text) for text in others), others
