"""Files that were never read in full, or not for a long time, and those that are there twice."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator

from loradex.operations.doctor.findings import Check, Finding, Level
from loradex.operations.doctor.subject import Subject

LONG_AGO = 180 * 86_400.0
"""Seconds after which a disk's word is not taken any more."""


def _unhashed(subject: Subject) -> Iterator[Finding]:
    files = [p for p in subject.present if p.hashed_at is None and p.format != "diffusers"]
    if files:
        size = sum(place.size for place in files)
        yield Finding(
            Level.ADVICE,
            f"{len(files):,} {'file was' if len(files) == 1 else 'files were'} never read in full"
            f" ({_size(size)}).",
            stands_for=len(files),
        )


def _unverified(subject: Subject) -> Iterator[Finding]:
    old = time.time() - LONG_AGO
    files = [
        place
        for place in subject.present
        if place.hashed_at is not None and max(place.hashed_at, place.verified_at or 0) < old
    ]
    if files:
        yield Finding(
            Level.ADVICE,
            f"{len(files):,} {'file was' if len(files) == 1 else 'files were'} last read more than"
            " half a year ago.",
            stands_for=len(files),
        )


def _twice(subject: Subject) -> Iterator[Finding]:
    names: dict[int, dict[tuple[int, int], int]] = defaultdict(dict)
    for place in subject.present:
        if place.content_id is not None and (place.hashed_at or place.format == "diffusers"):
            names[place.content_id][place.device, place.inode] = place.size
    several = [files for files in names.values() if len(files) > 1]
    if several:
        freed = sum(sum(files.values()) - max(files.values()) for files in several)
        yield Finding(
            Level.ADVICE,
            f"{len(several):,} {'model is' if len(several) == 1 else 'models are'} there more than"
            f" once, byte for byte; one of each would free {_size(freed)}.",
            stands_for=len(several),
        )


def _size(nbytes: int) -> str:
    for unit, many in (("TB", 1e12), ("GB", 1e9)):
        if nbytes >= many:
            return f"{nbytes / many:,.1f} {unit}"
    return f"{nbytes / 1e6:,.1f} MB"


UNHASHED = Check(
    "unhashed",
    "Files that were never read in full",
    "Hubs do not know them, and nobody can tell whether they are duplicates or went bad.",
    _unhashed,
    mend="loradex scan",
)
UNVERIFIED = Check(
    "unverified",
    "Files that nobody has read for long",
    "Disks lose bytes without saying so.",
    _unverified,
    mend="A part at a time, those that waited longest first: loradex verify --for 10m",
)
DUPLICATES = Check(
    "duplicates",
    "Models that are there more than once",
    "They take room for nothing.",
    _twice,
    mend="Look at them: loradex duplicates",
)
