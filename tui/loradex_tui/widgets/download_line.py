"""A download in words and numbers: state, how far, how fast, what went wrong."""

from __future__ import annotations

from loradex.domain.downloads import Download, DownloadState
from loradex_tui.cells import cell_text
from loradex_tui.wording import size_text

DOWNLOAD_MARKS = {
    DownloadState.QUEUED: "·",
    DownloadState.RUNNING: "↓",
    DownloadState.PAUSED: "║",
    DownloadState.FAILED: "✗",
    DownloadState.ASIDE: "✗",
    DownloadState.DONE: "✓",
    DownloadState.CANCELLED: "-",
}


class Speeds:
    """How fast downloads grow, from what was seen of them a moment before."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[float, int]] = {}
        self._rates: dict[int, float] = {}

    def note(self, downloads: list[Download], now: float) -> None:
        """See where they are now; `now` in seconds."""
        for each in downloads:
            if each.state is not DownloadState.RUNNING:
                self._seen.pop(each.id, None)
                self._rates.pop(each.id, None)
                continue
            then, before = self._seen.get(each.id, (now, each.done_bytes))
            if each.done_bytes != before and now > then:
                rate = max(each.done_bytes - before, 0) / (now - then)
                old = self._rates.get(each.id, rate)
                self._rates[each.id] = 0.6 * old + 0.4 * rate
            if each.done_bytes != before or each.id not in self._seen:
                self._seen[each.id] = (now, each.done_bytes)

    def rate(self, id_: int) -> float | None:
        """Return bytes a second, None while nobody knows."""
        return self._rates.get(id_)

    @property
    def total(self) -> float:
        """Bytes a second of all together."""
        return sum(self._rates.values())


def is_trouble(each: Download) -> bool:
    """Tell whether a person should look at it."""
    return each.state in (DownloadState.FAILED, DownloadState.ASIDE)


def is_over(each: Download) -> bool:
    """Tell whether it has come, or is not wanted any more."""
    return each.state in (DownloadState.DONE, DownloadState.CANCELLED)


def download_share(each: Download) -> float | None:
    """Return how much of it is there, 0 to 1; None while its size is unknown."""
    if each.state is DownloadState.DONE:
        return 1.0
    return min(each.done_bytes / each.size_bytes, 1.0) if each.size_bytes else None


def download_state(each: Download) -> str:
    """Return its state in a word or two."""
    if each.state is DownloadState.QUEUED and each.tries:
        return "waits"
    return {DownloadState.ASIDE: "wrong bytes"}.get(each.state, each.state.value)


def download_amount(each: Download) -> str:
    """Return `60 MB of 144 MB`, or its size when it has not begun or is over."""
    size = size_text(each.size_bytes) if each.size_bytes else ""
    if is_over(each) or not each.done_bytes:
        return size
    return f"{size_text(each.done_bytes)} of {size}" if size else size_text(each.done_bytes)


def trouble_text(each: Download | None) -> str:
    """Return what is wrong with a download and what helps; empty when nothing is."""
    if each is None or not each.error:
        return ""
    return cell_text(f"{each.error} {each.hint or ''}".strip(), 600)
