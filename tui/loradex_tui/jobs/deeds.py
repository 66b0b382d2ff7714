"""What is done to a job or a download, wherever it is listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from loradex.domain.downloads import Download, DownloadState
from loradex.operations.cut_off import forget
from loradex.operations.downloads.queue import cancel_downloads, clear_downloads
from loradex.operations.job_kinds import JOB_KINDS, JobKind, why_not
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.screens.confirm import Confirm
from loradex_tui.screens.job_dialog import DownloadDialog, JobDialog
from loradex_tui.screens.start_menu import Startable, StartMenu
from loradex_tui.widgets.job_list import (
    DOWNLOAD,
    DownloadLine,
    JobLine,
    Line,
)
from loradex_tui.wording import size_text

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

MUCH = 50_000_000
"""Bytes of a download that are not thrown away without a question."""


class JobDeeds:
    """Does it; `then` looks at the queue again."""

    def __init__(self, app: LoradexApp, then: Callable[[], None]) -> None:
        self._app = app
        self._then = then

    def do(self, what: str, line: Line | None) -> None:
        """Do an action of the list, by its id, to a line."""
        if what == "start":
            self._offer()
        elif what == "tidy":
            self._tidy()
        elif what == "run":
            self._run()
        elif isinstance(line, DownloadLine):
            {"pause": self._pause, "retry": self._retry, "stop": self._cancel, "show": self._show}[
                what
            ](line.download)
        elif isinstance(line, JobLine):
            if what == "show":
                self._app.push_screen(JobDialog(line.record))
            elif what == "stop":
                self._app.jobs.cancel(line.record.name)
                self._then()
            elif what == "retry" and line.record.again is not None:
                line.record.again()

    def _offer(self) -> None:
        app = self._app

        def kinds() -> list[Startable]:
            return [
                Startable(kind, _running(app, kind) or why_not(kind, app.catalog, app.settings))
                for kind in JOB_KINDS
            ]

        def chosen(kind: JobKind | None) -> None:
            if kind is not None:
                app.start_kind(kind)

        def offer(found: list[Startable]) -> None:
            app.push_screen(StartMenu(found), chosen)

        in_background(app.screen, "kinds", kinds, offer)

    def _run(self) -> None:
        """Go on with the queue, or stop for now: everything goes on from its bytes."""
        if DOWNLOAD in self._app.jobs.names:
            self._app.jobs.cancel(DOWNLOAD)
            self._app.notify("The downloads stop; s goes on from what has come.", timeout=4)
        else:
            self._app.start_downloads()

    def _tidy(self) -> None:
        catalog = self._app.catalog
        gone = [each.cut_off for each in self._app.jobs.ended if each.cut_off is not None]
        self._app.jobs.tidy()

        def tidy() -> None:
            forget(catalog, gone)
            clear_downloads(catalog)

        self._change(tidy)

    def _show(self, download: Download) -> None:
        def answered(go: bool | None) -> None:
            if go and download.content_id is not None:
                self._app.show_found(f"id:{download.content_id}")

        self._app.push_screen(DownloadDialog(download), answered)

    def _pause(self, download: Download) -> None:
        store = self._app.catalog.downloads
        if download.state is DownloadState.PAUSED:
            self._change(lambda: store.resume([download.id]), run=True)
        else:
            self._change(lambda: store.pause([download.id]))

    def _retry(self, download: Download) -> None:
        self._change(lambda: self._app.catalog.downloads.retry([download.id]), run=True)

    def _cancel(self, download: Download) -> None:
        def cancel(sure: bool | None = True) -> None:
            if sure:
                self._change(lambda: cancel_downloads(self._app.catalog, [download.id]))

        if download.done_bytes < MUCH:
            cancel()
            return
        name, came = cell_text(download.name, 80), size_text(download.done_bytes)
        question = f"Cancel {name}?\n{came} that have come are deleted; p would only pause it."
        self._app.push_screen(Confirm(question, "cancel it", "go on"), cancel)

    def _change(self, change: Callable[[], object], *, run: bool = False) -> None:
        def done(_result: object) -> None:
            self._then()
            if run:
                self._app.start_downloads()

        in_background(self._app.screen_stack[0], "change", change, done, exclusive=False)


def _running(app: LoradexApp, kind: JobKind) -> str | None:
    return "It is running." if kind.id in app.jobs.names else None
