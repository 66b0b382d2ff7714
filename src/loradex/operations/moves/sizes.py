"""How many bytes steps copy to other disks, and how many they compare."""

from __future__ import annotations

import os
from collections.abc import Iterable

from loradex.domain.plans import Action, Place, Step
from loradex.operations.moves.names import nearest_folder


def crosses_disks(step: Step) -> bool:
    """Tell whether a move copies a file to another disk."""
    if step.action not in (Action.MOVE, Action.RESTORE) or step.stamp is None:
        return False
    device = device_of_place(step.target)
    return device is not None and device != step.stamp.device


def copied_bytes(steps: Iterable[Step]) -> int:
    """Return the bytes that are copied to other disks."""
    return sum(step.stamp.size for step in steps if step.stamp and crosses_disks(step))


def compared_bytes(steps: Iterable[Step]) -> int:
    """Return the bytes of files that are compared before they go."""
    return sum(step.stamp.size for step in steps if step.stamp and step.same_as)


def device_of_place(place: Place) -> int | None:
    """Return the disk that a place is on, or will be on; None when that cannot be told."""
    try:
        return os.stat(nearest_folder(place.path)).st_dev
    except OSError:
        return None
