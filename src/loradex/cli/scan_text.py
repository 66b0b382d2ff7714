"""What a scan found: as a sentence, as JSON, and as an event for plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loradex.cli.plugin_problems import notify
from loradex.cli.words import count_text, duration_text, size_text

if TYPE_CHECKING:
    from loradex.cli.context import Context
    from loradex.operations.hash_pass import HashReport
    from loradex.operations.scan_report import ScanReport

_PROBLEM = "with a problem: loradex problems"


def scan_sentence(report: ScanReport, hashed: HashReport | None, waiting: int = 0) -> str:
    """Return what a scan and its hash pass did; `waiting` files are left to be hashed."""
    parts = [
        count_text(number, word, plural)
        for number, word, plural in (
            (report.new, "new", "new"),
            (report.changed, "changed", "changed"),
            (report.again, "looked at again", "looked at again"),
            (report.moved, "moved", "moved"),
            (report.back, "back again", "back again"),
            (report.missing, "missing", "missing"),
            (report.growing, "still growing", "still growing"),
            (report.downloads, "still downloading", "still downloading"),
            (len(report.problems), _PROBLEM, _PROBLEM),
        )
        if number
    ]
    text = f"{count_text(report.seen, 'model file')} in {duration_text(report.seconds)}"
    text += f": {', '.join(parts)}." if parts else ", nothing has changed."
    if report.elsewhere:
        text += f" Another loradex reads what is new in {', '.join(report.elsewhere)}."
    if report.offline:
        text += f" Offline: {', '.join(report.offline)}."
    if hashed is not None and (hashed.files or hashed.problems):
        text += (
            f" Hashed {count_text(hashed.files, 'file')} ({size_text(hashed.nbytes)})"
            f" in {duration_text(hashed.seconds)}."
        )
    if hashed is not None and hashed.elsewhere:
        text += f" {hashed.elsewhere}"
    if waiting:
        text += f" {count_text(waiting, 'file waits', 'files wait')} to be hashed: loradex scan"
    return text


def scan_json(report: ScanReport, hashed: HashReport | None) -> dict[str, object]:
    """Return the same as an object; docs/json.md describes it."""
    problems = [*report.problems, *(hashed.problems if hashed else [])]
    return {
        "libraries": report.libraries,
        "seen": report.seen,
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "again": report.again,
        "moved": report.moved,
        "back": report.back,
        "missing": report.missing,
        "growing": report.growing,
        "downloads": report.downloads,
        "new_contents": report.new_contents,
        "scanned_elsewhere": report.elsewhere,
        "offline": report.offline,
        "held_back": report.held_back,
        "seconds": round(report.seconds, 3),
        "hashed": hashed.files if hashed else 0,
        "hashed_bytes": hashed.nbytes if hashed else 0,
        "hashing_elsewhere": hashed.elsewhere if hashed else None,
        "problems": [
            {"item": problem.item, "message": problem.message, "hint": problem.hint}
            for problem in problems
        ],
    }


def notify_scanned(context: Context, names: list[str], report: ScanReport) -> None:
    """Tell plugins, but only when something happened: loading them takes time."""
    if not (report.new or report.changed or report.missing):
        return
    from loradex.plugin_api import ScanFinished  # noqa: PLC0415

    notify(
        context,
        ScanFinished(
            libraries=tuple(names),
            new=report.new,
            changed=report.changed,
            missing=report.missing,
            failed=len(report.problems),
        ),
    )
