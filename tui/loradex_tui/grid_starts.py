"""What begins drawing: a new grid, the rest of one that was stopped, and probes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.operations.grid_job import start_grid_job, start_resume_job
from loradex.operations.grid_request import GridRequest

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

JOB = "grid"


def draw_grid(app: LoradexApp, request: GridRequest) -> None:
    """Draw a grid in the background, and show its cells as they are finished."""
    from loradex_tui.screens.grid_screen import GridScreen  # noqa: PLC0415 - that draws again, too

    home = app.catalog.home
    app.start_job(JOB, lambda: start_grid_job(home, request))
    app.push_screen(GridScreen(None))


def go_on(app: LoradexApp, grid_id: int, redraw: Sequence[str] = ()) -> None:
    """Draw into a kept grid what it lacks, and some cells again; who looks at it sees them come."""
    home = app.catalog.home
    app.start_job(JOB, lambda: start_resume_job(home, grid_id, redraw))
