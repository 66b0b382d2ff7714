"""SQLite's errors in our words. Shared by both doors."""

from __future__ import annotations

from pathlib import Path

from loradex.errors import CatalogBusy, CatalogDamaged, CatalogError, CatalogReadOnly

BUSY_TIMEOUT_MS = 10_000


def translate(error: Exception, path: Path) -> CatalogError:
    """Return the `CatalogError` that tells what `error` means for the catalog at `path`."""
    name = getattr(error, "sqlite_errorname", "")
    text = str(error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or "locked" in text:
        return CatalogBusy(
            f"The catalog {path} is held by another loradex.",
            hint="Wait until it is done, or close it, and try again.",
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")) or "malformed" in text:
        return CatalogDamaged(
            f"The catalog {path} is damaged: {text}.",
            hint=f"It was left as it is; {_copies(path)}.",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return CatalogReadOnly(
            f"The catalog {path} cannot be written: {text}.",
            hint="Check the folder's permissions, or set LORADEX_HOME to a folder of yours.",
        )
    if name.startswith("SQLITE_FULL"):
        return CatalogError(
            f"The disk that holds {path} is full.", hint="Free some space; nothing was lost."
        )
    if name.startswith("SQLITE_IOERR"):
        return CatalogError(
            f"The disk that holds {path} does not read or write as it should: {text}.",
            hint=f"Check that it is healthy and still mounted; {_copies(path)}.",
        )
    return CatalogError(
        f"The catalog {path} cannot do this: {text}.",
        hint="Run it again with --debug and report what it prints.",
    )


def _copies(path: Path) -> str:
    """Return where copies of a catalog lie that were made before upgrades, if there are any."""
    backups = path.parent / "backups"
    try:
        copied = any(backups.glob("catalog-*.db"))
    except OSError:  # a disk that fails may fail here, too
        copied = False
    return f"copies of the catalog lie in {backups}" if copied else "no copy of it was found"
