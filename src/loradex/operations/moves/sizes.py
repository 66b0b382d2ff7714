"""How many bytes steps copy to other disks, and how many they compare."""

from __future__ import annotations

import os
from collections.abc import Iterable

from loradex.domain.plans import Action, Place, Step


class Disks:
    """Which disks places are on, or will be on: asked for each folder once.

    A step's own stamp does not tell: disks are numbered anew when a system starts.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, int | None] = {}

    def of(self, place: Place) -> int | None:
        """Return the disk's number, None when it cannot be told."""
        folder, asked = place.folder, list[bytes]()
        while folder not in self._known and not os.path.isdir(folder or b"/"):  # noqa: PTH112
            asked.append(folder)
            folder = folder.rpartition(b"/")[0]  # the nearest that is there: others are made
        if folder not in self._known:
            try:
                self._known[folder] = os.stat(folder or b"/").st_dev
            except OSError:
                self._known[folder] = None
        self._known.update(dict.fromkeys(asked, self._known[folder]))
        return self._known[folder]

    def crossed_by(self, step: Step) -> bool:
        """Tell whether a step copies a file to another disk."""
        if step.action not in (Action.MOVE, Action.RESTORE) or step.source is None:
            return False
        here, there = self.of(step.source), self.of(step.target)
        return None not in (here, there) and here != there


def copied_bytes(steps: Iterable[Step]) -> int:
    """Return the bytes that are copied to other disks."""
    disks = Disks()
    return sum(step.stamp.size for step in steps if step.stamp and disks.crossed_by(step))


def compared_bytes(steps: Iterable[Step]) -> int:
    """Return the bytes of files that are compared before they go."""
    return sum(step.stamp.size for step in steps if step.stamp and step.same_as)
