"""The writing door: an engine whose transactions are real, and errors in our words.

Python's sqlite3 begins transactions lazily, which breaks migrations half-way and lets readers turn
into writers; so the driver's own handling is switched off and every transaction begins IMMEDIATE.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool, QueuePool

from loradex.catalog.faults import BUSY_TIMEOUT_MS, translate


def open_engine(path: Path, *, foreign_keys: bool = True, keep: bool = False) -> Engine:
    """Return an engine on the catalog at `path`; it opens a connection per use.

    With `keep` one connection stays open until the engine is disposed of, for whoever uses it
    next: opening one reads the whole schema, which costs 15 times what a small transaction does.
    """
    url = URL.create("sqlite", database=str(path))
    if keep:
        engine = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=-1)
    else:
        engine = create_engine(url, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA synchronous = NORMAL")
        # A first scan writes 15 kB a model: fewer copies from the log into the file, in larger
        # pieces. `Writer.close` leaves no log of that size behind.
        connection.execute("PRAGMA wal_autocheckpoint = 8000")
        # A batch of looks is some 7 MB: with the usual 2 MB, pages are written and read again
        # within one transaction, which is a sixth of the time that writing takes.
        connection.execute("PRAGMA cache_size = -32000")
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Give a connection in one transaction: all of it is kept, or nothing.

    Raises a `CatalogError` in place of SQLAlchemy's exceptions.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except DatabaseError as error:
        origin = error.orig if isinstance(error.orig, sqlite3.Error) else error
        raise translate(origin, Path(engine.url.database or "")) from error
