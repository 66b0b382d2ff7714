"""Which files a verification is about."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.verifying import ToVerify
from loradex.errors import LibraryError, UsageError
from loradex.paths import expanded


@dataclass(frozen=True, slots=True)
class Selection:
    """What a verification is about."""

    due: list[ToVerify]
    """The files to read, in this order."""
    unhashed: int
    """Files that belong here and were never read in full: nobody can tell whether they are good."""
    offline: list[str]
    """Libraries of which the last scan found nothing there; their files are not due."""


def files_to_verify(
    catalog: Catalog, terms: Sequence[str], *, older_than: float | None = None
) -> Selection:
    """Return what is due: all, what a query finds, or what lies at or below the paths given.

    `older_than`: only files that were last read so many seconds ago. Raises `UsageError` for an
    empty term (an unset variable must not mean everything), for a path that no library holds, for
    paths and words together, and for a query that finds nothing; `LibraryError` when there is no
    library, or no file of it was hashed.
    """
    if not all(term.strip() for term in terms):
        raise UsageError(
            "What to verify is empty.", hint="Leave it out to verify all files, or name some."
        )
    libraries = catalog.files.libraries()
    if not libraries:
        raise LibraryError(
            "There is no library to verify.", hint="Add one: loradex library add FOLDER"
        )
    before = None if older_than is None else time.time() - older_than
    paths = [term for term in terms if _is_path(term)]
    if paths and len(paths) < len(terms):
        raise UsageError(
            "Paths and words of a query cannot be given together.",
            hint="Give paths only, or a query only, such as path:loras.",
        )
    known, unhashed = _below(catalog, paths) if paths else _found(catalog, " ".join(terms))
    if unhashed and not known:
        are = "1 file is" if unhashed == 1 else f"{unhashed:,} files are"
        raise LibraryError(f"{are} not hashed yet.", hint="Hash first: loradex scan")
    if before is not None:
        old = {file.file_id for file in catalog.verification.due(before=before)}
        known = [file for file in known if file.file_id in old]
    away = [] if terms else [library.name for library in libraries if not library.online]
    return Selection(known, unhashed, away)


def _found(catalog: Catalog, query: str) -> tuple[list[ToVerify], int]:
    ids = catalog.ids(query) if query else None
    if ids is not None and not ids:
        raise UsageError(
            f"The query {query!r} finds nothing.", hint="Try it with `loradex list` first."
        )
    return catalog.verification.due(ids), len(catalog.verification.unhashed(ids))


def _below(catalog: Catalog, paths: Sequence[str]) -> tuple[list[ToVerify], int]:
    known, unhashed = catalog.verification.due(), catalog.verification.unhashed()
    chosen: set[int] = set()
    waiting: set[bytes] = set()
    for path in paths:
        place = expanded(Path(path))
        names = {os.fsencode(place.absolute()), os.fsencode(os.path.realpath(place))}
        found = {file.file_id for file in known if _lies_in(file.path, names)}
        left = {path for path in unhashed if _lies_in(path, names)}
        if not found and not left:
            raise UsageError(
                f"No library has a file at {path}.",
                hint="Add its folder with `loradex library add` and run `loradex scan`;"
                " `loradex hash` reads files without a catalog.",
            )
        chosen |= found
        waiting |= left
    return [file for file in known if file.file_id in chosen], len(waiting)


def _lies_in(path: bytes, names: Iterable[bytes]) -> bool:
    return any(path == name or path.startswith(name + b"/") for name in names)


def _is_path(term: str) -> bool:
    """Tell whether an argument names a file or folder rather than words to look for."""
    return term.startswith(("/", "./", "../", "~")) or os.path.lexists(term)
