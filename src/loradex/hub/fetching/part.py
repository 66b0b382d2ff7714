"""A part and its state on the disk."""

from __future__ import annotations

from pathlib import Path


def discard_part(part: Path) -> None:
    """Delete a part and its state, if there are any; raise `DownloadError` if that fails."""
    raise NotImplementedError


def kept_bytes(part: Path) -> int:
    """Return how many bytes of an earlier fetch can be gone on with; 0 if there are none."""
    raise NotImplementedError
