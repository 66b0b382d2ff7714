"""Draw a grid in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.operations.child_job import ChildJob, JobStatus
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_toml import write_toml
from loradex.paths import Home

GridJob = ChildJob

__all__ = ["GridJob", "JobStatus", "start_grid_job", "start_resume_job"]


def start_grid_job(home: Home, request: GridRequest) -> GridJob:
    """Start drawing; `poll().grid_id` is set as soon as the grid is in the catalog.

    The request goes through standard input: a thousand prompts are too long for a command line.
    """
    return ChildJob(home, ["grid", "--spec", "-"], given=write_toml(request))


def start_resume_job(home: Home, grid_id: int, redraw: Sequence[str] = ()) -> GridJob:
    """Start to draw into a grid what it lacks, and the cells of `redraw` again."""
    named = [part for key in redraw for part in ("--redraw", key)]
    return ChildJob(home, ["grid", "--resume", str(grid_id), *named])
