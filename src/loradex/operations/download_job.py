"""Work through the download queue in a process of its own."""

from __future__ import annotations

from loradex.operations.child_job import ChildJob
from loradex.paths import Home


def start_download_job(home: Home) -> ChildJob:
    """Start downloading what waits in the queue."""
    return ChildJob(home, ["hub", "downloads", "run"], keys=True)
