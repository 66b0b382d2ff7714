"""Models that could run code when they are loaded."""

from __future__ import annotations

from collections.abc import Iterator

from loradex.operations.doctor.findings import Check, Finding, Level
from loradex.operations.doctor.removing import to_trash
from loradex.operations.doctor.subject import Subject

_WORDS = {
    "dangerous": (Level.SERIOUS, "It would run code when loaded."),
    "suspicious": (Level.SERIOUS, "It names code that weights have no use for."),
    "unscanned": (Level.FAULT, "It could not be looked through for code."),
}


def _pickles(subject: Subject) -> Iterator[Finding]:
    unsafe = [place for place in subject.places if place.safety in _WORDS and _there(place.state)]
    told = subject.catalog.health.findings({p.content_id for p in unsafe if p.content_id})
    for place in unsafe:
        level, words = _WORDS[place.safety or ""]
        reason = told.get(place.content_id or 0)
        yield Finding(
            level,
            reason or words,
            path=subject.path(place),
            model=place.content_id,
            file_id=place.file_id,
        )


def _there(state: str) -> bool:
    return state not in ("missing", "offline")


PICKLES = Check(
    "pickles",
    "Files that may run code when they are loaded",
    "Whoever made such a file can do on this machine what you can.",
    _pickles,
    mend="Do not load them; get a safetensors version. All that was found: loradex check PATH."
    " Plan to trash them: loradex doctor --fix pickles",
    fix=to_trash,
)
