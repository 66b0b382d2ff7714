"""What runs and what is queued, at the foot of any screen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from loradex_tui.background import in_background
from loradex_tui.jobs.watch import Seen, look
from loradex_tui.screens.dialog import key_words
from loradex_tui.widgets.download_line import is_over
from loradex_tui.widgets.job_list import JobList, Line, job_lines

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_ENDED = 3
_JUST_NOW = 60.0
"""Seconds for which a download that has come is shown."""
_MOST = 6


class JobsDrawer(Vertical):
    """Eight lines at most, as fresh as the jobs are looked at; gone with `w` or Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False)]
    DEFAULT_CSS = """
    JobsDrawer { dock: bottom; height: auto; max-height: 8; margin: 0 0 1 0;
                 background: $panel; border-top: solid $primary; padding: 0; }
    JobsDrawer JobList { height: auto; background: $panel; }
    JobsDrawer #idle { height: 1; padding: 0 1; color: $quiet; }
    """

    def compose(self) -> ComposeResult:
        """The lines, or a sentence when there are none."""
        yield JobList(id="drawn")
        yield Static(
            Content.assemble("Idle · ", key_words(("R", "scans"), ("5", "starts more"))), id="idle"
        )

    def on_mount(self) -> None:
        """Look now, and again as often as at the jobs."""
        self._before: Widget | None = self.screen.focused
        self.border_title = "Jobs"
        self.border_subtitle = ""
        self.query_one(JobList).focus()
        self._seen = Seen()
        self._draw()
        self._look()
        self.set_interval(self._app.jobs.every, self._draw)
        self.set_interval(max(self._app.jobs.every, 0.5), self._look)

    @property
    def _app(self) -> LoradexApp:
        return cast("LoradexApp", self.app)

    def _look(self) -> None:
        if self.screen.is_current:
            catalog, running = self._app.catalog, self._app.jobs.running
            in_background(self, "look", lambda: look(catalog, running), self._saw)

    def _saw(self, seen: Seen) -> None:
        self._seen = seen
        self._draw()

    def _draw(self) -> None:
        jobs, seen = self._app.jobs, self._seen
        since = time.time() - _JUST_NOW
        shown_ones = [
            each
            for each in seen.downloads
            if not is_over(each) or (each.finished_at or 0.0) > since
        ]
        lines = job_lines(jobs.running, seen.others, shown_ones, jobs.ended[:_ENDED])
        shown: list[Line] = [line for line in lines if not _is_title(line)][:_MOST]
        found = self.query_one(JobList)
        found.show(shown)
        # A hidden list would lose the focus, and with it the keys that close this.
        found.styles.height = len(shown)
        self.query_one("#idle").display = not shown

    def on_job_list_asked(self, event: JobList.Asked) -> None:
        """Do what a key stands for."""
        event.stop()
        if event.what == "back":
            self.close()
        else:
            from loradex_tui.jobs.deeds import JobDeeds  # noqa: PLC0415 - its dialogs come later

            JobDeeds(self._app, self._look).do(event.what, event.line)

    def action_close(self) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Go, and give the focus back."""
        before = self._before
        if before is not None and before.is_attached and self.has_focus_within:
            self.screen.set_focus(before)
        self.remove()


def _is_title(line: Line) -> bool:
    return hasattr(line, "text")
