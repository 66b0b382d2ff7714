"""What jobs are and where they stand, in words: for the bar above, the drawer and the list."""

from __future__ import annotations

from loradex.operations.child_job import JobStatus
from loradex_tui.cells import cell_text
from loradex_tui.jobs.pace import Pace
from loradex_tui.wording import size_text

STATE_WORDS = {"running": "running", "done": "done", "failed": "failed", "cancelled": "stopped"}
_SHORT = {"scan-only": "scan", "download": "get"}


def progress_text(name: str, status: JobStatus) -> str:
    """Return `scan: headers 41 % (3,120 of 7,610 files)`."""
    if not status.stage:
        return f"{name}: starting"
    if not status.total:
        return f"{name}: {status.stage} {amount_text(status)}".rstrip()
    return f"{name}: {status.stage} {share_text(status)} ({amount_text(status)})"


def ticker_text(name: str, status: JobStatus, pace: Pace) -> str:
    """Return a short line about one job: `scan 41 % · 14 s left`."""
    text = " ".join(part for part in (name, share_text(status) or cell_text(status.stage)) if part)
    left = left_text(pace.seconds_left)
    return f"{text} · {left} left" if left else text


def shortest_text(name: str, status: JobStatus) -> str:
    """Return the least that tells anything: `scan 41 %`."""
    word = _SHORT.get(name, name)
    if share := share_text(status):
        return f"{word} {share}"
    return f"{word} {status.done:,}" if status.done and status.unit != "bytes" else f"{word} …"


def share_text(status: JobStatus) -> str:
    """Return `41 %`; empty while the whole is unknown."""
    return f"{min(status.done * 100 // status.total, 100)} %" if status.total else ""


def amount_text(status: JobStatus) -> str:
    """Return `3,120 of 7,610 files` or `60 MB of 144 MB`; the whole is left out while unknown."""
    if status.unit == "bytes":
        done = size_text(status.done)
        return f"{done} of {size_text(status.total)}" if status.total else done
    done = f"{status.done:,} of {status.total:,}" if status.total else f"{status.done:,}"
    return f"{done} {cell_text(status.unit, 20)}".rstrip()


def rate_text(pace: Pace, unit: str) -> str:
    """Return `310/s`, `12 MB/s` or, for what takes long, `4 s each`; empty while unknown."""
    rate = pace.rate
    if not rate:
        return ""
    if unit == "bytes":
        return f"{size_text(int(rate))}/s"
    if rate >= 1:
        return f"{rate:,.0f}/s"
    return f"{left_text(1 / rate)} each"


def left_text(seconds: float | None) -> str:
    """Return a span as `14 s`, `3 min` or `2.5 h`; empty for None."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
