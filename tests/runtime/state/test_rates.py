"""Claim: a key asks no faster than it may, and what is counted is given back once."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from runtime.aws import Aws, AwsError
from runtime.decide.limits import RateLimits
from runtime.decide.rates import Refusal
from runtime.state.attributes import from_item
from runtime.state.rates import RateLimitedError, Rates
from runtime.state.table import Table
from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.ledger import Ledger

MINUTE = 1_795_000_020.0
assert MINUTE % 60 == 0
KEY = "keyid2345abc"
UNTIL = MINUTE + 30

Work = Callable[[Rates], Coroutine[Any, Any, Any]]


@pytest.fixture
def run(ledger: Ledger, background: BackgroundLoop) -> Callable[..., Any]:
    """Run a coroutine with the table's rates."""

    def run(work: Work, name: str = ledger.name) -> Any:
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        variables = {"AWS_ENDPOINT_URL": ledger.url, "AWS_REGION": "eu-west-1", **keys}

        async def opened() -> Any:
            async with aiohttp.ClientSession() as session:
                return await work(Rates(Table(Aws(session, variables), name)))

        return background.run(opened())

    return run


def held(ledger: Ledger) -> dict[str, Any]:
    """Return the key's item, its slots as their number."""
    key = {"pk": {"S": "RATES"}, "sk": {"S": KEY}}
    item = from_item(ledger.client.get_item(TableName=ledger.name, Key=key).get("Item") or {})
    slots = sum(name.startswith("s-") for name in item)
    return {n: v for n, v in item.items() if n not in {"pk", "sk"} and not n.startswith("s-")} | {"slots": slots}


async def refused(rates: Rates, limits: RateLimits, tokens: int = 0, now: float = MINUTE) -> Refusal:
    with pytest.raises(RateLimitedError) as error:
        await rates.admit(KEY, limits, tokens, now=now, until=UNTIL)
    return error.value.refusal


def test_requests_of_a_minute_are_counted_and_the_next_minute_begins_anew(ledger: Ledger, run: Any) -> None:
    limits = RateLimits(requests=2)

    async def test(rates: Rates) -> None:
        for used in (1, 2):
            assert (await rates.admit(KEY, limits, 0, now=MINUTE, until=UNTIL)).window.requests == used
        assert await refused(rates, limits, now=MINUTE + 12.5) == Refusal("rpm", 48)
        assert (await rates.admit(KEY, limits, 0, now=MINUTE + 60, until=UNTIL)).window.requests == 1

    run(test)
    assert held(ledger) == {"window": MINUTE // 60 + 1, "requests": 1, "tokens": 0, "slots": 0}


def test_a_process_that_comes_late_counts_in_the_minute_that_others_began(ledger: Ledger, run: Any) -> None:
    limits = RateLimits(requests=2)
    for _ in range(2):
        run(lambda rates: rates.admit(KEY, limits, 0, now=MINUTE, until=UNTIL))
    assert run(lambda rates: refused(rates, limits)) == Refusal("rpm", 60)


def test_tokens_are_counted_at_their_most_and_put_right_at_the_end(ledger: Ledger, run: Any) -> None:
    limits = RateLimits(tokens=100)

    async def test(rates: Rates) -> None:
        one = await rates.admit(KEY, limits, 60, now=MINUTE, until=UNTIL)
        assert await refused(rates, limits, 41) == Refusal("tpm", 60)
        for _ in range(2):
            await rates.release(one, 10, now=MINUTE + 5)
        two = await rates.admit(KEY, limits, 90, now=MINUTE, until=UNTIL)
        await rates.release(two, None, now=MINUTE)
        assert await refused(rates, limits, 1) == Refusal("tpm", 60)
        assert await refused(rates, limits, 101) == Refusal("tpm", None)

    run(test)
    assert held(ledger) == {"window": MINUTE // 60, "requests": 2, "tokens": 100, "running": 0, "slots": 0}


def test_tokens_of_another_minute_are_not_taken_off_and_more_than_was_counted_is_added(
    ledger: Ledger, run: Any
) -> None:
    limits = RateLimits(tokens=100)

    async def test(rates: Rates) -> None:
        early = [await rates.admit(KEY, limits, 30, now=MINUTE, until=UNTIL) for _ in range(2)]
        await rates.admit(KEY, limits, 5, now=MINUTE + 60, until=UNTIL)
        await rates.release(early[0], 1, now=MINUTE + 61)
        await rates.release(early[1], 37, now=MINUTE + 61)

    run(test)
    assert (held(ledger)["tokens"], held(ledger)["slots"]) == (12, 1)


def test_so_many_run_at_once_over_minutes_and_those_of_killed_processes_end(ledger: Ledger, run: Any) -> None:
    limits = RateLimits(concurrency=2)

    async def test(rates: Rates) -> None:
        first = await rates.admit(KEY, limits, 0, now=MINUTE, until=UNTIL)
        await rates.admit(KEY, limits, 0, now=MINUTE, until=MINUTE + 300)
        assert await refused(rates, limits) == Refusal("concurrency", 1)
        assert await refused(rates, limits, now=MINUTE + 29) == Refusal("concurrency", 1)
        third = await rates.admit(KEY, limits, 0, now=UNTIL + 1, until=MINUTE + 300)
        await rates.release(first, None, now=UNTIL + 1)
        assert await refused(rates, limits, now=MINUTE + 61) == Refusal("concurrency", 1)
        await rates.release(third, None, now=MINUTE + 61)
        await rates.admit(KEY, limits, 0, now=MINUTE + 61, until=MINUTE + 300)

    run(test)
    assert (held(ledger)["running"], held(ledger)["slots"]) == (2, 2)


def test_a_minute_far_in_the_future_binds_nobody_for_long(ledger: Ledger, run: Any) -> None:
    """A clock that was wrong once, by an hour, does not refuse the right ones for an hour."""
    limits = RateLimits(requests=1)

    async def test(rates: Rates) -> None:
        await rates.admit(KEY, limits, 0, now=MINUTE + 3600, until=UNTIL)

    run(test)
    run(lambda rates: rates.admit(KEY, limits, 0, now=MINUTE, until=UNTIL))
    assert held(ledger)["window"] == MINUTE // 60


@pytest.mark.parametrize("limits", [RateLimits(requests=0), RateLimits(tokens=0), RateLimits(concurrency=0)])
def test_a_limit_of_nothing_admits_nothing_and_writes_nothing(ledger: Ledger, run: Any, limits: RateLimits) -> None:
    assert run(lambda rates: refused(rates, limits, 1)).retry_after_seconds is None
    assert held(ledger) == {"slots": 0}


def test_without_its_table_nothing_is_admitted(ledger: Ledger, run: Any) -> None:
    with pytest.raises(AwsError):
        run(lambda rates: rates.admit(KEY, RateLimits(requests=1), 0, now=MINUTE, until=UNTIL), "missing")


def test_one_write_counts_a_request_and_one_more_gives_back(ledger: Ledger, run: Any) -> None:
    limits, writes = RateLimits(requests=100, tokens=1000, concurrency=5), 0

    async def test(rates: Rates) -> None:
        update = rates._table.update

        async def counted(*arguments: Any) -> Any:
            nonlocal writes
            writes += 1
            return await update(*arguments)

        rates._table.update = counted  # type: ignore[method-assign, assignment]
        for _ in range(4):
            await rates.release(await rates.admit(KEY, limits, 10, now=MINUTE, until=UNTIL), 5, now=MINUTE)
        for _ in range(3):
            await rates.admit(KEY, replace(limits, tokens=None, concurrency=None), 0, now=MINUTE, until=UNTIL)

    run(test)
    assert writes == 4 * 2 + 3
