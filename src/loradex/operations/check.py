"""Judge whether model files could run code, without a catalog."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loradex.domain.header import FileFormat, Header
from loradex.domain.progress import CancelToken
from loradex.domain.safety import Safety, SafetyReport
from loradex.errors import FormatError
from loradex.formats.headers import read_open
from loradex.formats.model_file import ModelFile, is_folder
from loradex.formats.model_files import MODEL_SUFFIXES
from loradex.formats.safety.folders import judge_folder
from loradex.formats.safety.verdicts import judge, unreadable
from loradex.operations.below import below, not_there, without_models

_SUFFIXES = MODEL_SUFFIXES | {
    ".pickle", ".joblib", ".dill", ".npz", ".npy", ".tar", ".zip", ".gz", ".7z", ".h5", ".keras",
}  # fmt: skip
"""What is looked for in folders: all that loaders may unpickle, not only what a catalog lists."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One file or diffusers folder with its verdict."""

    path: Path
    format: FileFormat
    report: SafetyReport


def check(path: Path, cancel: CancelToken) -> Iterator[Checked]:
    """Judge a file, or all that is below a folder, in the order of names.

    What is there and cannot be read is unscanned. Raises FormatError for a path that leads
    nowhere and for a folder without anything to judge.
    """
    if (missing := not_there(path)) is not None:
        raise missing
    if not is_folder(path):
        yield _check_file(path)
        return
    found = False
    unlisted: list[OSError] = []
    for place in below(path, _is_suspect, unlisted):
        cancel.check()
        found = True
        yield _check_folder(place) if is_folder(place) else _check_file(place)
    for error in unlisted:
        found = True
        yield _unlisted(error)
    if not found:
        raise without_models(path)


def _check_file(path: Path) -> Checked:
    try:
        with ModelFile(path) as file:
            header, error = _header(file)
            report = judge(file, header, error)
    except FormatError as error:
        return Checked(path, FileFormat.UNKNOWN, unreadable(error))
    return Checked(path, header.format if header else FileFormat.UNKNOWN, report)


def _header(file: ModelFile) -> tuple[Header | None, FormatError | None]:
    try:
        return read_open(file), None
    except FormatError as error:
        return None, error


def _check_folder(path: Path) -> Checked:
    return Checked(path, FileFormat.DIFFUSERS, judge_folder(path))


def _unlisted(error: OSError) -> Checked:
    said = f"This folder cannot be listed: {error.strerror or error}."
    report = SafetyReport(Safety.UNSCANNED, (said,))
    return Checked(Path(os.fsdecode(error.filename)), FileFormat.UNKNOWN, report)


def _is_suspect(name: str) -> bool:
    return Path(name).suffix.lower() in _SUFFIXES
