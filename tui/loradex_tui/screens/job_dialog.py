"""All there is to know of one job or download: how it went, its problems, what it wrote."""

from __future__ import annotations

import os
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from loradex.domain.downloads import Download
from loradex.domain.text import display_text
from loradex.operations.job_log import last_lines
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.jobs.running import JobRecord
from loradex_tui.jobs.words import STATE_WORDS, amount_text, left_text, share_text
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.widgets.download_line import download_amount, download_state, trouble_text
from loradex_tui.wording import count_text, when_text

_LOG_LINES = 30
_PROBLEMS = 500


class _Sheet(Dialog[bool]):
    """A text that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
        Binding("pagedown,space,ctrl+d", "scroll(12)", "Page down", show=False),
        Binding("pageup,ctrl+u", "scroll(-12)", "Page up", show=False),
        Binding("q,enter,h,left", "leave", "Leave", show=False),
    ]
    DEFAULT_CSS = """
    _Sheet > #box { width: 104; }
    _Sheet #text { height: auto; max-height: 1fr; }
    _Sheet VerticalScroll { height: auto; max-height: 32; scrollbar-size-vertical: 1; }
    _Sheet #keys { margin: 1 0 0 0; }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        """The text, and how it is left."""
        with Vertical(id="box") as box:
            box.border_title = Content(self._title)
            with VerticalScroll(can_focus=False):
                yield Static(id="text")
            yield Static(key_words(*self.keys(), ("Esc", "leaves")), id="keys")

    def keys(self) -> list[tuple[str, str]]:
        """The keys and what they do."""
        return [("j k", "scroll")]

    def write(self, lines: list[Content]) -> None:
        """Show these lines."""
        self.query_one("#text", Static).update(Content("\n").join(lines))

    def action_scroll(self, lines: int) -> None:
        """Scroll the text."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


class JobDialog(_Sheet):
    """A job; while it runs, the numbers go on."""

    def __init__(self, record: JobRecord) -> None:
        super().__init__(record.name)
        self._record = record
        self._log: list[str] = []

    def on_mount(self) -> None:
        """Show it, with the end of its log as soon as that is read."""
        self._draw()
        self._read()
        self.set_interval(1.0, self._look_again)

    def _look_again(self) -> None:
        if self._record.ended is None:
            self._draw()
            self._read()

    def _read(self) -> None:
        log = self._record.log

        def read(lines: list[str]) -> None:
            self._log = lines
            self._draw()

        if log is not None:
            in_background(self, "log", lambda: last_lines(log, _LOG_LINES), read)

    def _draw(self) -> None:
        self.write(job_text(self._record, self._log))


class DownloadDialog(_Sheet):
    """A download; the result is True when its model is to be shown in the library."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("g", "go", "To the model", show=False)]

    def __init__(self, download: Download) -> None:
        super().__init__(cell_text(download.name, 80))
        self._download = download

    def on_mount(self) -> None:
        """Show it."""
        self.write(download_text(self._download))

    def keys(self) -> list[tuple[str, str]]:
        """The keys and what they do."""
        there = self._download.content_id is not None
        return [("g", "shows its model in the library")] if there else super().keys()

    def action_go(self) -> None:
        """Show the model."""
        self.dismiss(self._download.content_id is not None)


def job_text(record: JobRecord, log: list[str]) -> list[Content]:
    """Return how a job goes or went, its problems, and the end of what it wrote."""
    status = record.status
    lines = [Content.styled(record.command, "$accent")] if record.command else []
    when = f"since {when_text(record.started)}, {left_text(record.seconds)}"
    if record.cut_off:
        lines.append(Content("cut off"))
    else:
        lines.append(Content.assemble(STATE_WORDS[status.state], (f"  {when}", "$quiet")))
    if record.ended is None and status.stage:
        parts = (cell_text(status.stage), share_text(status), amount_text(status))
        lines.append(Content(" · ".join(part for part in parts if part)))
    if status.message:
        style = "$error" if status.state == "failed" else "$foreground"
        lines += [Content(), Content.styled(display_text(status.message, 2_000), style)]
    if status.hint:
        lines.append(Content.styled(display_text(status.hint, 2_000), "$quiet"))
    if status.problem_count:
        shown = status.problems[-_PROBLEMS:]
        head = count_text(status.problem_count, "problem")
        if status.problem_count > len(shown):
            head += f", the last {len(shown):,}"
        lines += [Content(), Content.styled(head, "bold $primary")]
        for problem in shown:
            told = f"{problem.message} {problem.hint or ''}".strip()
            lines.append(
                Content.assemble(
                    (f"{cell_text(problem.item, 300)}  ", "$foreground"),
                    (display_text(told, 600), "$error"),
                )
            )
    if log:
        lines += [Content(), Content.styled("What it wrote", "bold $primary")]
        lines += [Content.styled(line, "$quiet") for line in log]
    return lines


def download_text(each: Download) -> list[Content]:
    """Return where a download comes from and goes to, how far it is, and what is wrong."""
    version = f"{cell_text(each.hub)} version:{each.version_id} of model:{each.model_id}"
    amount = " · ".join(part for part in (download_state(each), download_amount(each)) if part)
    lines = [
        Content(amount),
        Content.assemble(("from ", "$quiet"), version),
        Content.assemble(("to   ", "$quiet"), cell_text(os.fsdecode(each.path), 1_000)),
    ]
    if each.sha256:
        lines.append(Content.assemble(("sha256 ", "$quiet"), (each.sha256, "$quiet")))
    if told := trouble_text(each):
        lines += [Content(), Content.styled(told, "$error")]
    if each.tries:
        lines.append(Content.styled(f"tried {count_text(each.tries, 'time')}", "$quiet"))
    command = f"loradex hub downloads retry {each.id}" if each.error else "loradex hub downloads"
    return [*lines, Content(), Content.styled(command, "$accent")]
