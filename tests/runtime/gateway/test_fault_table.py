"""Claim: what the guide to routing says of each fault is what the cases of the faults are held to, row by row."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.gateway.conftest import Gateway, Provider
from tests.runtime.gateway.test_resilience import ALL, CASES, NOTHING, USED, Case, amount, code_of, post, settled
from tests.runtime.ledger import Ledger
from tests.runtime.raw_upstream import RESET, RawUpstream

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "routing.md"
HEAD = "| the upstream | the client gets | charged | another attempt |"
CHARGED = {NOTHING: "nothing", ALL: "what was put aside", USED: "the last usage"}

ROWS: dict[str, tuple[str, ...]] = {
    "refuses the connection, has no address": (),
    "answers 429": ("429", "429 with a time to wait", "429 of a stream"),
    "answers 408": ("408",),
    "answers 500 and above": ("500", "500 before a stream", "529"),
    "answers 4xx otherwise": ("400", "409"),
    "refuses the stack's key (401)": ("an expired key",),
    "closes a kept connection without a word": (),
    "closes or resets the connection, answers what is no JSON": ("a connection reset", "garbage"),
    "sends no head, or half a body, until the deadline": ("slow head", "slow head of a stream", "slow body"),
    "breaks off or stalls within a stream": ("a stream cut within an event", "a stream that stands still"),
    "ends a stream early in good order, or with its own error event": (
        "a stream that ends early in good order",
        "an error as the last event",
    ),
    "tells no usage": ("no usage", "no usage in a stream"),
    "tells usage in each chunk, or in one with content": ("usage in each chunk", "usage in a chunk with content"),
}
"""Which cases stand for a row; those without any have tests of their own, beside which no answer of a provider is."""


def rows() -> dict[str, tuple[str, ...]]:
    """Return the guide's table: the fault, then what comes of it."""
    _, _, after = GUIDE.read_text().partition(HEAD)
    lines = after.partition("\n\n")[0].strip().splitlines()[1:]
    cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    return {first: tuple(rest) for first, *rest in cells}


def test_each_row_has_its_cases_and_each_case_its_row() -> None:
    assert rows().keys() == ROWS.keys()
    named = [case for cases in ROWS.values() for case in cases]
    assert sorted(named) == sorted(CASES.keys() - {"health"})


def _told(case: Case) -> str:
    """Return how the guide writes an answer; of a stream that has begun, and of what is tried again, it says less."""
    return f"{case.status} `{case.code}`" if case.status >= 500 else ""


@pytest.mark.parametrize("row", ROWS)
def test_a_row_says_what_its_cases_are_held_to(row: str) -> None:
    client, charged, another = rows()[row]
    for name in ROWS[row]:
        case = CASES[name]
        assert _told(case) in client, name
        assert charged == ("nothing" if case.attempts > 1 else CHARGED[case.charged]), name
        assert (another == "yes") is (case.attempts > 1), name


@pytest.mark.parametrize("row", [row for row in ROWS if row.startswith("answers ") and "4xx" not in row])
def test_what_is_tried_again_in_vain_ends_as_its_row_says(
    gateway: Gateway, provider: Provider, ledger: Ledger, row: str
) -> None:
    provider.control(status=int(re.findall(r"\d+", row)[0]))
    response = post(gateway, model="small")
    assert str(response.status_code) in rows()[row][0]
    told = re.search(r"`(\w+)`", rows()[row][0])
    assert told is None or told[1] == code_of(response)
    settled(ledger, 0)


def test_a_connection_that_is_reset_is_not_tried_again(
    start_gateway: Callable[..., Gateway], backup: Provider, background: BackgroundLoop, ledger: Ledger
) -> None:
    upstream = RawUpstream([RESET])
    background.run(upstream.start())
    others = [("acme", upstream.base_url), ("backup", backup.stand_in.base_url)]
    gateway = start_gateway(upstreams=[{"provider": name, "base_url": url} for name, url in others])
    response = post(gateway)
    assert (response.status_code, code_of(response)) == (502, "upstream_broken")
    assert (len(upstream.received), backup.counts()["chat_requests"]) == (1, 0)
    settled(ledger, amount(ALL, {}, json.loads(upstream.received[0].body) | {"model": "several"}), estimated=True)
    background.run(upstream.close())
