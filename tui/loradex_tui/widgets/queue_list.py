"""The download queue as lines: state, name, how far, how fast."""

from __future__ import annotations

import time
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message

from loradex.domain.downloads import Download, DownloadState
from loradex_tui.actions import bindings
from loradex_tui.cells import cell_text, fit, fit_right
from loradex_tui.widgets.line_list import LineList
from loradex_tui.wording import size_text

_MARKS = {
    DownloadState.QUEUED: "·",
    DownloadState.RUNNING: "↓",
    DownloadState.PAUSED: "‖",
    DownloadState.FAILED: "✗",
    DownloadState.ASIDE: "✗",
    DownloadState.DONE: "✓",
    DownloadState.CANCELLED: "-",
}
_BAR = 12
_LEAST_NAME = 18


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


class QueueList(LineList):
    """One line for each download; a failed one says below the list why."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("queue")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "queue--mark",
        "queue--quiet",
        "queue--bar",
        "queue--failed",
        "queue--done",
    }
    DEFAULT_CSS = """
    QueueList > .queue--mark { color: $accent; text-style: bold; }
    QueueList > .queue--quiet { color: $quiet; }
    QueueList > .queue--bar { color: $primary; }
    QueueList > .queue--failed { color: $error; }
    QueueList > .queue--done { color: $quiet; }
    """

    class Asked(Message):
        """The person wants something done: `pause`, `retry`, `drop`, `tidy`, `run`, `back`."""

        def __init__(self, what: str, download: Download | None) -> None:
            super().__init__()
            self.what = what
            self.download = download

    def __init__(self) -> None:
        super().__init__()
        self.downloads: list[Download] = []
        self.speeds = Speeds()

    def show(self, downloads: list[Download]) -> None:
        """Show the queue; the cursor stays on its download."""
        current = self.current.id if self.current else None
        self.downloads = downloads
        self.speeds.note(downloads, time.monotonic())
        ids = [each.id for each in downloads]
        self.set_line_count(len(ids), ids.index(current) if current in ids else self.cursor)

    @property
    def current(self) -> Download | None:
        """The download under the cursor."""
        return self.downloads[self.cursor] if self.cursor < len(self.downloads) else None

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return mark, name, and as much of state, bar, size and speed as the width allows."""
        each = self.downloads[index]

        def style(name: str) -> Style:
            return base + self.tone(f"queue--{name}")

        failed = each.state in (DownloadState.FAILED, DownloadState.ASIDE)
        tail = [
            (_share_text(each), 6, "quiet", True),
            (_state_word(each), 12, "failed" if failed else "quiet", False),
            (size_text(each.size_bytes) if each.size_bytes else "", 8, "quiet", True),
            (_bar(each), _BAR + 1, "bar", False),
            (self._speed(each), 10, "quiet", True),
        ]
        room = width - 4
        shown = []
        for part in tail:
            if room - part[1] < _LEAST_NAME:
                break
            room -= part[1]
            shown.append(part)
        over = each.state in (DownloadState.DONE, DownloadState.CANCELLED)
        return [
            Segment("❯ " if cursor else "  ", style("mark")),
            Segment(f"{_MARKS[each.state]} ", style("failed" if failed else "mark")),
            Segment(fit(each.name, max(room - 1, 0)) + " ", style("done") if over else base),
            *(
                Segment((fit_right if right else fit)(text, cells - 1) + " ", style(kind))
                for text, cells, kind, right in shown
            ),
        ]

    def do_pause(self) -> None:
        """Pause, or go on."""
        self._ask("pause")

    def do_retry(self) -> None:
        """Try again."""
        self._ask("retry")

    def do_drop(self) -> None:
        """Cancel."""
        self._ask("drop")

    def do_tidy(self) -> None:
        """Forget what has ended."""
        self._ask("tidy")

    def do_run(self) -> None:
        """Go on with the queue."""
        self._ask("run")

    def do_back(self) -> None:
        """Go to the library."""
        self._ask("back")

    def _ask(self, what: str) -> None:
        self.post_message(self.Asked(what, self.current))

    def _speed(self, each: Download) -> str:
        rate = self.speeds.rate(each.id)
        return f"{size_text(int(rate))}/s" if rate is not None else ""


def _share(each: Download) -> float | None:
    if each.state is DownloadState.DONE:
        return 1.0
    if not each.size_bytes:
        return None
    return min(each.done_bytes / each.size_bytes, 1.0)


def _share_text(each: Download) -> str:
    share = _share(each)
    return "" if share is None or not each.done_bytes else f"{int(share * 100)} %"


def _bar(each: Download) -> str:
    share = _share(each)
    if share is None or each.state in (DownloadState.DONE, DownloadState.CANCELLED):
        return ""
    full = round(share * _BAR)
    return "━" * full + "─" * (_BAR - full)


def _state_word(each: Download) -> str:
    if each.state is DownloadState.QUEUED and each.tries:
        return "waits"
    return {DownloadState.ASIDE: "wrong bytes"}.get(each.state, each.state.value)


def trouble_text(each: Download | None) -> str:
    """Return what is wrong with a download and what helps; empty when nothing is."""
    if each is None or not each.error:
        return ""
    return cell_text(f"{each.error} {each.hint or ''}".strip(), 600)
