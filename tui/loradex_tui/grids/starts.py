"""What begins drawing: a new grid, the rest of one that was stopped, and probes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.operations.grid_job import start_grid_job, start_resume_job
from loradex.operations.grid_request import GridRequest
from loradex.operations.probe_job import start_probe_job

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp
    from loradex_tui.screens.probe_dialog import ProbeAsked

JOB = "grid"
PROBE = "probe"


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


def probe(app: LoradexApp, asked: ProbeAsked) -> None:
    """Probe models in the background, and show the verdicts as they come."""
    from loradex_tui.screens.probe_screen import ProbeScreen  # noqa: PLC0415 - probes again, too

    home = app.catalog.home
    app.start_job(
        PROBE,
        lambda: start_probe_job(
            home,
            asked.models,
            asked.checkpoints,
            depth=asked.depth,
            budget=asked.budget,
            again=asked.again,
        ),
    )
    app.push_screen(ProbeScreen(asked.models))
