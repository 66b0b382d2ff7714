"""What is wrong with one file that is not as it was hashed, in words."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from loradex.domain.verifying import FindingKind, Source, ToVerify
from loradex.errors import FormatError
from loradex.formats.headers import read_header
from loradex.formats.model_file import CutShort
from loradex.operations.verify_names import misnaming


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file. `marks`: the catalog has to list it as broken.

    `closed`: it may not be opened, so whoever opens it later has disproved that.
    """

    kind: FindingKind
    message: str
    hint: str | None
    marks: bool
    closed: bool = False


ROTTEN = Fault(
    FindingKind.ROTTEN,
    "Its bytes are not the ones that were hashed, though its size and time are the same.",
    None,
    marks=True,
)
UNSTABLE = Fault(
    FindingKind.UNSTABLE,
    "It gave other bytes at one reading and the right ones at the next.",
    "The file is good; check the memory, the cable and the disk of this machine.",
    marks=False,
)
CHANGED = Fault(
    FindingKind.CHANGED,
    "It has changed since it was scanned.",
    "Run `loradex scan`: it takes the file as it is now.",
    marks=False,
)


def name_fault(path: Path) -> Fault | None:
    """Return what is wrong with the suffix of a file whose bytes are right."""
    try:
        wrong = misnaming(path)
    except FormatError as error:
        return reading_fault(error)
    return None if wrong is None else Fault(FindingKind.MISNAMED, *wrong, marks=False)


def header_fault(path: Path) -> Fault | None:
    """Return why a file is no healthy model, None when its header is good."""
    try:
        misnaming(path)
    except FormatError as error:
        if error.__cause__ is None:
            return Fault(FindingKind.MISNAMED, f"It {error.what}", error.hint, marks=True)
        return reading_fault(error)
    try:
        read_header(path)
    except CutShort as error:
        return Fault(FindingKind.TRUNCATED, f"It {error.what}", error.hint, marks=True)
    except FormatError as error:
        return reading_fault(error)
    return None


def reading_fault(error: FormatError) -> Fault:
    """Return what it means that reading a file failed."""
    match error.__cause__:
        case FileNotFoundError() | NotADirectoryError():
            kind, marks = FindingKind.GONE, False
        case OSError():
            kind, marks = FindingKind.UNREADABLE, True
        case _:
            kind, marks = FindingKind.DAMAGED, True
    closed = isinstance(error.__cause__, PermissionError)
    return Fault(kind, f"It {error.what}", error.hint, marks, closed)


def differs(file: ToVerify) -> bool:
    """Tell whether size or time of a file are not as they were scanned; raise OSError."""
    info = Path(os.fsdecode(file.path)).stat()
    return (info.st_size, info.st_mtime_ns) != (file.size, file.mtime_ns)


def remedy(fault: Fault, source: Source, hub_url: str) -> str:
    """Return what to do about a fault: another copy first, then the hub, then what is left."""
    if not fault.marks:
        return fault.hint or ""
    if source.copies:
        return f"Another copy of what it should be is at {os.fsdecode(source.copies[0])}."
    if source.model_id is not None:
        page = f"{hub_url.rstrip('/')}/models/{source.model_id}"
        version = "" if source.version_id is None else f"?modelVersionId={source.version_id}"
        return f"Download it again from {page}{version}."
    if fault.hint is not None:
        return fault.hint
    return "Bring it back from a backup or from where it came; its notes and tags are kept."
