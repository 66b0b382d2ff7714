"""What a scan found: as a sentence, as JSON, and as an event for plugins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.cli.plugin_problems import notify
from loradex.cli.words import count_text, duration_text, size_text
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loradex.catalog.catalog import Catalog
    from loradex.cli.context import Context
    from loradex.domain.library import Library
    from loradex.operations.hash_pass import HashReport
    from loradex.operations.scan_report import ScanReport

_SUFFIXES = ".safetensors .sft .gguf .ckpt .pt .pth .bin"


@dataclass(frozen=True, slots=True)
class Standing:
    """How libraries stand after a scan, whichever scan met what is told."""

    unreadable: int = 0
    """Files that are listed as broken."""
    waiting: int = 0
    """Files that are left to be hashed."""
    empty: tuple[Library, ...] = ()
    """Libraries that are there and hold no model."""


def standing(
    catalog: Catalog, libraries: Sequence[Library], report: ScanReport, *, waiting: int = 0
) -> Standing:
    """Return how the catalog stands after a scan of these libraries."""
    only = libraries[0].id if len(libraries) == 1 else None
    nothing = not (report.seen or report.missing)
    unfilled = catalog.files.without_files()
    empty = [
        library
        for library in libraries
        if library.name not in report.offline and (nothing or library.id in unfilled)
    ]
    known = not (report.problems or report.elsewhere)  # else there may be some after all
    return Standing(
        unreadable=catalog.files.unreadable(only),
        waiting=waiting,
        empty=tuple(empty) if known else (),
    )


def scan_sentence(report: ScanReport, hashed: HashReport | None, after: Standing) -> str:
    """Return what a scan and its hash pass did, and what a person has to know besides."""
    texts = []
    if len(report.offline) + len(after.empty) < report.libraries or report.downloads:
        texts.append(_found(report))
    if after.unreadable:
        texts.append(f"{after.unreadable:,} cannot be read: loradex problems.")
    texts += _places(report)
    texts += [
        f"No model files in {display_text(library.name)} ({display_text(library.root)}):"
        f" {_SUFFIXES} are looked for."
        for library in after.empty
    ]
    if report.elsewhere:
        names = ", ".join(map(display_text, report.elsewhere))
        texts.append(f"Another loradex reads what is new in {names}.")
    if report.offline:
        texts.append(_offline(report))
    if hashed is not None:
        texts += _hashed(hashed)
    if after.waiting:
        files = count_text(after.waiting, "file waits", "files wait")
        texts.append(f"{files} to be hashed: loradex scan")
    return " ".join(texts)


def _found(report: ScanReport) -> str:
    parts = [
        f"{number:,} {word}"
        for number, word in (
            (report.new, "new"),
            (report.changed, "changed"),
            (report.again, "looked at again"),
            (report.moved, "moved"),
            (report.back, "back again"),
            (report.missing, "missing"),
            (report.growing, "still growing"),
            (report.downloads, "still downloading"),
        )
        if number
    ]
    text = f"{count_text(report.seen, 'model file')} in {duration_text(report.seconds)}"
    if parts:
        return f"{text}: {', '.join(parts)}."
    return f"{text}." if report.problems else f"{text}, nothing has changed."


def _places(report: ScanReport) -> list[str]:
    """Return what is wrong with folders and libraries: no list of files has them."""
    texts = []
    if report.folders:
        first, more = display_text(report.folders[0]), len(report.folders) - 1
        text = f"{count_text(len(report.folders), 'folder')} cannot be listed: {first}"
        texts.append(f"{text} and {more:,} more." if more else f"{text}.")
    if report.held_back:
        names = ", ".join(map(display_text, report.held_back))
        texts.append(
            f"Many files of {names} are gone at once, and none was marked missing;"
            " if you removed them: loradex scan --accept-missing"
        )
    return texts


def _offline(report: ScanReport) -> str:
    text = f"Offline: {', '.join(map(display_text, report.offline))}."
    if len(report.offline) < report.libraries:
        return text
    return (
        f"{text} Connect the drive and scan again; if the folder lies elsewhere now:"
        " loradex library move NAME FOLDER"
    )


def _hashed(hashed: HashReport) -> list[str]:
    texts = []
    if hashed.files or hashed.problems:
        texts.append(
            f"Hashed {count_text(hashed.files, 'file')} ({size_text(hashed.nbytes)})"
            f" in {duration_text(hashed.seconds)}."
        )
    if hashed.problems:
        failed = count_text(len(hashed.problems), "file")
        texts.append(f"{failed} could not be hashed: the next scan tries again.")
    if hashed.elsewhere:
        texts.append(hashed.elsewhere)
    return texts


def scan_json(report: ScanReport, hashed: HashReport | None, unreadable: int) -> dict[str, object]:
    """Return the same as an object, with how many files are listed as broken; see docs/json.md."""
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
        "folders": report.folders,
        "unreadable": unreadable,
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
