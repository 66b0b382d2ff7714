"""Jobs and downloads as lines of one list: what runs, what is queued, what has ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message

from loradex.catalog.job_store import Holder
from loradex.domain.downloads import Download
from loradex_tui.actions import bindings
from loradex_tui.actions.jobs import JobsSituation
from loradex_tui.cells import fit, fit_right
from loradex_tui.jobs.running import JobRecord
from loradex_tui.jobs.words import STATE_WORDS, amount_text, left_text, rate_text, share_text
from loradex_tui.widgets.download_line import (
    DOWNLOAD_MARKS,
    Speeds,
    download_amount,
    download_share,
    download_state,
    is_over,
    is_trouble,
)
from loradex_tui.widgets.line_list import LineList
from loradex_tui.wording import clock_text, count_text, size_text

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_JOB_MARKS = {"running": "▶", "done": "✓", "failed": "✗", "cancelled": "-"}
DOWNLOAD = "download"
"""The job that works through the queue, here and in other processes."""
_BAR = 12
_LEAST_NAME = 28
_NAME = 10


@dataclass(frozen=True, slots=True)
class Heading:
    """A title between lines."""

    text: str


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job of this program."""

    record: JobRecord


@dataclass(frozen=True, slots=True)
class OutsideLine:
    """Work that another loradex does."""

    holder: Holder


@dataclass(frozen=True, slots=True)
class DownloadLine:
    """A file in the download queue."""

    download: Download


Line = Heading | JobLine | OutsideLine | DownloadLine


def job_lines(
    running: Sequence[JobRecord],
    others: Sequence[Holder],
    downloads: Sequence[Download],
    ended: Sequence[JobRecord],
) -> list[Line]:
    """Return what there is under titles, without those that have nothing below them.

    A run through the queue is told by its downloads, unless it failed as a whole.
    """
    groups: tuple[tuple[str, list[Line]], ...] = (
        ("Running", [*(JobLine(each) for each in running if each.name != DOWNLOAD),
                     *(OutsideLine(each) for each in others if each.task != DOWNLOAD)]),
        ("Downloads", [*map(DownloadLine, downloads)]),
        ("Ended", [JobLine(each) for each in ended
                   if each.name != DOWNLOAD or each.status.state == "failed"]),
    )  # fmt: skip
    return [line for title, lines in groups if lines for line in (Heading(title), *lines)]


class JobList(LineList):
    """One line for each job and download; the cursor stays with what it stands on."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("queue")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "queue--mark",
        "queue--quiet",
        "queue--bar",
        "queue--failed",
        "queue--done",
        "queue--title",
    }
    DEFAULT_CSS = """
    JobList > .queue--mark { color: $accent; text-style: bold; }
    JobList > .queue--quiet { color: $quiet; }
    JobList > .queue--bar { color: $primary; }
    JobList > .queue--failed { color: $error; }
    JobList > .queue--done { color: $quiet; }
    JobList > .queue--title { color: $primary; text-style: bold; }
    """

    class Asked(Message):
        """The person wants something done to a line, by the id of the action."""

        def __init__(self, what: str, line: Line | None) -> None:
            super().__init__()
            self.what = what
            self.line = line

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[Line] = []
        self.speeds = Speeds()
        self._drawn: list[_Cells | None] = []

    def show(self, lines: list[Line]) -> None:
        """Show these; when the same stand in the same places, only their numbers are new."""
        keys = [_key(line) for line in lines]
        same = keys == [_key(line) for line in self.lines]
        current = _key(self.lines[self.cursor]) if self.cursor < len(self.lines) else None
        self.lines = lines
        downloads = [line.download for line in lines if isinstance(line, DownloadLine)]
        self.speeds.note(downloads, time.monotonic())
        cells = [None if isinstance(line, Heading) else self._cells_of(line) for line in lines]
        if same:
            # Only what reads differently is drawn, and sent, again.
            for index, (now, before) in enumerate(zip(cells, self._drawn, strict=False)):
                if now != before:
                    self.redraw(index)
        else:
            at = keys.index(current) if current in keys else self.cursor
            self.set_line_count(len(lines), at)
        self._drawn = cells

    @property
    def situation(self) -> JobsSituation:
        """What stands under the cursor, on whichever screen this is."""
        app = cast("LoradexApp", self.app)
        line = self.current
        record = line.record if isinstance(line, JobLine) else None
        job = "elsewhere" if isinstance(line, OutsideLine) else ""
        return JobsSituation(
            app.around,
            download=line.download.state.value if isinstance(line, DownloadLine) else "",
            job=record.status.state if record else job,
            repeatable=bool(record and record.again),
            ended=bool(app.jobs.ended) or any(map(is_over, self.downloads)),
        )

    @property
    def takes_letters(self) -> bool:
        """Its keys go before those of the screen around it."""
        return True

    @property
    def current(self) -> Line | None:
        """The line under the cursor."""
        line = self.lines[self.cursor] if self.cursor < len(self.lines) else None
        return None if isinstance(line, Heading) else line

    @property
    def downloads(self) -> list[Download]:
        """The downloads that are listed."""
        return [line.download for line in self.lines if isinstance(line, DownloadLine)]

    def selectable(self, index: int) -> bool:
        """The cursor passes over titles."""
        return super().selectable(index) and not isinstance(self.lines[index], Heading)

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return mark, name, and as much of share, state, rate, time, amount, bar as fits."""
        line = self.lines[index]

        def style(name: str) -> Style:
            return base + self.tone(f"queue--{name}")

        if isinstance(line, Heading):
            return [Segment(fit(f" {line.text}", width), style("title"))]
        cells = self._cells_of(line)
        room, shown = width - 4, []
        for part in cells.tail:
            if room - part[1] < _LEAST_NAME:
                break
            room -= part[1]
            shown.append(part)
        return [
            Segment("❯ " if cursor else "  ", style("mark")),
            Segment(f"{cells.mark} ", style("failed" if cells.trouble else "mark")),
            Segment(fit(cells.name, max(room - 1, 0)) + " ", style("done") if cells.over else base),
            *(
                Segment((fit_right if right else fit)(text, size - 1) + " ", style(kind))
                for text, size, kind, right in shown
            ),
        ]

    def _cells_of(self, line: Line) -> _Cells:
        if isinstance(line, DownloadLine):
            return self._download_cells(line.download)
        if isinstance(line, OutsideLine):
            return _outside_cells(line.holder)
        assert isinstance(line, JobLine)  # noqa: S101 - a heading is drawn apart
        return _job_cells(line.record)

    def _download_cells(self, each: Download) -> _Cells:
        rate = self.speeds.rate(each.id)
        left = max((each.size_bytes or 0) - each.done_bytes, 0)
        trouble = is_trouble(each)
        return _Cells(
            DOWNLOAD_MARKS[each.state],
            each.name,
            _tail(
                _percent(download_share(each)) if each.done_bytes else "",
                download_state(each),
                (
                    f"{size_text(int(rate))}/s" if rate else "",
                    f"{left_text(left / rate)} left" if rate and left else "",
                ),
                download_amount(each),
                download_share(each) if each.done_bytes and not is_over(each) else None,
                trouble=trouble,
            ),
            trouble,
            is_over(each),
        )

    def _ask(self, what: str) -> None:
        self.post_message(self.Asked(what, self.current))

    def do_show(self) -> None:
        """Show all there is to know of it."""
        self._ask("show")

    def do_pause(self) -> None:
        """Pause a download, or go on."""
        self._ask("pause")

    def do_retry(self) -> None:
        """Try again."""
        self._ask("retry")

    def do_stop(self) -> None:
        """Stop a job, or cancel a download."""
        self._ask("stop")

    def do_tidy(self) -> None:
        """Forget what has ended."""
        self._ask("tidy")

    def do_run(self) -> None:
        """Go on with the queue."""
        self._ask("run")

    def do_start(self) -> None:
        """Choose something to start."""
        self._ask("start")

    def do_back(self) -> None:
        """Leave."""
        self._ask("back")


_Part = tuple[str, int, str, bool]


@dataclass(frozen=True, slots=True)
class _Cells:
    mark: str
    name: str
    tail: list[_Part]
    trouble: bool = False
    over: bool = False


def _tail(
    share: str,
    state: str,
    pace: tuple[str, str],
    amount: str,
    part: float | None,
    *,
    trouble: bool = False,
) -> list[_Part]:
    full = None if part is None else round(min(part, 1.0) * _BAR)
    bar = "" if full is None else "━" * full + "⋅" * (_BAR - full)
    return [
        (share, 6, "quiet", True),
        (state, 12, "failed" if trouble else "quiet", False),
        (pace[0], 10, "quiet", True),
        (pace[1], 12, "quiet", True),
        (bar, _BAR + 1, "bar", False),
        (amount, 24, "quiet", False),
    ]


def _job_cells(record: JobRecord) -> _Cells:
    status = record.status
    name = f"{record.name:<{_NAME}}"
    if record.ended is not None:
        state = "cut off" if record.cut_off else STATE_WORDS[status.state]
        problems = count_text(status.problem_count, "problem") if status.problem_count else ""
        when = "" if record.cut_off else clock_text(record.ended)
        took = "" if record.cut_off else f"took {left_text(record.seconds)}"
        told = status.message or ""
        return _Cells(
            _JOB_MARKS[status.state],
            f"{name} {told}",
            [
                (state, 8, "failed" if status.state == "failed" else "quiet", False),
                (when, 6, "quiet", True),
                (took, 13, "quiet", True),
                (problems, 14, "failed", True),
            ],
            status.state == "failed",
            over=status.state != "failed",
        )  # fmt: skip
    part = status.done / status.total if status.total else None
    left = left_text(record.pace.seconds_left)
    return _Cells(
        _JOB_MARKS["running"],
        f"{name} {status.stage or 'starting'}",
        _tail(
            share_text(status),
            "stopping" if record.stopping else "running",
            (rate_text(record.pace, status.unit), f"{left} left" if left else ""),
            amount_text(status) if status.stage else "",
            part,
        ),
    )


def _outside_cells(holder: Holder) -> _Cells:
    told = f"{holder.task:<{_NAME}} another loradex, {holder.process}"
    return _Cells("»", told, _tail("", "elsewhere", ("", ""), "", None))


def _percent(share: float | None) -> str:
    return "" if share is None else f"{int(share * 100)} %"


def _key(line: Line) -> tuple[str, object]:
    """Return what a line stays the same by."""
    if isinstance(line, JobLine):
        return ("job", line.record.number)
    if isinstance(line, DownloadLine):
        return ("download", line.download.id)
    return ("outside", line.holder) if isinstance(line, OutsideLine) else ("title", line.text)
