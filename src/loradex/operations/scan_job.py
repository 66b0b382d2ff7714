"""Scan all libraries in a process of its own."""

from __future__ import annotations

from loradex.operations.child_job import ChildJob
from loradex.operations.job_kinds import SCAN, start_job
from loradex.paths import Home


def start_scan_job(home: Home) -> ChildJob:
    """Start a scan of every library, hashes included."""
    return start_job(home, SCAN)
