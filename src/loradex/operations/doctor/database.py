"""The catalog's own file, and whether there is a copy of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from loradex.catalog.database_health import DatabaseFacts, look_at_database
from loradex.errors import CatalogTooNew
from loradex.operations.backup import latest_backup
from loradex.operations.doctor.findings import Check, Finding, Level
from loradex.operations.doctor.subject import Subject

_SECONDS = 5.0
"""How long the usual look may take; `--deep` has no limit."""
_MEND = "loradex doctor --mend catalog"
_MUCH_FREE, _FREE_SHARE = 20_000_000, 0.25
_LONG_LOG = 256_000_000
_OLD_COPY = 7 * 86_400.0
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ncpfs"})


def _database(subject: Subject) -> Iterator[Finding]:
    path = subject.home.catalog
    if not path.exists():
        return
    if isinstance(subject.trouble, CatalogTooNew):
        yield Finding(Level.SERIOUS, subject.trouble.message, mend=subject.trouble.hint)
        return
    facts = look_at_database(
        path, seconds=None if subject.deep else _SECONDS, cancel=subject.cancel
    )
    if facts.fault is None and subject.trouble is not None:
        yield Finding(
            Level.SERIOUS, subject.trouble.message, path=str(path), mend=subject.trouble.hint
        )
    yield from _wrong(facts, path)
    if facts.fault is None:
        yield from _wasteful(facts, path)
    kind = _network(path)
    if kind is not None:
        yield Finding(
            Level.FAULT,
            f"The catalog lies on a network file system ({kind}).",
            path=str(path),
            why="SQLite's write-ahead log works on one machine only; two would damage it.",
            mend="Move the folder to a local disk and set LORADEX_HOME.",
        )


def _wrong(facts: DatabaseFacts, path: Path) -> Iterator[Finding]:
    if facts.fault is not None:
        yield Finding(
            Level.SERIOUS,
            f"The catalog is damaged: {facts.fault}.",
            path=str(path),
            mend="Bring the latest copy back: loradex restore latest -n (shows what would be lost)",
        )
    if not facts.complete:
        yield Finding(
            Level.ADVICE,
            f"The catalog was looked at for {_SECONDS:.0f} seconds only, without fault.",
            path=str(path),
            mend="All of it: loradex doctor catalog --deep",
        )
    if facts.dangling:
        yield Finding(
            Level.SERIOUS,
            f"Rows of {', '.join(facts.dangling)} refer to rows that are not there.",
            path=str(path),
            mend="Bring a copy back (loradex restore latest -n), and please report this.",
        )
    if facts.unsearchable:
        yield Finding(
            Level.FAULT,
            f"Full-text search is out of step with {facts.unsearchable:,} models.",
            path=str(path),
            why="Searches miss them.",
            mend=_MEND,
        )


def _wasteful(facts: DatabaseFacts, path: Path) -> Iterator[Finding]:
    if facts.free > _MUCH_FREE and facts.free > facts.size * _FREE_SHARE:
        yield Finding(
            Level.ADVICE,
            f"{facts.free / 1e6:,.0f} of the catalog's {facts.size / 1e6:,.0f} MB are empty.",
            path=str(path),
            mend=_MEND,
        )
    if facts.log > _LONG_LOG:
        yield Finding(
            Level.ADVICE,
            f"The catalog's log has grown to {facts.log / 1e6:,.0f} MB.",
            path=str(path),
            why="Something keeps it from being folded in: a loradex that is never closed, say.",
            mend=f"Close every other loradex, then {_MEND}",
        )
    if facts.journal != "wal":
        yield Finding(
            Level.FAULT,
            "Readers and writers of the catalog wait for each other.",
            path=str(path),
            why=f"It is in journal mode {facts.journal}, not in wal.",
            mend=_MEND,
        )


def _backups(subject: Subject) -> Iterator[Finding]:
    if not subject.has_catalog or not subject.places:
        return
    newest = latest_backup(subject.home)
    if newest is None:
        yield Finding(Level.ADVICE, "There is no copy of the catalog.", path=str(subject.home.root))
    elif time.time() - newest.made_at > _OLD_COPY:
        days = int((time.time() - newest.made_at) // 86_400)
        yield Finding(
            Level.ADVICE,
            f"The newest copy of the catalog is {days} days old.",
            path=str(newest.path),
        )


def _network(path: Path, mounts: Path = Path("/proc/mounts")) -> str | None:
    """Return the kind of network file system a path is on, None for a disk of this machine."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
        real = str(path.resolve())
    except OSError:
        return None
    best, kind = "", ""
    for line in lines:
        parts = line.split()
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ")
        below = point.rstrip("/") + "/"
        if real.startswith(below) and len(below) >= len(best):
            best, kind = below, parts[2]
    return kind if kind in _NETWORK else None


CATALOG = Check(
    "catalog",
    "The catalog",
    "It holds everything that loradex knows and you wrote.",
    _database,
    without_catalog=True,
)
BACKUPS = Check(
    "backups",
    "Copies of the catalog",
    "Your tags, notes and ratings are nowhere else.",
    _backups,
    mend="loradex backup",
)
