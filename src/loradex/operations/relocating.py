"""Point a library at the place where its folder now lies, and find such a place."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from loradex.catalog.catalog import Catalog
from loradex.catalog.library_store import Stamp
from loradex.domain.library import FileState, Library
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.domain.scanning import KnownFile
from loradex.errors import FormatError, LibraryError
from loradex.operations.layouts.usual import drives
from loradex.operations.libraries import existing_folder, overlap_error

ENOUGH = 0.5
"""Share of the known files that a folder must have to be taken for the library's."""

_HINT_FILES = 20
_HINT_TAILS = 6
"""How many of a root's last folders are tried on other drives."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Resemblance:
    """How much a folder looks like a library: of `known` files, `same` are there in size."""

    known: int
    same: int

    @property
    def is_enough(self) -> bool:
        """True when the folder may be taken for the library's; a library never scanned has none."""
        return self.same >= self.known * ENOUGH


@dataclass(frozen=True, slots=True)
class Moved:
    """What moving a library's root came to."""

    root: Path
    resemblance: Resemblance
    unchanged: int
    """Files found with their bytes: the next scan does not open them."""


def move_library(
    catalog: Catalog,
    library: Library,
    folder: Path,
    *,
    force: bool,
    dry_run: bool,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Moved:
    """Let a library's places be found below `folder` from now on; none of them is lost.

    Raises `LibraryError` when the folder is missing, belongs to another library, or does not look
    like the old one (`force` takes it all the same). Files whose size and time agree are taken for
    what they were; of those with another time the quick fingerprint has to agree.
    """
    root = existing_folder(folder)
    if str(root) == library.root:
        raise LibraryError(
            f"{root} is where the library {library.name!r} is already.",
            hint="Run `loradex scan` to look for new files.",
        )
    others = [other for other in catalog.files.libraries() if other.id != library.id]
    if (failure := overlap_error(root, others)) is not None:
        raise failure
    known = _known(catalog, library)
    there = _same_size(root, known, cancel)
    resemblance = Resemblance(len(known), len(there))
    if not resemblance.is_enough and not force:
        raise LibraryError(
            f"{root} does not look like {library.name!r}: {len(there):,} of {len(known):,} known"
            " files are there with their size.",
            hint=_better(root, library, known)
            or "If it is the right folder nevertheless, use --force.",
        )
    stamps = [stamp for stamp in _stamps(root, there, sink, cancel) if stamp is not None]
    if not dry_run:
        catalog.libraries.move_root(library.id, os.fsencode(root), root.stat().st_dev, stamps)
    return Moved(root, resemblance, len(stamps))


def some_known_files(catalog: Catalog, library: Library) -> list[KnownFile]:
    """Return a few files spread over a library, by which it can be known again."""
    known = _known(catalog, library)
    return known[:: max(len(known) // _HINT_FILES, 1)][:_HINT_FILES]


def elsewhere(root: Path, some: Sequence[KnownFile], taken: Collection[Path]) -> Path | None:
    """Return a folder on some drive that looks like the library of `root`, None if none does.

    Tries the root's last folders on every mounted drive but those `taken`, and looks for these
    few known files only.
    """
    if not some:
        return None
    return next(
        (
            candidate
            for candidate in _candidates(root)
            if candidate not in taken and _looks_like(candidate, some)
        ),
        None,
    )


def answered(ask: Callable[[], _T], seconds: float, otherwise: _T) -> _T:
    """Return what `ask` answers in time, else `otherwise`: a dead network drive never answers."""
    told: list[_T] = []
    thread = threading.Thread(target=lambda: told.append(ask()), daemon=True)
    thread.start()
    thread.join(seconds)
    return told[0] if told else otherwise


def _known(catalog: Catalog, library: Library) -> list[KnownFile]:
    return [
        file
        for _path, file in sorted(catalog.files.known_files(library.id).items())
        if file.state != FileState.MISSING and file.content_id is not None
    ]


def _same_size(
    root: Path, known: Sequence[KnownFile], cancel: CancelToken
) -> list[tuple[KnownFile, os.stat_result]]:
    found = []
    for file in known:
        cancel.check()
        info = _stat(root, file)
        if info is not None:
            found.append((file, info))
    return found


def _stat(root: Path, file: KnownFile) -> os.stat_result | None:
    """Return what lies at a known place, None unless it may be the same; a folder always may."""
    try:
        info = os.stat(os.fsencode(root) + b"/" + file.raw_path)
    except OSError:
        return None
    same = stat.S_ISDIR(info.st_mode) or (stat.S_ISREG(info.st_mode) and info.st_size == file.size)
    return info if same else None


def _stamps(
    root: Path,
    there: Sequence[tuple[KnownFile, os.stat_result]],
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[Stamp | None]:
    """Yield the new stamp of each file with its old bytes; None for the others.

    A folder's time is that of its newest file, which only a walk tells: it keeps its stamp.
    """
    for number, (file, info) in enumerate(there):
        cancel.check()
        if stat.S_ISDIR(info.st_mode):
            yield Stamp(file.id, file.mtime_ns, info.st_dev, info.st_ino)
            continue
        if info.st_mtime_ns != file.mtime_ns:
            sink.progress(Progress("Comparing files", number, len(there), "files", root.name))
            if not _same_bytes(root, file):
                yield None
                continue
        yield Stamp(file.id, info.st_mtime_ns, info.st_dev, info.st_ino)


def _same_bytes(root: Path, file: KnownFile) -> bool:
    from loradex.formats.fingerprint import quick_fingerprint  # noqa: PLC0415 - seldom needed

    try:
        return quick_fingerprint(root / os.fsdecode(file.raw_path)) == file.fingerprint
    except FormatError:
        return False


def _looks_like(folder: Path, known: Sequence[KnownFile]) -> bool:
    same = sum(_stat(folder, file) is not None for file in known)
    return Resemblance(len(known), same).is_enough


def _candidates(root: Path) -> Iterator[Path]:
    parts = root.parts[1:]
    for drive in drives():
        for length in range(min(len(parts), _HINT_TAILS), 0, -1):
            candidate = drive.joinpath(*parts[-length:])
            if candidate != root and candidate.is_dir():
                yield candidate
        if drive != root:
            yield drive


def _better(root: Path, library: Library, known: Sequence[KnownFile]) -> str | None:
    """Return a hint when the library's files lie in the folder's sub-folder of the old name."""
    inner = root / Path(library.root).name
    if known and inner.is_dir() and _looks_like(inner, known[:_HINT_FILES]):
        return f"Its files are in {inner}: name that folder."
    return None
