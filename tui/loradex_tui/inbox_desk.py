"""What waits in the inbox, for the whole program: counted in a process of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from textual.timer import Timer

from loradex.operations.child_job import JobStatus
from loradex.operations.inbox.items import Group
from loradex.operations.inbox.receipts import Receipt, latest, take_back
from loradex.operations.inbox.survey import Survey
from loradex.operations.inbox.survey_file import keep_survey, kept_survey
from loradex.operations.inbox.survey_job import (
    start_dismissing_job,
    start_survey_job,
    start_taking_job,
)
from loradex_tui.background import in_background
from loradex_tui.jobs.running import Job
from loradex_tui.places import INBOX
from loradex_tui.screens.place import Place
from loradex_tui.undo import Deed

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

TAKING = "tagging"
"""The name of the job that takes many tags at once."""
_POLL = 0.5
_EDITED = 2.0
"""Seconds after an edit in which others may follow."""
_SOON = 3.0
"""Seconds after a scan or a download in which others may end."""
_BRINGS_NEWS = frozenset({"scan", "scan-only", "download", "match", "refresh", "hash", TAKING})
"""Jobs after which other things may be proposed."""
_AT_REST = 15.0
"""Seconds for which edits alone are no reason to look through the library once more."""
FEW = 200
"""Models that are looked at again in this process; more are left to one of their own."""


@runtime_checkable
class Reviewing(Protocol):
    """A screen that lists what waits."""

    def came_back(self, ids: Sequence[int]) -> None:
        """List models again whose decision was taken back."""


class InboxDesk:
    """Keeps the survey: from the disk at first, then as often as there is reason to look."""

    def __init__(self, app: LoradexApp) -> None:
        self._app = app
        self.survey = Survey()
        self.looked = False
        """The library was looked through in this session."""
        self._job: Job | None = None
        self._making = threading.Lock()
        self._closed = False
        self._soon: Timer | None = None
        self._counting: Timer | None = None
        self._starting = False
        self._again = False
        self._timer: Timer | None = None
        self._status = JobStatus()
        self._looked_at = 0.0
        self._edited = False
        self._changed = False
        self._decided: set[int] = set()
        """Models that were decided since the look began: it may not know that."""
        self._took_at = 0.0

    @property
    def looking(self) -> bool:
        """True while the library is looked through."""
        return self._starting or self._job is not None

    @property
    def progress(self) -> JobStatus:
        """How far the look is."""
        return self._status

    @property
    def waiting(self) -> int:
        """How many models wait for a decision."""
        return len(self.survey.ids)

    def begin(self) -> None:
        """Show what the last look found."""
        home = self._app.catalog.home

        def found(survey: Survey | None) -> None:
            if survey is not None and not self.looked:
                self.survey = survey
                self._tell()

        in_background(self._root, "inbox", lambda: kept_survey(home), found, exclusive=False)

    def visit(self) -> None:
        """Look through the library when that was not done yet, or was before an edit."""
        rested = time.monotonic() - self._looked_at > _AT_REST
        if not self.looked or (self._edited and rested):
            self.look()

    def edited(self) -> None:
        """Something was written: what is proposed may be other things now.

        What is new no longer is seen soon, the rest when one comes back to the inbox.
        """
        self._edited = True
        if self._counting is None and self.survey.count(Group.NEW):
            self._counting = self._app.set_timer(_EDITED, self._count_new)

    def _count_new(self) -> None:
        self._counting = None
        if self._over:
            return
        rows = self._app.catalog.inbox

        def found(new: set[int]) -> None:
            old = [id_ for id_ in self.survey.of_group(Group.NEW) if id_ not in new]
            if old:
                self.drop(old)

        in_background(self._root, "inbox", lambda: rows.new(None), found, exclusive=False)

    def look(self) -> None:
        """Look through the library, once more when that is being done already."""
        if self._over:
            return
        if self.looking:
            self._again = True
            return
        self._starting, self._again, self._edited = True, False, False
        self._decided.clear()
        self._status = JobStatus()
        in_background(self._root, "inbox", self._make, self._started, self._failed, exclusive=False)

    def _make(self) -> None:
        """Start the process; none is left behind by a program that ends meanwhile."""
        with self._making:
            if not self._closed:
                self._job = start_survey_job(self._app.catalog.home)

    def _started(self, _nothing: None) -> None:
        self._starting = False
        self._timer = self._app.set_interval(_POLL, self._poll)

    def _failed(self, error: Exception) -> None:
        self._starting = False
        self._app.notify(str(error), severity="error", timeout=8)

    def _poll(self) -> None:
        if self._job is None:
            return
        status = self._job.poll()
        moved, self._status = status != self._status, status
        if status.state == "running":
            if moved:
                self._tell(whole=False)
            return
        self._job.close()
        self._job = None
        if self._timer is not None:
            self._timer.stop()
        self._looked_at = time.monotonic()
        if status.state == "failed":
            self._app.notify(status.message or "The inbox was not counted.", severity="error")
        home = self._app.catalog.home
        in_background(self._root, "inbox", lambda: kept_survey(home), self._found, exclusive=False)

    def _found(self, survey: Survey | None) -> None:
        self.looked = True
        if self._again:
            self.look()
            return
        if survey is not None:
            self.survey = survey
            self.survey.remove(list(self._decided))
        self._tell()

    def drop(self, ids: Sequence[int]) -> None:
        """Take models out that were decided."""
        self.survey.remove(ids)
        self._decided.update(ids)
        self._changed = True
        self._tell(whole=False)

    def put(self, some: Survey) -> None:
        """Take models in again, or as they are now."""
        self.survey.remove(some.ids)
        self.survey.insert(some)
        self._decided.difference_update(some.ids)
        self._changed = True
        self._tell(whole=False)

    def take_all(self, ids: Sequence[int], at_least: float) -> None:
        """Take all tags of these models that are so sure, in the background."""
        home, wanted = self._app.catalog.home, list(ids)
        self._decide(lambda: start_taking_job(home, wanted, at_least))

    def dismiss_all(self, ids: Sequence[int]) -> None:
        """Dismiss all that is proposed of these models, in the background."""
        home, wanted = self._app.catalog.home, list(ids)
        self._decide(lambda: start_dismissing_job(home, wanted))

    def _decide(self, start: Callable[[], Job]) -> None:
        self._took_at = time.time()
        self._app.start_job(TAKING, start)

    def job_ended(self, name: str) -> None:
        """Look again after work that brings news; soon, since one such work follows another."""
        if name == TAKING:
            self._remember_taken()
            self.look()
        elif name in _BRINGS_NEWS:
            if self._soon is not None:
                self._soon.stop()
            self._soon = self._app.set_timer(_SOON, self.look)

    def _remember_taken(self) -> None:
        """Let `u` take back what the job has written."""
        since, self._took_at = self._took_at, float("inf")

        def found(receipt: Receipt | None) -> None:
            if receipt is not None and receipt.moment >= since:
                self.remember(receipt)

        home = self._app.catalog.home
        in_background(self._root, "receipt", lambda: latest(home), found, exclusive=False)

    def remember(self, receipt: Receipt) -> None:
        """Let `u` take a decision back."""
        catalog = self._app.catalog
        self._app.did(
            Deed(receipt.what, lambda: take_back(catalog, receipt), lambda: self._back(receipt))
        )

    def doing(self, models: str, pending: Future[Receipt | None]) -> None:
        """Let `u` take a decision back that is being written: it waits for its end.

        So `u` is never about what was done before, however quickly it is pressed.
        """
        catalog = self._app.catalog

        def back() -> str:
            receipt = pending.result()
            return "Nothing was decided." if receipt is None else take_back(catalog, receipt)

        def then() -> None:
            receipt = pending.result()
            if receipt is not None:
                self._back(receipt)

        self._app.did(Deed(f"the decision on {models}", back, then))

    def _back(self, receipt: Receipt) -> None:
        screen = self._app.get_screen(INBOX) if self._app.is_screen_installed(INBOX) else None
        if isinstance(screen, Reviewing) and len(receipt.models) <= FEW:
            screen.came_back(receipt.models)
        else:
            self.look()

    @property
    def _over(self) -> bool:
        """The program ends: what was to be done a moment later is not begun any more."""
        return self._closed or not self._app.screen_stack

    @property
    def _root(self) -> Place:
        """The library: it is always there."""
        root = self._app.screen_stack[0]
        assert isinstance(root, Place)  # noqa: S101 - the first screen is the library
        return root

    def _tell(self, *, whole: bool = True) -> None:
        for screen in self._app.screen_stack:
            if isinstance(screen, Place) and screen.is_mounted:
                screen.inbox_moved(whole=whole)

    def close(self) -> None:
        """End the look, and keep the counters as they are."""
        with self._making:
            self._closed = True
            job, self._job = self._job, None
        if job is not None:
            job.close()
        if self._changed:
            keep_survey(self._app.catalog.home, self.survey)
