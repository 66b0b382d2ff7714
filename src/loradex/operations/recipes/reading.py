"""Read one picture's recipe: its texts, and a text file beside it where it has none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from loradex.domain.generation import Generation
from loradex.domain.picture_recipes import SeenPicture
from loradex.errors import FormatError
from loradex.formats.generation import generations_of
from loradex.formats.pictures import PictureTexts, read_picture
from loradex.operations.recipes.finding import PictureFile


def read_recipes(path: str | bytes | Path) -> list[Generation]:
    """Return what a picture tells of how it was made: one generation, or none.

    A hub's answer saved as JSON may tell of several pictures. Where the picture tells nothing, the
    text file beside it counts, as A1111 can write it. What could not be read stands in `notes`.
    Raises `FormatError` for what is no picture.
    """
    told, _ = _read(os.fsencode(path))
    return told


def see_all(files: Sequence[PictureFile]) -> list[SeenPicture]:
    """Return what each of these pictures tells; never raises for a picture."""
    return [seen for file in files for seen in _see(file)]


def _see(file: PictureFile) -> list[SeenPicture]:
    try:
        told, notes = _read(file.raw_path)
    except FormatError as error:
        return [SeenPicture(file.raw_path, file.size, file.mtime_ns, None, str(error.what))]
    problem = " ".join(notes) or None
    first = told[0] if told else None
    seen = [SeenPicture(file.raw_path, file.size, file.mtime_ns, first, problem)]
    return seen + [
        SeenPicture(b"%s#%d" % (file.raw_path, number), file.size, file.mtime_ns, generation)
        for number, generation in enumerate(told[1:], start=2)
    ]


def _read(path: bytes) -> tuple[list[Generation], list[str]]:
    """Return what a picture tells, and what was wrong with it."""
    texts = read_picture(path)
    told = generations_of(texts)
    if not told:
        told = _beside(path, texts)
    notes = list(texts.notes)
    return [replace(each, notes=(*each.notes, *notes)) for each in told], notes


def _beside(path: bytes, texts: PictureTexts) -> list[Generation]:
    if texts.kind in ("json", "text"):
        return []
    beside = Path(os.fsdecode(path)).with_suffix(".txt")
    if not beside.is_file():
        return []
    try:
        written = read_picture(beside)
    except FormatError:
        return []
    written.width, written.height = texts.width, texts.height
    return generations_of(written)
