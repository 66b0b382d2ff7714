"""Find the pictures in folders, without opening any."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.domain.text import display_text

SUFFIXES = (b".png", b".jpg", b".jpeg", b".jpe", b".jfif", b".webp")
_TELL_EVERY = 500


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture as a folder lists it; the path is absolute."""

    raw_path: bytes
    size: int
    mtime_ns: int


@dataclass(slots=True)
class FoundPictures:
    """What was found, and what could not be looked into."""

    files: list[PictureFile] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    """Path and reason."""


def find_pictures(
    places: Sequence[bytes], *, sink: ProgressSink, cancel: CancelToken
) -> FoundPictures:
    """Return the pictures at and below these absolute paths, each once, sorted by path.

    In folders, files count by their endings; one that is named counts whatever it is called.
    Hidden files and folders are left out, and links to folders are not followed.
    """
    found = FoundPictures()
    files: dict[bytes, PictureFile] = {}
    for place in places:
        for number, file in enumerate(_below(place, found)):
            if number % _TELL_EVERY == 0:
                cancel.check()
                sink.progress(Progress("Looking for pictures", len(files), None, "pictures"))
            files[file.raw_path] = file
    found.files = [files[path] for path in sorted(files)]
    return found


def _below(place: bytes, found: FoundPictures) -> Iterator[PictureFile]:
    try:
        facts = os.stat(place)
    except OSError as error:
        found.problems.append((_shown(place), _reason(error)))
        return
    if stat.S_ISREG(facts.st_mode):
        yield PictureFile(place, facts.st_size, facts.st_mtime_ns)
        return
    if not stat.S_ISDIR(facts.st_mode):
        found.problems.append((_shown(place), "It is neither a file nor a folder."))
        return
    waiting = [place]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith(b"."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
                        facts = entry.stat()
                        yield PictureFile(entry.path, facts.st_size, facts.st_mtime_ns)
        except OSError as error:
            found.problems.append((_shown(folder), _reason(error)))


def _reason(error: OSError) -> str:
    return f"It cannot be looked at: {error.strerror or error}."


def _shown(path: bytes) -> str:
    return display_text(os.fsdecode(path))
