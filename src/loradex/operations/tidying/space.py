"""What a plan does to the free space of each disk."""

from __future__ import annotations

import os
from dataclasses import dataclass

from loradex.domain.plans import FILE_ACTIONS, Action, MovePlan, Place
from loradex.domain.text import display_text
from loradex.operations.moves.names import nearest_folder
from loradex.operations.moves.on_disk import free_bytes
from loradex.operations.moves.sizes import Disks


@dataclass(slots=True)
class DiskSpace:
    """One disk that a plan touches. Sizes are in bytes."""

    folder: str
    """A folder on it by which a person knows it: the library's, say; safe to print."""
    free: int
    """Now."""
    change: int = 0
    """What the plan takes (negative) or gives."""
    in_trash: int = 0
    """What becomes free once the trash is emptied."""

    @property
    def after(self) -> int:
        """Free bytes when the plan is done and the trash is not emptied."""
        return self.free + self.change


def space_of(plan: MovePlan) -> list[DiskSpace]:
    """Return the disks whose free space a plan changes, in no particular order."""
    numbers = Disks()
    disks: dict[int, DiskSpace] = {}
    for step in plan.steps:
        if step.action not in FILE_ACTIONS or step.stamp is None or step.source is None:
            continue
        if step.action is Action.TRASH:
            disk = _disk(disks, numbers.of(step.source), step.source)
            if disk is not None:
                disk.in_trash += step.stamp.size
        elif numbers.crossed_by(step):
            here = _disk(disks, numbers.of(step.source), step.source)
            there = _disk(disks, numbers.of(step.target), step.target)
            if here is not None and there is not None:
                here.change += step.stamp.size
                there.change -= step.stamp.size
    return list(disks.values())


def _disk(disks: dict[int, DiskSpace], device: int | None, place: Place) -> DiskSpace | None:
    if device is None:
        return None
    if device not in disks:
        try:
            free = free_bytes(nearest_folder(place.path))
        except OSError:
            return None
        disks[device] = DiskSpace(display_text(os.fsdecode(place.root)), free)
    return disks[device]
