"""Scan all libraries in a process of its own."""

from __future__ import annotations

from loradex.operations.child_job import ChildJob
from loradex.paths import Home


def start_scan_job(home: Home) -> ChildJob:
    """Start a scan of every library, hashes included."""
    return ChildJob(home, ["scan"])
