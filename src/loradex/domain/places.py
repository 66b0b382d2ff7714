"""Paths as people type them."""

from __future__ import annotations

import os
from pathlib import Path


def expanded(path: str | Path) -> Path:
    """Return `path` with a leading `~` or `~user` resolved; one that names nobody stays as it is.

    Unlike `Path.expanduser`, which raises `RuntimeError` for it: a file may be called `~draft`.
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111 - see above
