"""The report of duplicates as JSON: the stable shape of `duplicates --json` (docs/json.md)."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.cli.jsontext import print_json
from loradex.domain.duplicates import Copy, DuplicateGroup, DuplicateReport, Twin, Yours


def print_report(report: DuplicateReport, groups: Sequence[DuplicateGroup]) -> None:
    """Print the report with these of its groups."""
    print_json(
        {
            "freed": report.freed,
            "totals": [
                {
                    "sort": total.alike.value,
                    "groups": total.groups,
                    "files": total.files,
                    "freed": total.nbytes,
                    "unproven_files": total.unproven,
                }
                for total in report.totals
            ],
            "unhashed_files": report.unhashed,
            "unhashed_bytes": report.unhashed_bytes,
            "links": report.links,
            "changed_files": report.changed,
            "groups": [_group(group) for group in groups],
        }
    )


def _group(group: DuplicateGroup) -> dict[str, object]:
    return {
        "sort": group.alike.value,
        "freed": group.freed,
        "unproven": group.unproven,
        "sure": group.sure,
        "why": list(group.why),
        "keep_because": group.keep_because,
        "models": [_twin(twin) for twin in group.twins],
    }


def _twin(twin: Twin) -> dict[str, object]:
    return {
        "id": twin.content_id,
        "name": twin.name,
        "kind": twin.kind,
        "base": twin.base,
        "size": twin.size,
        "trait": twin.trait or None,
        "sha256": twin.sha256,
        "matched": twin.matched,
        "keep": twin.keep,
        "yours": _yours(twin.yours),
        "files": [_copy(copy) for copy in twin.copies],
    }


def _yours(yours: Yours) -> dict[str, object] | None:
    if not yours:
        return None
    return {
        "rating": yours.rating,
        "favourite": yours.favourite,
        "note": yours.note,
        "tags": list(yours.tags),
        "verdicts": yours.verdicts,
        "collections": yours.collections,
        "fields": yours.fields,
    }


def _copy(copy: Copy) -> dict[str, object]:
    return {
        "library": copy.library,
        "path": copy.path,
        "size": copy.size,
        "mtime": copy.mtime,
        "state": "present",
        "proven": copy.proven,
        "fate": copy.fate.value,
        "frees": copy.frees,
        "note": copy.note or None,
        "other_names": [
            {"library": name.library, "path": name.path, "symlink": name.link}
            for name in copy.names[1:]
        ],
    }
