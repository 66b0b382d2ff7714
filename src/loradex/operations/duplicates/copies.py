"""The files behind the places of a catalog: one copy for each that is on disk, with its names.

The disk is asked anew, for a report that people delete by must not count a link as a copy, nor a
file that is gone. Device numbers in the catalog may be from before a reboot.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

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


_Seen = tuple[PlaceRow, os.stat_result, FileName]


def look_on_disk(places: Iterable[PlaceRow]) -> OnDisk:
    """Ask the disk for these places, which come by content; read no file.

    What cannot be asked counts as changed.
    """
    found = OnDisk()
    for content_id, of_one in groupby(places, key=itemgetter(0)):
        files: dict[tuple[int, int], list[_Seen]] = {}
        for place in of_one:
            seen = _look(place)
            if seen is None:
                found.changed += 1
                continue
            names = files.setdefault((seen[1].st_dev, seen[1].st_ino), [])
            found.links += bool(names)
            names.append(seen)
        if files:
            found.copies[content_id] = [_copy(names) for names in files.values()]
    return found


def _look(place: PlaceRow) -> _Seen | None:
    """Return what is at a place; None for what is not the file that the scan saw."""
    path = place.root + b"/" + place.raw_path
    try:
        info = os.lstat(path)
        link = stat.S_ISLNK(info.st_mode)
        info = os.stat(path) if link else info
    except (OSError, ValueError):
        return None
    if not _as_scanned(info, place):
        return None
    return place, info, FileName(place.library, place.path, path, link)


def _as_scanned(info: os.stat_result, place: PlaceRow) -> bool:
    """True for the file that the scan saw; of a folder it is only known that it is one."""
    if place.folder:
        return stat.S_ISDIR(info.st_mode)
    return (info.st_size, info.st_mtime_ns) == (place.size, place.mtime_ns)


def _copy(seen: list[_Seen]) -> Copy:
    place, info, name = seen[0]
    names: tuple[FileName, ...] = (name,)
    if len(seen) > 1:
        names = tuple(sorted((one[2] for one in seen), key=lambda one: one.link))
    note = ""
    if names[0].link:
        note = OUTSIDE_LINK
    elif info.st_nlink > 1 and not place.folder and info.st_nlink > _entries(names):
        note = OTHER_NAMES
    return Copy(
        names=names,
        size=place.size,
        mtime=info.st_mtime,
        proven=any(one.hashed for one, _, _ in seen),
        frees=0 if note else place.size,
        note=note,
    )


def _entries(names: Iterable[FileName]) -> int:
    """Return how many hard links these names are: a linked folder shows one a second time."""
    real = [name.raw_path for name in names if not name.link]
    if len(real) < 2:
        return len(real)
    parents = (os.path.split(path) for path in real)
    return len({(os.path.realpath(folder), name) for folder, name in parents})
