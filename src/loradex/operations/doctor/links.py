"""Links that lead nowhere, or out of the library."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from loradex.domain.library import Layout
from loradex.formats.model_files import is_model_file
from loradex.operations.doctor.findings import Check, Finding, Level
from loradex.operations.doctor.subject import Subject


def _links(subject: Subject) -> Iterator[Finding]:
    for number, survey in subject.surveys.items():
        facts = subject.libraries[number]
        for link in survey.links:
            raw = facts.root + b"/" + link.relative
            target = os.fsdecode(link.target) or "?"
            if link.reaches == "nothing":
                yield Finding(
                    Level.FAULT,
                    f"It leads to {target}, which is not there.",
                    path=os.fsdecode(raw),
                    raw_path=raw,
                    mend=f"rm -- {shlex.quote(os.fsdecode(raw))}",
                )
            elif link.reaches == "outside" and _matters(raw, facts.library.layout):
                yield Finding(
                    Level.ADVICE,
                    f"It leads out of the library, to {target}.",
                    path=os.fsdecode(raw),
                    raw_path=raw,
                    why="Whoever moves or removes what it leads to breaks it.",
                    mend="Nothing needs to be done. To have the models themselves looked after:"
                    " loradex library add FOLDER",
                )


def _matters(raw: bytes, layout: Layout) -> bool:
    """A link to a model or a folder; other files are nobody's business here."""
    if layout is Layout.HUGGING_FACE:
        return False
    return is_model_file(os.fsdecode(raw.rpartition(b"/")[2])) or os.path.isdir(raw)  # noqa: PTH112


LINKS = Check(
    "links",
    "Links that lead nowhere, or out of the library",
    "Tools list a model there and fail to load it.",
    _links,
    mend="Bring back what they lead to, or remove the links themselves.",
)
