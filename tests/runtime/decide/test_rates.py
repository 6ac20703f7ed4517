"""Claim: a refusal names the limit and when to come again, and headers tell what OpenAI's clients read."""

import pytest

from runtime.decide.limits import RateLimits
from runtime.decide.rates import Refusal, Window, is_over, rate_headers, refusal, seconds_left

NOW = 1_795_000_034.0
MINUTE = int(NOW // 60)
LIMITS = RateLimits(requests=3, tokens=100, concurrency=2)


@pytest.mark.parametrize(
    ("window", "tokens", "expected"),
    [
        (Window(MINUTE, 2, 90, 1), 10, None),
        (Window(MINUTE, 3, 0, 0), 0, Refusal("rpm", 46)),
        (Window(MINUTE, 0, 91, 0), 10, Refusal("tpm", 46)),
        (Window(MINUTE, 3, 100, 2), 10, Refusal("concurrency", 1)),
        (Window(MINUTE - 1, 3, 100, 1), 10, None),
        (Window(MINUTE + 1, 3, 0, 0), 0, Refusal("rpm", 46)),
        (Window(MINUTE + 2, 3, 0, 0), 0, None),
        (Window(MINUTE - 1, 0, 0, 2), 0, Refusal("concurrency", 1)),
    ],
)
def test_the_limit_that_a_request_does_not_fit_is_named(window: Window, tokens: int, expected: Refusal | None) -> None:
    assert refusal(LIMITS, window, tokens, NOW) == expected


def test_a_minute_is_over_when_another_has_begun_here() -> None:
    assert [is_over(Window(MINUTE + step), NOW) for step in (-1, 0, 1, 2)] == [True, False, False, True]


@pytest.mark.parametrize(("now", "left"), [(60.0, 60), (60.4, 60), (119.0, 1), (119.99, 1), (120.0, 60)])
def test_the_seconds_left_are_at_least_one_and_end_in_the_next_minute(now: float, left: int) -> None:
    assert seconds_left(now) == left
    assert (now + left) // 60 > now // 60


def test_headers_tell_of_the_limits_that_there_are_and_of_no_other() -> None:
    window = Window(MINUTE, requests=2, tokens=130)
    assert rate_headers(LIMITS, window, NOW) == {
        "x-ratelimit-limit-requests": "3",
        "x-ratelimit-remaining-requests": "1",
        "x-ratelimit-reset-requests": "46s",
        "x-ratelimit-limit-tokens": "100",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "46s",
    }
    assert rate_headers(RateLimits(concurrency=2), window, NOW) == {}
