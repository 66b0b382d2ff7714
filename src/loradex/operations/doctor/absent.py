"""Files and libraries that are not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from loradex.operations.doctor.findings import Check, Finding, Level
from loradex.operations.doctor.subject import Subject


def _offline(subject: Subject) -> Iterator[Finding]:
    counts = Counter(place.library_id for place in subject.places if place.state != "missing")
    for number, facts in subject.libraries.items():
        if facts.online:
            continue
        yield Finding(
            Level.ADVICE,
            f"The library {facts.library.name} is not there ({counts[number]:,} files).",
            path=facts.library.root,
            mend="Mount its drive, or tell where it is now: loradex library move",
        )


def _missing(subject: Subject) -> Iterator[Finding]:
    elsewhere = {place.content_id for place in subject.places if place.state == "present"}
    for place in subject.places:
        if place.state != "missing":
            continue
        again = place.content_id in elsewhere
        yield Finding(
            Level.ADVICE,
            "It is gone; the same model lies elsewhere." if again else "It is gone.",
            path=subject.path(place),
            model=place.content_id,
        )


OFFLINE = Check(
    "offline",
    "Libraries that are not there",
    "Their models are listed, and cannot be used.",
    _offline,
)
MISSING = Check(
    "missing",
    "Files that are gone",
    "What is known of them is kept. They may come back: loradex knows them by their bytes.",
    _missing,
    mend="List their models: loradex list is:missing. Get one again: loradex hub get",
)
