"""What becomes of jobs: started once, their ends told, and asked about before one leaves."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from textual.css.query import NoMatches

from loradex.domain.downloads import Download, DownloadState
from loradex.errors import CatalogError
from loradex.operations.child_job import JobStatus
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.jobs.running import Job, Jobs
from loradex_tui.screens.confirm import Confirm
from loradex_tui.screens.place import Place
from loradex_tui.screens.quit_dialog import QuitDialog
from loradex_tui.wording import count_text

if TYPE_CHECKING:
    from loradex.operations.cut_off import CutOff
    from loradex_tui.app import LoradexApp

NEWS_FOR = 5.0
TROUBLE_FOR = 10.0
TOLD_FOR = 10.0
_AFTER_START = 0.5
"""Seconds in which the first screen has other things to read."""
_NAMED = 2


class JobDesk:
    """Starts jobs for the app and tells what became of them."""

    def __init__(self, app: LoradexApp) -> None:
        self._app = app
        self.jobs = Jobs(app, self._moved)
        self._noted: set[int] = set()
        """What the catalog remembers as begun by this program."""
        self.landed = False
        """A download has come in this session."""
        self._starting: set[str] = set()
        self._after: dict[str, Callable[[], None]] = {}
        self._download_again = False
        self._leave_when_done = False

    def start(self, name: str, make: Callable[[], Job]) -> None:
        """Start a job in the background, unless one of that name runs."""
        if name in self.jobs.names or name in self._starting:
            self._app.notify(f"A {name} is running already.", severity="warning", timeout=4)
            return
        self._starting.add(name)

        def begin() -> tuple[Job, int | None]:
            from loradex.operations.cut_off import note_begun  # noqa: PLC0415 - as seldom as jobs

            job = make()
            # Work is not given up because nobody can remember it.
            with suppress(CatalogError):
                return job, note_begun(self._app.catalog, name, str(getattr(job, "command", "")))
            return job, None

        def started(begun: tuple[Job, int | None]) -> None:
            self._starting.discard(name)
            job, note = begun
            if note is not None:
                self._noted.add(note)
            self.jobs.start(name, job, lambda: self.start(name, make), note)

        def failed(error: Exception) -> None:
            self._starting.discard(name)
            self._app.notify(str(error), severity="error", timeout=TROUBLE_FOR)

        # The library is always there; a screen that is left before the process runs would lose it.
        first = self._app.screen_stack[0]
        in_background(first, "job", begin, started, failed, exclusive=False)

    def tell_cut_off(self) -> None:
        """List what an earlier program was killed amidst, and say so in a line."""
        app = self._app

        def tell(found: list[CutOff]) -> None:
            for what in found:
                self.jobs.add_cut_off(what, partial(self._go_on, what) if what.arguments else None)
            if found:
                what_all = ", ".join(cell_text(one.told, 60) for one in found[:_NAMED])
                more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
                keys = "5 shows it, r there goes on." if len(found) == 1 else (
                    "5 shows them, r there goes on."
                )  # fmt: skip
                app.notify(
                    f"Cut off when loradex ended: {what_all}{more}.\n{keys}",
                    severity="warning", timeout=TOLD_FOR,
                )  # fmt: skip

        def look() -> list[CutOff]:
            from loradex.operations.cut_off import cut_off  # noqa: PLC0415 - after the first paint

            return cut_off(app.catalog)

        first = app.screen_stack[0]
        first.set_timer(_AFTER_START, lambda: in_background(first, "cut off", look, tell))

    def _go_on(self, what: CutOff) -> None:
        from loradex.operations.cut_off import go_on  # noqa: PLC0415 - as seldom as jobs

        app = self._app
        if what.task not in self.jobs.names:
            self.jobs.take_out(what)
            self._forget([what.row])
        if what.plan_id is not None and what.arguments[0] == "apply":
            from loradex_tui.screens.plan_jobs import start_applying  # noqa: PLC0415 - starts here

            start_applying(app, what.plan_id)
        else:
            self.start(what.task, lambda: go_on(app.catalog, what))

    def _forget(self, notes: Sequence[int | None]) -> None:
        known = {note for note in notes if note is not None}
        if known:
            catalog = self._app.catalog
            in_background(
                self._app.screen_stack[0], "noted", lambda: catalog.begun.end(known),
                lambda _nothing: self._noted.difference_update(known), lambda _error: None,
                exclusive=False,
            )  # fmt: skip

    def close(self, *, by_person: bool) -> None:
        """Stop what runs; the next program speaks of it, unless it was a person who left."""
        running = {each.note for each in self.jobs.running}
        self.jobs.close()
        over = self._noted if by_person else self._noted - running
        if over:
            with suppress(CatalogError):
                self._app.catalog.begun.end(over)

    def start_after(self, name: str, start: Callable[[], None]) -> None:
        """Start now, or when the job of that name ends: it began before what this one is for."""
        if name in self.jobs.names or name in self._starting:
            self._after[name] = start
        else:
            start()

    def download(self, make: Callable[[], Job]) -> None:
        """Work through the download queue.

        One that does so already takes along what is new, unless it was just about to end.
        """
        self._download_again = "download" in self.jobs.names
        if not self._download_again and "download" not in self._starting:
            self.start("download", make)

    def stop(self) -> None:
        """Stop all that runs; ask first when that is more than one thing."""
        names = self.jobs.names
        if len(names) < 2:
            self._stop()
            return
        self._app.push_screen(
            Confirm(f"Stop {_all_of(names)}?\nWhat they finished is kept.", "stop all", "go on"),
            lambda answer: self._stop() if answer else None,
        )

    def _stop(self) -> None:
        self.jobs.cancel()
        self._app.notify("Stopping; what was finished is kept.", timeout=3)

    def quit_politely(self) -> None:
        """Quit; ask first when something runs."""
        if not self.jobs.names:
            self._app.exit()
            return

        def wait() -> None:
            self._leave_when_done = True
            self._app.notify("loradex leaves when that is done. q asks again.", timeout=5)
            self._leave_if_done()

        self._leave_when_done = False
        self._app.push_screen(
            QuitDialog(_all_of(self.jobs.names), wait),
            lambda answer: self._app.exit() if answer else None,
        )

    def _leave_if_done(self) -> None:
        if self._leave_when_done and not self.jobs.names and not self._starting:
            self._app.exit()

    def _moved(self, name: str, status: JobStatus) -> None:
        for screen in self._app.screen_stack:
            # One that was pushed a moment ago has no bars yet; it draws them from what is then.
            if isinstance(screen, Place) and screen.is_mounted:
                # One that is coming or going has not all its parts, and needs no news either.
                with suppress(NoMatches):
                    screen.job_moved(name, status)
        if status.state == "running":
            return
        self._forget([each.note for each in self.jobs.ended[:1]])
        self._app.inbox.job_ended(name)
        goes_on = False
        if name == "download":
            goes_on = self._go_on_downloading(status)
            self._tell_landed(status)
        else:
            self._tell_end(name, status)
        if start := self._after.pop(name, None):
            start()
        if not goes_on:
            self._leave_if_done()

    def _tell_end(self, name: str, status: JobStatus) -> None:
        if status.state == "failed":
            hint = status.hint or ""
            log = next((str(each.log) for each in self.jobs.ended[:1] if each.log), "")
            if log and log in hint:
                # A toast would break the path in the middle.
                hint = "5 shows it, Enter there its last output."
            told = f"{status.message or f'The {name} failed.'}\n{hint}".strip()
            self._app.notify(told, severity="error", timeout=TROUBLE_FOR)
            return
        verb = "finished" if status.state == "done" else "was stopped"
        told = status.message or f"The {name} {verb}."
        if status.problem_count == 1:
            told += f"\n{status.problems[-1].message}\n5 shows it."
        elif status.problem_count:
            told += f"\n{count_text(status.problem_count, 'problem')}: 5 shows them."
        self._app.notify(told, timeout=NEWS_FOR)

    def _tell_landed(self, status: JobStatus) -> None:
        """Name what came; where nothing did, tell how the run ended."""
        app = self._app
        began = next((each.started for each in self.jobs.ended if each.name == "download"), 0.0)

        def landed() -> list[Download]:
            done = app.catalog.downloads.downloads([DownloadState.DONE])
            return [each for each in done if (each.finished_at or 0.0) >= began]

        def tell(downloads: Sequence[Download]) -> None:
            if not downloads or status.state == "failed":
                self._tell_end("download", status)
            if downloads:
                self.landed = True
                app.notify(_landed_text(downloads), timeout=NEWS_FOR)

        in_background(app.screen_stack[0], "landed", landed, tell, exclusive=False)

    def _go_on_downloading(self, ended: JobStatus) -> bool:
        """Begin again when something was queued too late for the run that ended.

        Returns whether that may be so; it is looked at in a thread.
        """
        again, self._download_again = self._download_again, False
        if not again or ended.state == "cancelled":
            return False
        app = self._app

        def start(left: bool) -> None:
            if left:
                app.start_downloads()
            else:
                self._leave_if_done()

        in_background(
            app.screen_stack[0],
            "left",
            lambda: any(
                each.not_before <= time.time()
                for each in app.catalog.downloads.downloads([DownloadState.QUEUED])
            ),
            start,
            exclusive=False,
        )
        return True


def _all_of(names: frozenset[str]) -> str:
    """Return `a grid and a scan`."""
    *before, last = (f"a {name}" for name in sorted(names))
    return f"{', '.join(before)} and {last}" if before else last


def _landed_text(downloads: Sequence[Download]) -> str:
    names = [cell_text(each.name.rpartition(".")[0] or each.name, 60) for each in downloads]
    text = " and ".join(names[:_NAMED])
    if more := len(names) - _NAMED:
        text = f"{', '.join(names[:_NAMED])} and {more:,} more" if more > 0 else text
    one = len(names) == 1
    verb, whose = ("is", "its") if one else ("are", "their")
    tags = f"2 shows the tags {whose} facts propose."
    return f"{text} {verb} in the library, matched by hash.\n{tags}"
