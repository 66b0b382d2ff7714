"""The files behind the places of a catalog: one copy for each that is on disk, with its names.

The disk is asked anew, for a report that people delete by must not count a link as a copy, nor a
file that is gone. Device numbers in the catalog may be from before a reboot.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field

from loradex.catalog.duplicate_rows import PlaceRow
from loradex.domain.duplicates import Copy, FileName

OUTSIDE_LINK = "a link to a file outside the libraries: removing it frees nothing"
OTHER_NAMES = "other names outside the libraries hold its space: removing it frees nothing"


@dataclass(slots=True)
class OnDisk:
    """What of the catalog's places is there."""

    copies: dict[int, list[Copy]] = field(default_factory=dict)
    """By content, in the order in which they became known."""
    links: int = 0
    """Further names of these files."""
    changed: int = 0
    """Places that are gone, or hold another file than at the last scan."""


@dataclass(slots=True)
class _File:
    place: PlaceRow
    info: os.stat_result
    names: list[FileName] = field(default_factory=list)
    hashed: bool = False


def look_on_disk(places: Iterable[PlaceRow]) -> OnDisk:
    """Ask the disk for these places; reads no file. What cannot be asked counts as changed."""
    found = OnDisk()
    files: dict[int, dict[tuple[int, int], _File]] = {}
    for place in places:
        path = place.root + b"/" + place.raw_path
        try:
            info = os.lstat(path)
            link = stat.S_ISLNK(info.st_mode)
            info = os.stat(path) if link else info
        except (OSError, ValueError):
            found.changed += 1
            continue
        if not _as_scanned(info, place):
            found.changed += 1
            continue
        file = files.setdefault(place.content_id, {}).setdefault(
            (info.st_dev, info.st_ino), _File(place, info)
        )
        found.links += bool(file.names)
        file.names.append(FileName(place.library, place.path, path, link))
        file.hashed |= place.hashed
    for content_id, by_inode in files.items():
        found.copies[content_id] = [_copy(file) for file in by_inode.values()]
    return found


def _as_scanned(info: os.stat_result, place: PlaceRow) -> bool:
    """True for the file that the scan saw; of a folder it is only known that it is one."""
    if place.folder:
        return stat.S_ISDIR(info.st_mode)
    return (info.st_size, info.st_mtime_ns) == (place.size, place.mtime_ns)


def _copy(file: _File) -> Copy:
    note = ""
    if all(name.link for name in file.names):
        note = OUTSIDE_LINK
    elif not file.place.folder and file.info.st_nlink > _entries(file.names):
        note = OTHER_NAMES
    return Copy(
        names=tuple(sorted(file.names, key=lambda name: name.link)),
        size=file.place.size,
        mtime=file.info.st_mtime,
        proven=file.hashed,
        frees=0 if note else file.place.size,
        note=note,
    )


def _entries(names: Iterable[FileName]) -> int:
    """Return how many hard links these names are: a linked folder shows one a second time."""
    real = [name.raw_path for name in names if not name.link]
    if len(real) < 2:
        return len(real)
    parents = (os.path.split(path) for path in real)
    return len({(os.path.realpath(folder), name) for folder, name in parents})
