"""Models whose suffix promises another format than they have."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from loradex.formats.model_files import model_stem
from loradex.operations.doctor.findings import Check, Finding, Level
from loradex.operations.doctor.subject import Subject
from loradex.operations.tidying.keeping import Wish

_FORMATS = {
    ".safetensors": "safetensors", ".sft": "safetensors", ".gguf": "gguf", ".ckpt": "pickle",
    ".pt": "pickle", ".pth": "pickle", ".pkl": "pickle",
}  # fmt: skip
_SUFFIXES = {"safetensors": ".safetensors", "gguf": ".gguf", "pickle": ".pt"}
_WORDS = {"safetensors": "a safetensors file", "gguf": "a GGUF file", "pickle": "a pickle"}


def _misnamed(subject: Subject) -> Iterator[Finding]:
    for place in subject.present:
        suffix = os.path.splitext(place.path)[1].lower()  # noqa: PTH122 - as stored, not a path here
        promised = _FORMATS.get(suffix)
        if promised is None or place.format in (promised, "diffusers") or not place.format:
            continue
        pickle = place.format == "pickle"
        yield Finding(
            Level.SERIOUS if pickle else Level.FAULT,
            f"It is {_WORDS.get(place.format, place.format)} although its name says {suffix}.",
            path=subject.path(place),
            model=place.content_id,
            file_id=place.file_id,
            why="A safe suffix hides that loading it may run code." if pickle else None,
        )


def _wishes(subject: Subject, findings: Sequence[Finding]) -> list[Wish]:
    """Give each its true suffix."""
    wishes = []
    for place in subject.places_found(findings):
        suffix = _SUFFIXES.get(place.format or "")
        if suffix is not None:
            folder, slash, name = place.raw_path.rpartition(b"/")
            renamed = os.fsencode(model_stem(os.fsdecode(name)) + suffix)
            target = subject.place_in(place.library_id, folder + slash + renamed)
            wishes.append(Wish(place.file_id, target))
    return wishes


SUFFIXES = Check(
    "suffixes",
    "Files that are not what their suffix says",
    "Tools choose how to load a file by its suffix, and fail.",
    _misnamed,
    mend="Plan to rename them: loradex doctor --fix suffixes",
    fix=_wishes,
)
