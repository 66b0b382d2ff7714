"""The download queue: how far each file is, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from loradex.domain.downloads import Download, DownloadState
from loradex.operations.child_job import JobStatus
from loradex.operations.downloads.queue import cancel_downloads, clear_downloads, listed
from loradex_tui.actions.jobs import JobsSituation
from loradex_tui.background import in_background
from loradex_tui.screens.place import Place
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.queue_list import QueueList, trouble_text
from loradex_tui.wording import count_text, size_text

LOOK_EVERY = 0.5
_OPEN = (DownloadState.QUEUED, DownloadState.RUNNING)


class DownloadsScreen(Place):
    """Lists the queue, whichever process works on it."""

    HERE = "Jobs"
    DEFAULT_CSS = """
    DownloadsScreen #empty { display: none; padding: 2 3; color: $quiet; height: 1fr; }
    DownloadsScreen.-empty #empty { display: block; }
    DownloadsScreen.-empty QueueList { height: 0; }
    DownloadsScreen #sum { height: 1; padding: 0 1; color: $quiet; }
    DownloadsScreen #trouble { height: auto; max-height: 6; padding: 0 1; color: $error; }
    """

    def compose_body(self) -> ComposeResult:
        """The list, its sum above, and what is wrong with the current one below."""
        with Vertical(classes="pane") as pane:
            pane.border_title = "Downloads"
            yield Static(id="sum")
            yield Static(
                Content.assemble(
                    "No downloads yet. Find something on the hub (",
                    ("3", "bold $accent"),
                    ") and press ",
                    ("d", "bold $accent"),
                    ".\n\n",
                    ("or run: loradex hub get PAGE-ADDRESS", "$quiet"),
                ),
                id="empty",
            )
            yield QueueList()
            yield Static(id="trouble")

    @property
    def queue(self) -> QueueList:
        """The list."""
        return self.query_one(QueueList)

    def on_mount(self) -> None:
        """Look at the queue, and again twice a second: others may work on it as well."""
        super().on_mount()
        self.queue.focus()
        self._look()
        self.set_interval(LOOK_EVERY, self._look)

    def _look(self) -> None:
        if self.is_current:
            catalog = self.place_app.catalog
            in_background(self, "queue", lambda: listed(catalog), self._show)

    def _show(self, downloads: list[Download]) -> None:
        downloads.sort(key=lambda each: (each.state in (DownloadState.DONE,), each.id))
        self.set_class(not downloads, "-empty")
        self.queue.show(downloads)
        self._tell()

    def _tell(self) -> None:
        downloads = self.queue.downloads
        waiting = [each for each in downloads if each.state in _OPEN]
        left = sum(max((each.size_bytes or 0) - each.done_bytes, 0) for each in waiting)
        parts = [count_text(len(downloads), "download")]
        if waiting:
            parts.append(f"{len(waiting):,} to come, {size_text(left)}")
        if rate := self.queue.speeds.total:
            parts.append(f"{size_text(int(rate))}/s")
            parts.append(f"{_span(left / rate)} left")
        elif waiting and "download" not in self.place_app.jobs.names:
            parts.append("nothing is loading: s goes on")
        self.query_one("#sum", Static).update(Content(" · ".join(parts)), layout=False)
        self.query_one("#trouble", Static).update(Content(trouble_text(self.queue.current)))
        self.refresh_hints()

    @property
    def situation(self) -> JobsSituation:
        """Which download is meant."""
        current = self.queue.current
        return JobsSituation(self.place_app.around, download=current.state.value if current else "")

    def job_moved(self, name: str, status: JobStatus) -> None:
        """The queue moved."""
        super().job_moved(name, status)
        if name == "download":
            self._look()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Tell what is wrong with another one."""
        if event.list is self.queue:
            self._tell()

    def _change(self, change: Callable[[], object], *, run: bool = False) -> None:
        def done(_result: object) -> None:
            self._look()
            if run:
                self.place_app.start_downloads()

        in_background(self, "change", change, done, exclusive=False)

    def on_queue_list_asked(self, event: QueueList.Asked) -> None:
        """Do what a key stands for."""
        if event.what == "tidy":
            self._change(lambda: clear_downloads(self.place_app.catalog))
        elif event.what == "run":
            self.place_app.start_downloads()
        elif event.what == "back":
            self.place_app.go_library()
        elif event.download is not None:
            {"pause": self._pause, "retry": self._retry, "drop": self._drop}[event.what](
                event.download
            )

    def _pause(self, download: Download) -> None:
        store = self.place_app.catalog.downloads
        if download.state is DownloadState.PAUSED:
            self._change(lambda: store.resume([download.id]), run=True)
        else:
            self._change(lambda: store.pause([download.id]))

    def _retry(self, download: Download) -> None:
        self._change(lambda: self.place_app.catalog.downloads.retry([download.id]), run=True)

    def _drop(self, download: Download) -> None:
        self._change(lambda: cancel_downloads(self.place_app.catalog, [download.id]))


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
