"""Plans applied and taken back in processes of their own, and what is told at the end."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.operations.child_job import ChildJob, JobStatus
from loradex.operations.plan_job import (
    PlanRequest,
    start_apply_job,
    start_empty_trash_job,
    start_plan_job,
    start_restore_job,
    start_undo_job,
)
from loradex.operations.tidying.overview import Overview, overview
from loradex.operations.tidying.undo_look import look_at_undo
from loradex_tui.actions.plans import DRAW, MOVE, TRASH, UNDO
from loradex_tui.screens.plan_confirm import PlanConfirm, apply_question, undo_question
from loradex_tui.undo import Deed

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp


class PlanJob:
    """A job on a plan whose end is told with its number and the key that follows."""

    def __init__(self, job: ChildJob, number: int, done: str, stopped: str) -> None:
        self._job = job
        self._number = number
        self._then = {"done": done, "cancelled": stopped}

    @property
    def command(self) -> str:
        """The same on a command line."""
        return self._job.command

    @property
    def log(self) -> Path:
        """What it writes beside its events."""
        return self._job.log

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._job.pid

    def poll(self) -> JobStatus:
        """Return where it is."""
        status = self._job.poll()
        then = self._then.get(status.state)
        if then is None:
            return replace(status, plan_id=self._number)
        told = status.message or "Stopped."
        return replace(status, plan_id=self._number, message=f"{told} · {then}")

    def cancel(self) -> None:
        """Ask it to stop."""
        self._job.cancel()

    def close(self) -> None:
        """Stop it, and wait until its process is gone."""
        self._job.close()


def start_drawing(app: LoradexApp, request: PlanRequest) -> None:
    """Draw a plan up; its screen opens when it is there."""
    app.start_job(DRAW, lambda: start_plan_job(app.catalog.home, request))


def start_applying(app: LoradexApp, number: int) -> None:
    """Do what a plan says."""
    app.start_job(
        MOVE,
        lambda: PlanJob(
            start_apply_job(app.catalog.home, number),
            number,
            "u takes it back",
            f"plan {number} goes on with a, u takes back what was moved",
        ),
    )


def start_undoing(app: LoradexApp, number: int) -> None:
    """Bring back what a plan has moved."""
    app.start_job(
        UNDO,
        lambda: PlanJob(
            start_undo_job(app.catalog.home, number),
            number,
            "all else is as it was",
            f"u on plan {number} brings back the rest",
        ),
    )


def start_restoring(app: LoradexApp, models: Collection[int]) -> None:
    """Bring models back from the trash."""
    app.start_job(TRASH, lambda: start_restore_job(app.catalog.home, models))


def start_emptying(app: LoradexApp) -> None:
    """Delete for good what plans have put into the trash."""
    app.start_job(TRASH, lambda: start_empty_trash_job(app.catalog.home))


def ask_to_apply(
    app: LoradexApp,
    number: int,
    read: Callable[[], Overview] | None = None,
    then: Callable[[], None] = lambda: None,
) -> None:
    """Ask whether a plan is to be done, and do it; `then` is called when that is answered.

    `read` returns the plan as it is now, from a thread.
    """
    look = read or partial(overview, app.catalog, number)

    def answered(yes: bool | None) -> None:
        then()
        if yes:
            start_applying(app, number)

    app.push_screen(
        PlanConfirm(f"Plan {number}", lambda: apply_question(look()), "Reading the plan…"), answered
    )


def ask_to_undo(app: LoradexApp, number: int) -> None:
    """Show what would come back of a plan and what would not, ask, and do it."""
    app.push_screen(
        PlanConfirm(
            f"Take plan {number} back?",
            lambda: undo_question(look_at_undo(app.catalog, number)),
            "Looking at what can come back…",
        ),
        lambda yes: start_undoing(app, number) if yes else None,
    )


def deed_of(app: LoradexApp, number: int, files: int) -> Deed:
    """Return how a plan that was done is taken back with `u`, anywhere."""
    moves = f"{files:,} {'move' if files == 1 else 'moves'}"
    return Deed(
        f"plan {number}: {moves}",
        lambda: f"Taking plan {number} back…",
        lambda: start_undoing(app, number),
    )
