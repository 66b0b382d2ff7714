"""Files that cannot be read as models, or are not as the last scan saw them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from loradex.catalog.health_rows import PlaceFacts
from loradex.domain.progress import Progress
from loradex.operations.doctor.findings import Check, Finding, Level
from loradex.operations.doctor.removing import to_trash
from loradex.operations.doctor.subject import Subject

_TELL_EVERY = 200


def _unreadable(subject: Subject) -> Iterator[Finding]:
    for place in subject.places:
        if place.state == "unreadable" and not _dangling(subject, place):
            yield Finding(
                Level.FAULT,
                place.problem or "It cannot be read.",
                path=subject.path(place),
                model=place.content_id,
                file_id=place.file_id,
            )
    if subject.deep:
        yield from _headers(subject)


def _dangling(subject: Subject, place: PlaceFacts) -> bool:
    """Tell whether it is a link that leads nowhere, which the check of links tells of."""
    path = subject.real_path(place)
    return os.path.lexists(path) and not os.path.exists(path)  # noqa: PTH110 - bytes


def _headers(subject: Subject) -> Iterator[Finding]:
    """Read every header again, as a scan does with what is new."""
    from loradex.operations.verify_checks import header_fault  # noqa: PLC0415 - seldom asked for

    present = subject.present
    for number, place in enumerate(present):
        subject.cancel.check()
        if number % _TELL_EVERY == 0:
            subject.sink.progress(Progress("Reading headers", number, len(present)))
        if place.format == "diffusers":
            continue
        fault = header_fault(Path(os.fsdecode(subject.real_path(place))))
        if fault is not None:
            yield Finding(
                Level.SERIOUS,
                fault.message,
                path=subject.path(place),
                model=place.content_id,
                file_id=place.file_id,
                mend="Look at it: loradex verify PATH",
            )


def _changed(subject: Subject) -> Iterator[Finding]:
    for place in subject.present:
        subject.cancel.check()
        if place.format != "diffusers" and (words := _difference(subject, place)):
            yield Finding(
                Level.ADVICE, words, path=subject.path(place), model=place.content_id,
                file_id=place.file_id,
            )  # fmt: skip


def _difference(subject: Subject, place: PlaceFacts) -> str | None:
    try:
        info = os.stat(subject.real_path(place))
    except FileNotFoundError:
        return "It is not there any more."
    except OSError as error:
        return f"It cannot be looked at: {error.strerror or error}."
    if info.st_size < place.size:
        return f"It has only {info.st_size:,} of the {place.size:,} bytes that it had."
    if (info.st_size, info.st_mtime_ns) != (place.size, place.mtime_ns):
        return "It was written since the last scan."
    return None


UNREADABLE = Check(
    "unreadable",
    "Files that cannot be read as models",
    "They are cut short, something else than a model, or closed to you: no tool can load them.",
    _unreadable,
    mend="What to do about each: loradex problems. Plan to trash them: loradex doctor --fix"
    " unreadable",
    fix=to_trash,
)
CHANGED = Check(
    "changed",
    "Files that are not as the last scan saw them",
    "What the catalog says of them is out of date.",
    _changed,
    mend="loradex scan",
)
