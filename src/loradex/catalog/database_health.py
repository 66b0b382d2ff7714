"""How the catalog's own file is: whole, in step with itself, and no larger than it has to be."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.copies import open_to_read
from loradex.catalog.faults import BUSY_TIMEOUT_MS, translate
from loradex.catalog.writer import BULK, Writer
from loradex.domain.progress import CancelToken

_STEPS = 20_000
"""Instructions of SQLite's between two looks at the clock: some milliseconds."""


_OF_ALL = ("content_fts", "content_fts_parts")
"""Full-text tables with a row for every model; others have one where there is something to say."""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What a look at the database file told. Sizes are in bytes."""

    fault: str | None
    """What SQLite finds wrong; None when it is healthy as far as it was looked at."""
    complete: bool
    """The check ended before its time was over."""
    dangling: tuple[str, ...] = ()
    """Tables with rows that refer to rows that are not there."""
    unsearchable: int = 0
    """Rows that full-text search does not know, or knows of models that are gone."""
    size: int = 0
    free: int = 0
    """Inside the file, and given back by a vacuum."""
    log: int = 0
    """Of the write-ahead log."""
    journal: str = "wal"


def look_at_database(
    path: Path, *, seconds: float | None, cancel: CancelToken | None = None
) -> DatabaseFacts:
    """Look at a catalog's file for at most so many seconds; None looks at everything.

    The thorough look also compares every index with its table. Nothing is written.
    """
    try:
        with closing(open_to_read(path)) as connection:
            fault, complete = _fault(connection, seconds, cancel)
            if fault is not None:
                return DatabaseFacts(fault, complete, size=_size(path))
            page = _number(connection, "PRAGMA page_size")
            return DatabaseFacts(
                fault=None,
                complete=complete,
                dangling=tuple(
                    sorted({str(row[0]) for row in connection.execute("PRAGMA foreign_key_check")})
                ),
                unsearchable=sum(_out_of_step(connection, table) for table in _texts(connection)),
                size=_size(path),
                free=page * _number(connection, "PRAGMA freelist_count"),
                log=_size(path.with_name(f"{path.name}-wal")),
                journal=str(connection.execute("PRAGMA journal_mode").fetchone()[0]),
            )
    except sqlite3.DatabaseError as error:
        return DatabaseFacts(str(error), complete=True, size=_size(path))


def mend_database(path: Path, told: Callable[[str, int, int], None], cancel: CancelToken) -> int:
    """Build indexes and full-text search anew and give free space back; return the bytes saved.

    `told` hears what is done, with done and total. Each step is a transaction. Raises a
    `CatalogError` when the database cannot be written, or is too damaged for this.
    """
    before = _size(path) + _size(path.with_name(f"{path.name}-wal"))
    try:
        with closing(
            sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
        ) as connection:
            told("indexes", 0, 1)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("REINDEX")
            cancel.check()
            for table in _texts(connection):
                told("search", 0, 1)
                connection.execute(f"INSERT INTO {table}({table}) VALUES ('rebuild')")
                connection.execute(
                    f"DELETE FROM {table} WHERE rowid NOT IN (SELECT id FROM content)"
                )
            ids = [row[0] for row in connection.execute("SELECT id FROM content")]
    except sqlite3.Error as error:
        raise translate(error, path) from error
    writer = Writer(path)
    try:
        for start in range(0, len(ids), BULK):
            cancel.check()
            told("search", start, len(ids))
            with writer.transaction() as transaction:
                writer.refresh(transaction, ids[start : start + BULK])
    finally:
        writer.close()
    told("space", 0, 1)
    _give_space_back(path)
    return before - _size(path) - _size(path.with_name(f"{path.name}-wal"))


def _give_space_back(path: Path) -> None:
    try:
        with closing(
            sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
        ) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA optimize")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise translate(error, path) from error


def _fault(
    connection: sqlite3.Connection, seconds: float | None, cancel: CancelToken | None
) -> tuple[str | None, bool]:
    """Return what SQLite's own check finds, and whether it came to its end."""
    until = None if seconds is None else time.monotonic() + seconds

    def enough() -> bool:
        asked = cancel is not None and cancel.cancelled
        return asked or (until is not None and time.monotonic() > until)

    check = "integrity_check" if seconds is None else "quick_check"
    connection.set_progress_handler(enough, _STEPS)
    try:
        row = connection.execute(f"PRAGMA {check}(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "interrupt" not in str(error):
            raise
        if cancel is not None:
            cancel.check()
        return None, False
    finally:
        connection.set_progress_handler(None, 0)
    verdict = str(row[0]).replace("*** in database main ***", "") if row else "it answers nothing"
    return (None if verdict == "ok" else " ".join(verdict.split())), True


def _texts(connection: sqlite3.Connection) -> list[str]:
    """Return the full-text tables of models, whose rows are numbered as these are."""
    return [
        str(row[0])
        for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE 'content!_fts%' ESCAPE '!'"
            " AND sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%'"
        )
    ]


def _out_of_step(connection: sqlite3.Connection, table: str) -> int:
    """Return how many models a full-text table lacks or has too many."""
    lacking = _number(
        connection, f"SELECT count(*) FROM content WHERE id NOT IN (SELECT id FROM {table}_docsize)"
    )
    gone = _number(
        connection, f"SELECT count(*) FROM {table}_docsize WHERE id NOT IN (SELECT id FROM content)"
    )
    return gone + (lacking if table in _OF_ALL else 0)


def _number(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
