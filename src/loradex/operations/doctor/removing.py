"""Wishes to put what a check found into the trash."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.operations.doctor.findings import Finding
from loradex.operations.doctor.subject import Subject
from loradex.operations.tidying.keeping import Wish


def to_trash(subject: Subject, findings: Sequence[Finding]) -> list[Wish]:
    """Return a wish for each file that was found; a model takes its sidecars along."""
    wishes = []
    for finding in findings:
        if finding.file_id is not None:
            wishes.append(Wish(finding.file_id, None))
        elif finding.raw_path is not None:
            place = subject.place_of(finding.raw_path)
            if place is not None:
                wishes.append(Wish(place, None))
    return wishes
