"""The queries a person asked before, the latest last, kept in their home."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from loradex.catalog.query.lexer import MAX_LENGTH
from loradex.paths import Home

MOST = 200
_MOST_BYTES = 4 * MOST * MAX_LENGTH


def _file(home: Home) -> Path:
    return home.root / "searches.txt"


def asked(home: Home) -> list[str]:
    """Return earlier queries, the latest last; none when they cannot be read."""
    with suppress(OSError), _file(home).open("rb") as file:
        lines = file.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
        return [line for line in lines if line.strip() and len(line) <= MAX_LENGTH][-MOST:]
    return []


def remember(home: Home, query: str) -> list[str]:
    """Add a query, once, as the latest; return all.

    A home that cannot be written to keeps none: that is no reason to disturb anybody.
    """
    query = " ".join(query.split())
    earlier = asked(home)
    if not query or len(query) > MAX_LENGTH or earlier[-1:] == [query]:
        return earlier
    every = [*(each for each in earlier if each != query), query][-MOST:]
    with suppress(OSError):
        _write(_file(home), every)
    return every


def _write(path: Path, lines: Sequence[str]) -> None:
    """Replace the file at once, so that a second loradex never reads half of it."""
    handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
