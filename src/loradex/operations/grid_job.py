"""Draw a grid in a process of its own."""

from __future__ import annotations

from loradex.operations.child_job import ChildJob, JobStatus
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_toml import write_toml
from loradex.paths import Home

GridJob = ChildJob

__all__ = ["GridJob", "JobStatus", "start_grid_job"]


def start_grid_job(home: Home, request: GridRequest) -> GridJob:
    """Start drawing; `poll().grid_id` is set as soon as the grid is in the catalog.

    The request goes through standard input: a thousand prompts are too long for a command line.
    """
    return ChildJob(home, ["grid", "--spec", "-"], given=write_toml(request))
