"""Times as hubs write them."""

from __future__ import annotations

from datetime import UTC, datetime


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
