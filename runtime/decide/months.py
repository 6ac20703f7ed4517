"""Months and days in UTC, the periods of a budget; pure."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

DAY_SECONDS = 86_400


def month_of(epoch_seconds: float) -> str:
    """Return the month of a moment, such as 2026-11."""
    return day_of(epoch_seconds)[: len("2026-11")]


def day_of(epoch_seconds: float) -> str:
    """Return the day of a moment, such as 2026-11-25."""
    return _day(int(epoch_seconds // DAY_SECONDS))


@lru_cache(maxsize=4)
def _day(days_since_epoch: int) -> str:
    return datetime.fromtimestamp(days_since_epoch * DAY_SECONDS, UTC).strftime("%Y-%m-%d")


def day_after(period: str) -> str:
    """Return the first day after a month or a day, such as 2026-12-01 after 2026-11."""
    year, month, *days = (int(part) for part in period.split("-"))
    if days:
        return (date(year, month, days[0]) + timedelta(days=1)).isoformat()
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}-01"
