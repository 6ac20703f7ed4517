"""Months and days in UTC, the periods of a budget; pure."""

from datetime import UTC, date, datetime, timedelta


def month_of(epoch_seconds: float) -> str:
    """Return the month of a moment, such as 2026-11."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m")


def day_of(epoch_seconds: float) -> str:
    """Return the day of a moment, such as 2026-11-25."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%d")


def day_after(period: str) -> str:
    """Return the first day after a month or a day, such as 2026-12-01 after 2026-11."""
    year, month, *days = (int(part) for part in period.split("-"))
    if days:
        return (date(year, month, days[0]) + timedelta(days=1)).isoformat()
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}-01"
