"""Claim: a breaker opens for a bounded time, doubles while probes fail, and no wrong clock keeps it open."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.decide.breakers import (
    CLOCK_SLACK_SECONDS,
    CLOSED,
    FIRST_OPEN_SECONDS,
    MAXIMUM_OPEN_SECONDS,
    Breaker,
    claimed,
    opened,
    reopened,
)

NOW = st.integers(1_700_000_000, 1_900_000_000)


def test_a_closed_breaker_lets_all_through() -> None:
    assert CLOSED.is_closed
    assert CLOSED.open_seconds(0.0) == 0
    assert Breaker(open_until=2_000_000_000).open_seconds(1_999_999_990) == 0


@given(NOW)
def test_one_that_opened_is_open_for_its_time_and_then_lets_a_probe_through(now: int) -> None:
    breaker = opened(now)
    assert breaker.open_seconds(now) == FIRST_OPEN_SECONDS
    assert breaker.open_seconds(now + FIRST_OPEN_SECONDS - 1) == 1
    assert breaker.open_seconds(now + FIRST_OPEN_SECONDS) == 0
    assert not breaker.is_closed


@given(NOW)
def test_while_a_probe_is_under_way_it_is_open_to_others_who_take_over_later(now: int) -> None:
    claim = claimed(Breaker(now - 1, 20), now)
    assert claim.open_seconds(now) == 20
    assert claim.open_seconds(now + 20) == 0
    assert claim.seconds == 20


def test_each_failed_probe_doubles_the_time_up_to_a_maximum() -> None:
    breaker, seen = opened(0), []
    for _ in range(6):
        seen.append(breaker.seconds)
        breaker = reopened(breaker, 0)
    assert seen == [10, 20, 40, 80, 80, 80]


@given(NOW, NOW, st.integers(1, MAXIMUM_OPEN_SECONDS))
def test_a_wrong_clock_of_a_writer_keeps_nobody_out_for_longer_than_the_maximum(
    written: int, read: int, seconds: int
) -> None:
    left = Breaker(written + seconds, seconds).open_seconds(read)
    assert 0 <= left <= MAXIMUM_OPEN_SECONDS + CLOCK_SLACK_SECONDS


def test_a_time_that_no_right_clock_can_have_written_counts_as_passed() -> None:
    assert Breaker(open_until=10_000, seconds=10).open_seconds(1_000) == 0
