"""Disks that are nearly full, and folders that do not let us in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from loradex.operations.doctor.findings import Check, Finding, Level
from loradex.operations.doctor.subject import Subject

_LOW, _LOW_SHARE = 20_000_000_000, 0.05
_VERY_LOW = 2_000_000_000


def _room(subject: Subject) -> Iterator[Finding]:
    seen: set[int] = set()
    places = [("The disk with loradex's own data", str(subject.home.root))]
    if subject.has_catalog:
        places += [
            (f"The disk of the library {facts.library.name}", facts.library.root)
            for facts in subject.libraries.values()
            if facts.online
        ]
    for whose, folder in places:
        try:
            device = Path(folder).stat().st_dev
            usage = shutil.disk_usage(folder)
        except OSError:
            continue
        if device in seen:
            continue
        seen.add(device)
        if usage.free < min(_LOW, usage.total * _LOW_SHARE) or usage.free < _VERY_LOW:
            yield Finding(
                Level.FAULT if usage.free < _VERY_LOW else Level.ADVICE,
                f"{whose} has {usage.free / 1e9:,.1f} of {usage.total / 1e9:,.0f} GB left.",
                path=folder,
            )


def _permissions(subject: Subject) -> Iterator[Finding]:
    for number, facts in subject.libraries.items():
        if not facts.online:
            continue
        if not os.access(facts.root, os.W_OK | os.X_OK):
            yield Finding(
                Level.ADVICE,
                f"The library {facts.library.name} can be read only: nothing in it can be moved.",
                path=facts.library.root,
            )
        for relative, reason in subject.surveys[number].closed:
            yield Finding(
                Level.FAULT,
                f"The folder cannot be listed: {reason}.",
                path=os.fsdecode(facts.root + b"/" + relative),
            )
    for place in subject.present:
        path = subject.real_path(place)
        if not os.access(path, os.R_OK) and os.path.exists(path):  # noqa: PTH110 - bytes
            yield Finding(
                Level.FAULT,
                "It cannot be opened for reading.",
                path=subject.path(place),
                model=place.content_id,
            )


ROOM = Check(
    "room",
    "Disks that are nearly full",
    "Downloads and pictures stop half-way, and the catalog cannot be written.",
    _room,
    mend="What is there more than once: loradex duplicates",
    without_catalog=True,
)
PERMISSIONS = Check(
    "permissions",
    "Folders and files that are closed to you",
    "loradex and the tools you run cannot use what is in them.",
    _permissions,
    mend="Change their owner or their permissions (chmod, chown).",
)
