"""What runs, what is queued for download, and what has ended."""

from __future__ import annotations

import os

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from loradex.domain.downloads import Download, DownloadState
from loradex.domain.text import display_text
from loradex.operations.child_job import JobStatus
from loradex_tui.actions.jobs import JobsSituation
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.jobs.deeds import JobDeeds
from loradex_tui.jobs.running import JobRecord
from loradex_tui.jobs.watch import Seen, look
from loradex_tui.jobs.words import left_text
from loradex_tui.screens.dialog import key_words
from loradex_tui.screens.place import Place
from loradex_tui.widgets.download_line import trouble_text
from loradex_tui.widgets.job_list import (
    DOWNLOAD,
    DownloadLine,
    JobLine,
    JobList,
    Line,
    job_lines,
)
from loradex_tui.widgets.line_list import LineList
from loradex_tui.wording import count_text, size_text, when_text

LOOK_EVERY = 0.5
_OPEN = (DownloadState.QUEUED, DownloadState.RUNNING)


class JobsScreen(Place):
    """One list of it all, whichever process does it; below, more of the line under the cursor."""

    HERE = "Jobs"
    DEFAULT_CSS = """
    JobsScreen #empty { display: none; padding: 2 3; color: $quiet; height: 1fr; }
    JobsScreen.-empty #empty { display: block; }
    JobsScreen.-empty #told { display: none; }
    JobsScreen.-empty #jobs { height: 0; }
    JobsScreen #sum { height: 1; padding: 0 1; color: $quiet; }
    JobsScreen #told { height: auto; max-height: 6; padding: 0 1;
                       border-top: solid $border-blurred; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen = Seen()
        self._summed = ""
        self._told = Content()

    def compose_body(self) -> ComposeResult:
        """The list, its sum above, and more of the current one below."""
        with Vertical(classes="pane") as pane:
            pane.border_title = "Jobs"
            yield Static(id="sum")
            yield Static(
                Content.assemble(
                    "Idle: nothing runs, nothing is queued.\n\n",
                    key_words(
                        ("n", "starts work"), ("R", "scans"), ("3", "is the hub, where d downloads")
                    ),
                    ("\n\nor run: loradex scan, loradex hub get PAGE-ADDRESS", "$quiet"),
                ),
                id="empty",
            )
            yield JobList(id="jobs")
            yield Static(id="told")

    @property
    def list(self) -> JobList:
        """The list."""
        return self.query_one("#jobs", JobList)

    def on_mount(self) -> None:
        """Look at the queue, and again now and then: others may work on it as well."""
        super().on_mount()
        self.list.focus()
        self._look()
        every = self.place_app.jobs.every
        self.set_interval(max(LOOK_EVERY, every), self._look)
        self.set_interval(every, self._tick)

    def on_screen_resume(self) -> None:
        """Show what happened meanwhile."""
        super().on_screen_resume()
        self._look()

    def _look(self) -> None:
        if self.is_current:
            catalog, running = self.place_app.catalog, self.place_app.jobs.running
            in_background(self, "queue", lambda: look(catalog, running), self._saw)

    def _saw(self, seen: Seen) -> None:
        self._seen = seen
        self._draw()

    def _tick(self) -> None:
        if self.is_current and self.place_app.jobs.names:
            self._draw()

    def _draw(self) -> None:
        jobs, seen = self.place_app.jobs, self._seen
        lines = job_lines(jobs.running, seen.others, seen.downloads, jobs.ended)
        self.set_class(not lines, "-empty")
        self.list.show(lines)
        self._tell()

    def _tell(self) -> None:
        summed, told = self._sum_text(), _told(self.list.current)
        if summed != self._summed:
            self._summed = summed
            self.query_one("#sum", Static).update(Content(summed), layout=False)
        if not told.is_same(self._told):
            self._told = told
            self.query_one("#told", Static).update(told)
        self.refresh_hints()

    def _sum_text(self) -> str:
        jobs, downloads = self.place_app.jobs, self._seen.downloads
        waiting = [each for each in downloads if each.state in _OPEN]
        left = sum(max((each.size_bytes or 0) - each.done_bytes, 0) for each in waiting)
        parts = [f"{len(jobs.names):,} running"] if jobs.names else []
        if downloads:
            parts.append(count_text(len(downloads), "download"))
        if waiting:
            parts.append(f"{len(waiting):,} to come, {size_text(left)}")
        if rate := self.list.speeds.total:
            parts += [f"{size_text(int(rate))}/s", f"{left_text(left / rate)} left"]
        elif waiting:
            parts.append(self._waiting_text())
        return " · ".join(parts)

    def _waiting_text(self) -> str:
        """Say why nothing comes at the moment."""
        status = self.place_app.jobs.status(DOWNLOAD)
        if status is not None:
            return cell_text(status.stage) or "starting"
        if other := next((each for each in self._seen.others if each.task == DOWNLOAD), None):
            return f"another loradex downloads ({other.process})"
        return "nothing is loading: s goes on"

    @property
    def situation(self) -> JobsSituation:
        """What is meant."""
        return self.list.situation

    def job_moved(self, name: str, status: JobStatus) -> None:
        """Something moved; a download moved the queue as well."""
        super().job_moved(name, status)
        self._draw()
        if name == "download" or status.state != "running":
            self._look()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Tell more of another one."""
        if event.list is self.list:
            self._tell()

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A second click shows all of it."""
        if event.list is self.list and event.times > 1:
            self.list.do_show()

    def on_job_list_asked(self, event: JobList.Asked) -> None:
        """Do what a key stands for."""
        if event.what == "back":
            self.place_app.go_library()
        else:
            JobDeeds(self.place_app, self._look).do(event.what, event.line)


def _told(line: Line | None) -> Content:
    """Return more of the line under the cursor: its command, how it ended, what helps."""
    if isinstance(line, JobLine):
        return _job_told(line.record)
    if isinstance(line, DownloadLine):
        return _download_told(line.download)
    if line is None:
        return Content()
    return Content.styled("Another loradex does this; its rows appear here as well.", "$quiet")


def _job_told(record: JobRecord) -> Content:
    status = record.status
    since = f"since {when_text(record.started)}, {left_text(record.seconds)}"
    if record.cut_off:
        since = "cut off"
    parts = [Content.assemble((record.command or record.name, "$accent"), (f"  {since}", "$quiet"))]
    if record.ended is None and status.item:
        parts.append(Content.styled(f"at {cell_text(status.item, 300)}", "$quiet"))
    if status.problem_count:
        problems = count_text(status.problem_count, "problem")
        parts.append(Content.styled(f"{problems}: Enter shows them", "$error"))
    if status.message:
        style = "$error" if status.state == "failed" else "$foreground"
        parts.append(Content.styled(display_text(status.message, 400), style))
    if status.hint:
        parts.append(Content.styled(display_text(status.hint, 400), "$quiet"))
    return Content("\n").join(parts)


def _download_told(each: Download) -> Content:
    place = Content.assemble(("to ", "$quiet"), cell_text(os.fsdecode(each.path), 300))
    trouble = trouble_text(each)
    return Content("\n").join([place, Content.styled(trouble, "$error")]) if trouble else place
