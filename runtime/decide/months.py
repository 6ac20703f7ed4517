"""Months in UTC, the periods of a budget; pure."""

from datetime import UTC, datetime


def month_of(epoch_seconds: float) -> str:
    """Return the month of a moment, such as 2026-11."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m")


def day_after(month: str) -> str:
    """Return the first day after a month, such as 2026-12-01 after 2026-11."""
    year, number = (int(part) for part in month.split("-"))
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}-01"
