"""Times as hubs write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def utc_time(text: str | None) -> str | None:
    """Return a time of the hub as `2026-02-11T09:30:00Z`; None if it is none.

    The hub writes some times without a zone and with any number of decimals: those are UTC.
    """
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return None


def days_later(text: str | None, days: int | None) -> str | None:
    """Return the time so many days after one of the hub's; None without a time or days."""
    start = utc_time(text)
    if start is None or not days:
        return None
    try:
        end = datetime.fromisoformat(start) + timedelta(days=days)
    except OverflowError:
        return None
    return utc_time(end.isoformat())
