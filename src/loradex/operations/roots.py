"""Whether a library's root is there."""

from __future__ import annotations

import os
from typing import AnyStr


def device_of(root: AnyStr, known: int | None) -> int | None:
    """Return the device that a root is on; None when it is not there.

    `known` is its device when it was last seen, None when it never was. An empty folder on another
    device is the mount point of a drive that is away.
    """
    try:
        info = os.stat(root)
        with os.scandir(root) as listing:
            empty = next(listing, None) is None
    except OSError:
        return None
    return None if empty and known not in (None, info.st_dev) else info.st_dev
