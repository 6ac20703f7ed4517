"""Claim: a request is charged what it cost, or what was put aside for it where nobody knows, and never less."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import openai
import pytest

from runtime.decide.demand import demand_of
from runtime.decide.prices import Price, Rates, worst_price
from runtime.state.table import Table
from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.gateway.conftest import Gateway, Provider
from tests.runtime.ledger import Ledger
from tests.runtime.raw_upstream import CLOSE, RawUpstream, chunk, stream_head, whole

MESSAGES = [{"role": "user", "content": "canary-prompt"}]
LUNA = Price(Rates(100_000, 500_000), maximum_output_tokens=128_000)
USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
USAGE_PRICE = 150
DOCUMENT = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": []}


@pytest.fixture
def upstream(background: BackgroundLoop) -> Iterator[Callable[..., RawUpstream]]:
    """Start upstreams that follow scripts."""
    started = []

    def start(*scripts: list[bytes]) -> RawUpstream:
        started.append(RawUpstream(*scripts))
        background.run(started[-1].start())
        return started[-1]

    yield start
    for one in started:
        background.run(one.close())


def ask(gateway: Gateway, **options: Any) -> Any:
    return gateway.client.chat.completions.create(**{"model": "small", "messages": MESSAGES} | options)


def reserved(**options: Any) -> int:
    """Return what is put aside for a request as the stock client writes it."""
    fields = {"messages": MESSAGES, "model": "small", **options}
    return worst_price(LUNA, demand_of(fields, json.dumps(fields, separators=(",", ":"))))


def settled(ledger: Ledger, amount: int, *, estimated: bool = False) -> None:
    """Wait until the books hold one amount and nothing open."""
    expected = {"committed": amount, "spent": amount, "estimated": amount if estimated else 0, "open": []}
    end = time.monotonic() + 5
    while ledger.books() != expected and time.monotonic() < end:
        time.sleep(0.02)
    assert ledger.books() == expected


@pytest.mark.parametrize("options", [{}, {"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}])
def test_an_answer_is_charged_by_its_usage_before_it_ends(
    gateway: Gateway,
    provider: Provider,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
) -> None:
    """Lambda may stand still once the answer has ended."""
    update = Table.update

    async def slow(table: Table, *arguments: Any) -> Any:
        await asyncio.sleep(0.2)
        return await update(table, *arguments)

    monkeypatch.setattr(Table, "update", slow)
    answer = ask(gateway, **options)
    chunks = list(answer) if options else []
    counts = provider.counts()
    exact = counts["prompt_tokens"] * 100_000 + counts["completion_tokens"] * 500_000
    cost = -(-exact // 1_000_000)
    assert ledger.books() == {"committed": cost, "spent": cost, "estimated": 0, "open": []}
    (line,) = gateway.lines()
    assert (line["cost_micro_usd"], line["status"]) == (cost, 200)
    assert (line["prompt_tokens"], line["output_tokens"]) == (counts["prompt_tokens"], counts["completion_tokens"])
    assert "cost_estimated" not in line
    assert [bool(one.usage) for one in chunks].count(True) == (1 if "stream_options" in options else 0)
    assert all(one.choices for one in chunks) is ("stream_options" not in options)


def test_while_it_runs_a_request_has_its_worst_price_put_aside(
    gateway: Gateway, provider: Provider, ledger: Ledger
) -> None:
    provider.control(hang_after_chunks=1)
    stream = ask(gateway, stream=True, max_completion_tokens=50)
    next(iter(stream))
    (amount,) = ledger.books()["open"]
    assert ledger.books() == {"committed": amount, "open": [amount]}
    assert amount == reserved(max_completion_tokens=50, stream=True)
    stream.close()
    settled(ledger, amount, estimated=True)


@pytest.mark.parametrize("status", [400, 401, 404, 408, 413, 429, 500, 503])
def test_a_request_that_the_provider_refused_costs_nothing(
    gateway: Gateway, provider: Provider, ledger: Ledger, status: int
) -> None:
    provider.control(status=status)
    with pytest.raises(openai.APIStatusError):
        ask(gateway)
    settled(ledger, 0)


def test_a_request_that_reached_nobody_costs_nothing(start_gateway: Callable[..., Gateway], ledger: Ledger) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(openai.APIStatusError):
        ask(start_gateway(base_url=f"http://127.0.0.1:{port}/v1"))
    settled(ledger, 0)


@pytest.mark.parametrize(
    "faults",
    [{"drop_connection": True}, {"delay_first_byte_seconds": 5}],
    ids=["hung up without a word", "too slow"],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_request_of_which_nobody_knows_whether_it_was_done_costs_what_was_put_aside(
    start_gateway: Callable[..., Gateway], provider: Provider, ledger: Ledger, faults: dict[str, Any], stream: bool
) -> None:
    provider.control(**faults)
    gateway = start_gateway(request_timeout_seconds=0.3)
    with pytest.raises(openai.APIStatusError):
        ask(gateway, stream=stream)
    settled(ledger, reserved(stream=stream), estimated=True)
    assert gateway.lines()[0]["cost_estimated"] is True


def test_a_stream_that_breaks_costs_what_was_put_aside(gateway: Gateway, provider: Provider, ledger: Ledger) -> None:
    provider.control(cut_after_chunks=3)
    with pytest.raises(openai.APIError):
        list(ask(gateway, stream=True))
    settled(ledger, reserved(stream=True), estimated=True)


def test_usage_that_was_not_the_last_is_not_taken_for_it(
    start_gateway: Callable[..., Gateway], upstream: Callable[..., RawUpstream], ledger: Ledger
) -> None:
    """Some servers count in each chunk; what broke off may have cost more than it had counted."""
    script = [stream_head(), chunk(event(**PIECE, usage=LESS)), CLOSE]
    with pytest.raises(openai.APIError):
        list(ask(start_gateway(base_url=upstream(script).base_url), stream=True))
    settled(ledger, reserved(stream=True), estimated=True)


@pytest.mark.parametrize("covered", [True, False])
def test_what_is_sent_again_on_a_new_connection_has_money_of_its_own(
    start_gateway: Callable[..., Gateway], upstream: Callable[..., RawUpstream], ledger: Ledger, covered: bool
) -> None:
    """A kept connection closes under the second request: nobody knows whether it was taken up, and billed."""
    script = document(usage=USAGE)
    known = USAGE_PRICE * (2 if covered else 1)
    limit = 50_000_000 if covered else USAGE_PRICE + 2 * reserved() - 1
    provider = upstream(script, [CLOSE], script)
    gateway = start_gateway(base_url=provider.base_url, monthly_spend_micro_usd=limit)
    ask(gateway)
    if covered:
        ask(gateway)
    else:
        with pytest.raises(openai.InternalServerError):
            ask(gateway)
    assert len(provider.received) == (3 if covered else 2)
    amount = known + reserved()
    expected = {"committed": amount, "spent": amount, "estimated": reserved(), "open": []}
    assert ledger.books() == expected
    assert gateway.lines(2)[1]["cost_micro_usd"] == amount - USAGE_PRICE


def test_a_client_that_hangs_up_before_the_answer_is_charged_what_was_put_aside(
    gateway: Gateway, provider: Provider, ledger: Ledger
) -> None:
    provider.control(delay_first_byte_seconds=10)
    with pytest.raises(openai.APITimeoutError):
        ask(gateway, timeout=0.3)
    settled(ledger, reserved(), estimated=True)


def document(**usage: Any) -> list[bytes]:
    return whole("200 OK", json.dumps({**DOCUMENT, **usage}).encode())


@pytest.mark.parametrize(
    "script",
    [
        document(),
        document(usage=None),
        document(usage={"prompt_tokens": 0, "completion_tokens": 0}),
        document(usage=USAGE, service_tier="priority"),
        whole("200 OK", b"no JSON"),
        [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", CLOSE],
    ],
    ids=["absent", "null", "zeros", "of another tier", "of no JSON", "cut off"],
)
def test_without_usage_an_answer_costs_what_was_put_aside(
    start_gateway: Callable[..., Gateway], upstream: Callable[..., RawUpstream], ledger: Ledger, script: list[bytes]
) -> None:
    gateway = start_gateway(base_url=upstream(script).base_url)
    with suppress(openai.InternalServerError):
        ask(gateway)
    settled(ledger, reserved(), estimated=True)


def event(**fields: Any) -> bytes:
    return b"data: " + json.dumps({**DOCUMENT, "object": "chat.completion.chunk", **fields}).encode() + b"\n\n"


PIECE = {"choices": [{"index": 0, "delta": {"content": "x"}}]}
LESS = {"prompt_tokens": 1000, "completion_tokens": 1}
DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("events", "known"),
    [
        ([event(**PIECE), event(usage=USAGE), DONE], True),
        ([event(**PIECE), event(usage=USAGE)], True),
        ([event(**PIECE, usage=LESS), event(usage=USAGE), event(usage=USAGE), DONE], True),
        ([event(**PIECE, usage=LESS), event(**PIECE, usage=USAGE), DONE], True),
        ([event(**PIECE, usage=USAGE), event(**PIECE, usage=None), DONE], True),
        ([event(**PIECE), DONE], False),
        ([event(**PIECE), b'data: {"usage": {\n\n', DONE], False),
    ],
    ids=["last", "without DONE", "repeated", "beside content", "before nulls", "none", "garbage"],
)
def test_the_last_usage_of_a_stream_counts_and_is_never_added_up(
    start_gateway: Callable[..., Gateway],
    upstream: Callable[..., RawUpstream],
    ledger: Ledger,
    events: list[bytes],
    known: bool,
) -> None:
    script = [stream_head(), *(chunk(one) for one in events), chunk(b"")]
    gateway = start_gateway(base_url=upstream(script).base_url)
    with gateway.client.chat.completions.with_streaming_response.create(
        model="small", messages=MESSAGES, stream=True
    ) as raw:
        passed = b"".join(raw.iter_bytes())
    assert passed == b"".join(one for one in events if b'"choices": []' not in one)
    settled(ledger, USAGE_PRICE if known else reserved(stream=True), estimated=not known)


def test_the_books_never_hold_less_than_the_provider_bills_over_many_requests(
    gateway: Gateway, provider: Provider, ledger: Ledger
) -> None:
    for number in range(6):
        answer = ask(gateway, n=1 + number % 2, max_tokens=20 + number, stream=number % 3 == 0)
        list(answer)
    counts = provider.counts()
    exact = counts["prompt_tokens"] * 100_000 + counts["completion_tokens"] * 500_000
    assert exact <= ledger.books()["spent"] * 1_000_000 <= exact + 6_000_000


def test_a_request_makes_two_writes_and_three_when_it_finds_one_that_was_never_settled(
    gateway: Gateway, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = []
    update = Table.update

    async def counting(table: Table, *arguments: Any) -> Any:
        writes.append(arguments[2]["UpdateExpression"].partition(" REMOVE")[0])
        return await update(table, *arguments)

    monkeypatch.setattr(Table, "update", counting)
    ask(gateway)
    assert len(writes) == 2
    lost = {"r-lost": {"L": [{"N": "7"}, {"N": "1"}]}}
    ledger.client.update_item(
        TableName=ledger.name,
        Key={"pk": {"S": "BUDGETS"}, "sk": {"S": f"stack#{ledger.month}"}},
        UpdateExpression="SET #lost = :lost, committed = committed + :amount",
        ExpressionAttributeNames={"#lost": "r-lost"},
        ExpressionAttributeValues={":lost": lost["r-lost"], ":amount": {"N": "7"}},
    )
    ask(gateway)
    assert len(writes) == 5
    books = ledger.books()
    assert (books["estimated"], books["open"]) == (7, [])
    assert books["committed"] == books["spent"]
