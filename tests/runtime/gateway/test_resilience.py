"""Claim: each way in which an upstream can fail has one answer for the client and one amount in the books.

Another attempt is made only after what nobody bills, so each request costs one answer at most, or what was put aside.
"""

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import openai
import pytest

from runtime.decide.demand import demand_of
from runtime.decide.prices import Price, Rates, worst_price
from runtime.gateway import attempts
from runtime.gateway.answers import GatewayError
from runtime.gateway.passthrough import pass_through
from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.gateway.conftest import Gateway, Provider
from tests.runtime.ledger import Ledger

MESSAGES = [{"role": "user", "content": "canary-prompt"}]
LUNA = Price(Rates(100_000, 500_000), maximum_output_tokens=128_000)
ACME, BACKUP = "acme/gpt-6-luna", "backup/gpt-6-luna"
USED, ALL, NOTHING = "by its usage", "what was put aside", "nothing"
ANY_MODEL = {"model": "several", "messages": MESSAGES}


@dataclass(frozen=True)
class Case:
    """A fault of the first upstream, and what comes of it: status, code, who answered, attempts, what is charged."""

    faults: dict[str, Any]
    status: int = 200
    code: str = ""
    upstream: str = ACME
    attempts: int = 1
    charged: str = USED
    options: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)


STREAM: dict[str, Any] = {"stream": True}
FALLBACK: dict[str, Any] = {"upstream": BACKUP, "attempts": 2}
BROKEN: dict[str, Any] = {"status": 502, "code": "upstream_broken", "charged": ALL}
LATE: dict[str, Any] = {"status": 504, "code": "upstream_timeout", "charged": ALL}
SHORT = {"request_timeout_seconds": 0.3, "first_byte_timeout_seconds": 0.2}

CASES: dict[str, Case] = {
    "health": Case({}),
    "429": Case({"status": 429}, **FALLBACK),
    "429 with a time to wait": Case({"status": 429, "retry_after_seconds": 7}, **FALLBACK),
    "429 of a stream": Case({"status": 429}, options=STREAM, **FALLBACK),
    "408": Case({"status": 408}, **FALLBACK),
    "500": Case({"status": 500}, **FALLBACK),
    "500 before a stream": Case({"status": 500}, options=STREAM, **FALLBACK),
    "529": Case({"status": 529}, **FALLBACK),
    "400": Case({"status": 400}, status=400, code="simulated_error", charged=NOTHING),
    "409": Case({"status": 409}, status=409, code="simulated_error", charged=NOTHING),
    "an expired key": Case({"require_key": "x"}, status=502, code="upstream_refused_key", charged=NOTHING),
    "a connection reset": Case({"drop_connection": True}, **BROKEN),
    "garbage": Case({"answer_body": "{<html>"}, **BROKEN),
    "slow head": Case({"delay_first_byte_seconds": 5}, limits=SHORT, **LATE),
    "slow head of a stream": Case({"delay_first_byte_seconds": 5}, options=STREAM, limits=SHORT, **LATE),
    "slow body": Case({"delay_body_seconds": 5}, limits=SHORT, **LATE),
    "no usage": Case({"usage": "missing"}, charged=ALL),
    "no usage in a stream": Case({"usage": "missing"}, options=STREAM, charged=ALL),
    "usage in each chunk": Case({"usage": "repeated"}, options=STREAM),
    "usage in a chunk with content": Case({"usage": "in_content"}, options=STREAM),
    "a stream that ends early in good order": Case({"end_after_chunks": 3}, options=STREAM, charged=ALL),
    "an error as the last event": Case({"fail_after_chunks": 3}, options=STREAM, charged=ALL),
    "a stream cut within an event": Case({"cut_after_chunks": 3}, code="upstream_broken", options=STREAM, charged=ALL),
    "a stream that stands still": Case(
        {"hang_after_chunks": 3}, code="upstream_timeout", options=STREAM, limits=SHORT, charged=ALL
    ),
}


def post(gateway: Gateway, headers: dict[str, str] | None = None, **fields: Any) -> httpx2.Response:
    body = json.dumps(ANY_MODEL | fields, separators=(",", ":"))
    return httpx2.post(f"{gateway.url}/v1/chat/completions", content=body, headers=headers, timeout=10)


def code_of(response: httpx2.Response) -> str:
    """Return the code of an answer's error, be it a document or the last event of a stream; empty without one."""
    if not response.headers["content-type"].startswith("text/event-stream"):
        return str((response.json().get("error") or {}).get("code", ""))
    last = [line for line in response.text.splitlines() if line.startswith("data: ")][-1].removeprefix("data: ")
    return "" if last == "[DONE]" else str((json.loads(last).get("error") or {}).get("code", ""))


def amount(charged: str, used: dict[str, Any], sent: dict[str, Any]) -> int:
    if charged == NOTHING:
        return 0
    if charged == ALL:
        return worst_price(LUNA, demand_of(sent, json.dumps(sent, separators=(",", ":"))))
    return -(-int(used["prompt_tokens"] * 100_000 + used["completion_tokens"] * 500_000) // 1_000_000)


def settled(ledger: Ledger, expected: int, *, estimated: bool = False) -> None:
    """Wait until the books hold one amount and nothing open."""
    books = {"committed": expected, "spent": expected, "estimated": expected if estimated else 0, "open": []}
    end = time.monotonic() + 5
    while ledger.books() != books and time.monotonic() < end:
        time.sleep(0.02)
    assert ledger.books() == books


def several(*upstreams: Provider) -> list[dict[str, Any]]:
    names = ("acme", "backup")
    return [{"provider": name, "base_url": one.stand_in.base_url} for name, one in zip(names, upstreams, strict=False)]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_has_its_answer_and_its_price(
    start_gateway: Callable[..., Gateway], provider: Provider, backup: Provider, ledger: Ledger, case: Case
) -> None:
    provider.control(**{"delay_chunk_seconds": 0.0} | case.faults)
    gateway = start_gateway(upstreams=several(provider, backup), **case.limits)
    response = post(gateway, **case.options)
    assert (response.status_code, code_of(response)) == (case.status, case.code)
    assert response.headers["x-leanto-upstream"] == case.upstream
    assert response.headers["x-leanto-attempts"] == str(case.attempts)
    assert provider.counts()["chat_requests"] == 1, "an upstream is not asked again while another can be asked"
    assert backup.counts()["chat_requests"] == case.attempts - 1
    answered = backup if case.upstream == BACKUP else provider
    expected = amount(case.charged, answered.counts(), {**ANY_MODEL, **case.options})
    settled(ledger, expected, estimated=case.charged == ALL)
    is_stream = response.headers["content-type"].startswith("text/event-stream")
    assert response.headers.get("x-leanto-cost-micro-usd") == (None if is_stream else str(expected))
    (line,) = gateway.lines()
    assert (line["attempts"], line.get("cost_micro_usd", 0)) == (case.attempts, expected)
    assert line.get("overflow", "").startswith(f"{ACME}: status {case.faults['status']}" if case.attempts > 1 else "")


def unreachable(monkeypatch: pytest.MonkeyPatch, background: BackgroundLoop) -> dict[str, str]:
    """Return base URLs at which nobody is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    resolve = background.loop.getaddrinfo

    async def fail(host: str, *arguments: Any, **options: Any) -> Any:
        if host == "provider.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return await resolve(host, *arguments, **options)

    monkeypatch.setattr(background.loop, "getaddrinfo", fail)
    return {"refused": f"http://127.0.0.1:{port}/v1", "no such name": "https://provider.invalid/v1"}


@pytest.mark.parametrize("kind", ["refused", "no such name"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_provider_that_cannot_be_reached_is_passed_over_at_no_cost(
    start_gateway: Callable[..., Gateway],
    backup: Provider,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    background: BackgroundLoop,
    kind: str,
    stream: bool,
) -> None:
    url = unreachable(monkeypatch, background)[kind]
    gateway = start_gateway(
        upstreams=[{"provider": "acme", "base_url": url}, *several(backup, backup)[1:]], base_url=url
    )
    response = post(gateway, stream=stream)
    assert (response.status_code, response.headers["x-leanto-upstream"]) == (200, BACKUP)
    assert response.headers["x-leanto-attempts"] == "2"
    settled(ledger, amount(USED, backup.counts(), {}))
    assert [line["overflow"] for line in gateway.lines()] == [f"{ACME}: could not be reached"]


@pytest.mark.parametrize("kind", ["refused", "no such name"])
def test_where_nobody_can_be_reached_the_client_is_told_and_nothing_is_charged(
    start_gateway: Callable[..., Gateway],
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    background: BackgroundLoop,
    kind: str,
) -> None:
    gateway = start_gateway(base_url=unreachable(monkeypatch, background)[kind])
    response = post(gateway, model="small")
    assert (response.status_code, code_of(response)) == (502, "upstream_broken")
    assert (response.headers["x-leanto-attempts"], response.headers["x-leanto-cost-micro-usd"]) == ("2", "0")
    settled(ledger, 0)


SKEWED = {"retry_after_seconds": 0, "retry_after_as_date": True, "clock_ahead_seconds": 3600}
ALONE: dict[str, tuple[dict[str, Any], int, int, str | None]] = {
    "429 once": ({"status": 429, "times": 1}, 200, 2, None),
    "429 once, at once again": ({"status": 429, "times": 1, "retry_after_seconds": 0}, 200, 2, None),
    "429 and a clock an hour ahead": ({"status": 429, "times": 1, **SKEWED}, 200, 2, None),
    "429 with a long time to wait": ({"status": 429, "times": 1, "retry_after_seconds": 7}, 429, 1, "7"),
    "429 that says to leave it": ({"status": 429, "times": 1, "forbids_retry": True}, 429, 1, None),
    "500 once": ({"status": 500, "times": 1}, 200, 2, None),
    "500 for ever": ({"status": 500}, 502, 2, None),
}
"""Faults of an upstream that has no other beside it: status, attempts and Retry-After of the answer."""


@pytest.mark.parametrize(("faults", "status", "attempts", "retry_after"), ALONE.values(), ids=ALONE)
def test_the_only_upstream_is_asked_once_more_if_that_is_soon(
    gateway: Gateway,
    provider: Provider,
    ledger: Ledger,
    faults: dict[str, Any],
    status: int,
    attempts: int,
    retry_after: str | None,
) -> None:
    provider.control(**faults)
    response = post(gateway, model="small")
    assert (response.status_code, response.headers["x-leanto-attempts"]) == (status, str(attempts))
    assert response.headers.get("retry-after") == retry_after
    counts = provider.counts()
    assert counts["chat_requests"] == attempts
    settled(ledger, amount(USED if status == 200 else NOTHING, counts, {}))


def test_when_all_fail_the_last_error_is_told_and_nothing_is_charged(
    start_gateway: Callable[..., Gateway], provider: Provider, backup: Provider, ledger: Ledger
) -> None:
    provider.control(status=500)
    backup.control(status=429, retry_after_seconds=7)
    gateway = start_gateway(upstreams=several(provider, backup))
    response = post(gateway)
    assert (response.status_code, response.headers["x-leanto-attempts"]) == (502, "3")
    assert (provider.counts()["chat_requests"], backup.counts()["chat_requests"]) == (2, 1)
    settled(ledger, 0)
    reasons = [f"{ACME}: status 500", f"{BACKUP}: status 429", f"{ACME}: status 500"]
    assert [line["overflow"] for line in gateway.lines()] == ["; ".join(reasons)]


def test_a_client_that_leaves_while_the_gateway_waits_ends_the_attempts(
    gateway: Gateway, provider: Provider, ledger: Ledger
) -> None:
    provider.control(status=429, retry_after_seconds=2, times=1)
    with pytest.raises(openai.APITimeoutError):
        gateway.client.chat.completions.create(model="small", messages=MESSAGES, timeout=0.3)  # type: ignore[arg-type]
    assert [line["status"] for line in gateway.lines()] == [499]
    assert provider.counts()["chat_requests"] == 1
    settled(ledger, 0)


def test_an_attempt_that_the_budget_does_not_cover_is_not_made_and_the_first_error_is_told(
    start_gateway: Callable[..., Gateway], provider: Provider, backup: Provider, ledger: Ledger
) -> None:
    provider.control(status=500)
    dear = {"input_micro_usd_per_million": 10**9, "output_micro_usd_per_million": 10**9}
    first, second = several(provider, backup)
    gateway = start_gateway(upstreams=[first, second | {"price": dear}], monthly_spend_micro_usd=1_000_000)
    response = post(gateway, max_completion_tokens=10)
    assert (response.status_code, code_of(response)) == (502, "upstream_error")
    assert backup.counts()["chat_requests"] == 0
    settled(ledger, 0)


@pytest.mark.parametrize("has_other", [True, False])
def test_a_request_that_cannot_be_put_to_an_upstream_goes_to_the_next(
    start_gateway: Callable[..., Gateway],
    provider: Provider,
    backup: Provider,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    has_other: bool,
) -> None:
    """A translator refuses what its upstream has no word for, before anything is sent."""

    async def only_backup(session: Any, attempt: Any, *others: Any) -> None:
        if attempt.upstream.name == ACME:
            raise GatewayError(400, "unsupported_parameter", "no such thing", param="seed")
        await pass_through(session, attempt, *others)

    monkeypatch.setattr(attempts, "pass_through", only_backup)
    response = post(start_gateway(upstreams=several(provider, backup) if has_other else several(provider)))
    expected = (200, "", BACKUP) if has_other else (400, "unsupported_parameter", ACME)
    assert (response.status_code, code_of(response), response.headers["x-leanto-upstream"]) == expected
    assert response.headers["x-leanto-attempts"] == ("2" if has_other else "1"), "the same would be refused again"
    assert provider.counts()["chat_requests"] == 0
    settled(ledger, amount(USED if has_other else NOTHING, backup.counts(), {}))


@pytest.mark.parametrize(
    ("fields", "headers", "upstream"),
    [
        ({}, {}, ACME),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, {}, BACKUP),
        ({}, {"x-leanto-data-class": "eu"}, BACKUP),
        ({}, {"x-leanto-data-class": "any"}, ACME),
        ({"max_completion_tokens": 60_000}, {}, BACKUP),
    ],
    ids=["any", "tools", "data class", "no data class", "length"],
)
def test_an_upstream_is_asked_only_for_what_it_may_and_can(
    start_gateway: Callable[..., Gateway],
    provider: Provider,
    backup: Provider,
    fields: dict[str, Any],
    headers: dict[str, str],
    upstream: str,
) -> None:
    price = {"input_micro_usd_per_million": 1, "output_micro_usd_per_million": 1, "maximum_output_tokens": 50_000}
    first, second = several(provider, backup)
    gateway = start_gateway(upstreams=[first | {"lacks": ["tools"], "price": price}, second | {"place": "eu"}])
    response = post(gateway, headers, **fields)
    assert (response.status_code, response.headers["x-leanto-upstream"]) == (200, upstream)


@pytest.mark.parametrize(
    ("data_class", "status", "code"),
    [
        ("us", 400, "data_class_not_served"),
        ("local-only", 400, "data_class_not_served"),
        ("x", 400, "invalid_data_class"),
    ],
)
def test_a_data_class_that_no_upstream_fits_sends_nothing_anywhere(
    start_gateway: Callable[..., Gateway], provider: Provider, data_class: str, status: int, code: str
) -> None:
    gateway = start_gateway(upstreams=[several(provider)[0] | {"place": "eu"}])
    response = post(gateway, {"x-leanto-data-class": data_class})
    assert (response.status_code, code_of(response)) == (status, code)
    assert provider.counts()["chat_requests"] == 0
    assert "x-leanto-attempts" not in response.headers


def test_a_key_of_a_data_class_binds_each_of_its_requests(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    caller = {"keyId": "k", "team": "t", "models": "*", "dataClass": "local-only"}
    gateway = start_gateway(caller=caller)
    response = post(gateway, {"x-leanto-data-class": "any"}, model="mixed")
    assert (response.status_code, code_of(response)) == (503, "local_unavailable")
    assert provider.counts()["chat_requests"] == 0
