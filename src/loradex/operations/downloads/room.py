"""Whether the disks have room for what is to be downloaded."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from loradex.domain.downloads import Download, NewDownload
from loradex.domain.text import display_text
from loradex.operations.downloads.plan import DiskRoom
from loradex.operations.moves.names import nearest_folder
from loradex.operations.moves.on_disk import SPARE_BYTES, free_bytes


@dataclass(slots=True)
class _Disk:
    folder: bytes
    needed: int = 0
    waiting: int = 0


def rooms_for(wanted: Iterable[NewDownload], queue: Iterable[Download]) -> tuple[DiskRoom, ...]:
    """Return the room on every disk that something new goes to, in the order of first use.

    `queue` is what is on its way already. Sizes the hub does not tell count as nothing.
    """
    disks: dict[int, _Disk] = {}
    for new in wanted:
        folder = nearest_folder(new.path)
        disk = disks.setdefault(device_at(new.path), _Disk(folder))
        disk.needed += new.size_bytes or 0
    for download in queue:
        other = disks.get(device_at(download.path))
        if other is not None:
            other.waiting += max((download.size_bytes or 0) - download.done_bytes, 0)
    return tuple(
        DiskRoom(
            display_text(os.fsdecode(disk.folder)),
            disk.needed,
            disk.waiting,
            max(free_bytes(disk.folder) - SPARE_BYTES, 0),
        )
        for disk in disks.values()
    )


def device_at(path: bytes) -> int:
    """Return the device on which a file of this path would be."""
    return os.stat(nearest_folder(path)).st_dev
