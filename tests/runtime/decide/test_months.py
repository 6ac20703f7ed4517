"""Claim: a budget's month and day are the calendar's in UTC."""

from datetime import UTC, datetime

import pytest

from runtime.decide.months import day_after, day_of, month_of


@pytest.mark.parametrize(
    ("moment", "month"),
    [("2026-11-30T23:59:59.999", "2026-11"), ("2026-12-01T00:00:00", "2026-12"), ("2028-02-29T12:00:00", "2028-02")],
)
def test_the_month_and_the_day_of_a_moment(moment: str, month: str) -> None:
    seconds = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
    assert (month_of(seconds), day_of(seconds)) == (month, moment[:10])


def test_the_next_period_begins_the_day_after() -> None:
    assert day_after("2026-11") == "2026-12-01"
    assert day_after("2026-12") == "2027-01-01"
    assert day_after("2026-11-30") == "2026-12-01"
    assert day_after("2028-02-28") == "2028-02-29"
