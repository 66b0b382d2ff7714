"""Which files a verification is about."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.verifying import ToVerify
from loradex.errors import UsageError
from loradex.paths import expanded


def files_to_verify(
    catalog: Catalog, terms: Sequence[str], *, older_than: float | None = None
) -> list[ToVerify]:
    """Return what is due: all, what a query finds, or what lies at or below the paths given.

    `older_than`: only files that were last read so many seconds ago. Raises `UsageError` for a
    path that no library holds, for paths and words together, and for a query that finds nothing.
    """
    before = None if older_than is None else time.time() - older_than
    paths = [term for term in terms if _is_path(term)]
    if not paths:
        query = " ".join(terms)
        ids = catalog.ids(query) if query else None
        if ids is not None and not ids:
            raise UsageError(
                f"The query {query!r} finds nothing.", hint="Try it with `loradex list` first."
            )
        return catalog.verification.due(ids, before=before)
    if len(paths) < len(terms):
        raise UsageError(
            "Paths and words of a query cannot be given together.",
            hint="Give paths only, or a query only, such as path:loras.",
        )
    return _below(catalog, paths, before)


def _below(catalog: Catalog, paths: Sequence[str], before: float | None) -> list[ToVerify]:
    known = catalog.verification.due()
    chosen: set[int] = set()
    for path in paths:
        place = expanded(Path(path))
        names = {os.fsencode(place.absolute()), os.fsencode(os.path.realpath(place))}
        found = [
            file.file_id
            for file in known
            if any(file.path == name or file.path.startswith(name + b"/") for name in names)
        ]
        if not found:
            raise UsageError(
                f"Nothing at {path} was hashed yet.",
                hint="Add its folder with `loradex library add` and run `loradex scan`;"
                " `loradex hash` reads files without a catalog.",
            )
        chosen.update(found)
    due = known if before is None else catalog.verification.due(before=before)
    return [file for file in due if file.file_id in chosen]


def _is_path(term: str) -> bool:
    """Tell whether an argument names a file or folder rather than words to look for."""
    return term.startswith(("/", "./", "../", "~")) or os.path.lexists(term)
