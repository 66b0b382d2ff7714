"""The writing side of the catalog: transactions, and derived columns kept true."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


LONG_LOG = 8 * 1024 * 1024
"""Bytes of the write-ahead log that are not left lying."""

BULK = 2_000
"""Models edited in one transaction: others who write wait a second at most."""


class Writer:
    """Opens the writing door when the first edit comes: SQLAlchemy is slow to import."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine: Engine | None = None
        self._inode: int | None = None
        """Of the database that the engine has open."""
        self._opening = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection in one transaction; errors leave as `CatalogError`."""
        from loradex.catalog.engine import transaction  # noqa: PLC0415

        with transaction(self._opened()) as connection:
            yield connection

    def _opened(self) -> Engine:
        """Return the engine, a new one where the database was put back from a copy meanwhile."""
        with self._opening:
            inode = self._path.stat().st_ino if self._path.exists() else None
            if self._engine is not None and inode != self._inode:
                self._engine.dispose()
                self._engine = None
            if self._engine is None:
                self._engine = self._make_engine()
                self._inode = inode
            return self._engine

    def _make_engine(self) -> Engine:
        from loradex.catalog.engine import open_engine  # noqa: PLC0415

        return open_engine(self._path, keep=True)

    def refresh(self, connection: Connection, content_ids: Iterable[int]) -> None:
        """Recompute what follows from what these contents are, within the transaction."""
        from loradex.catalog.derive import refresh  # noqa: PLC0415
        from loradex.catalog.recipe_links import reconnect  # noqa: PLC0415

        ids = list(content_ids)
        refresh(connection, ids)
        reconnect(connection, ids)

    def close(self) -> None:
        """Let go of the database file, and of the log of what was written when it is large."""
        if self._engine is not None:
            self._shorten_log()
            self._engine.dispose()
            self._engine = None

    def _shorten_log(self) -> None:
        log = self._path.with_name(f"{self._path.name}-wal")
        with suppress(OSError, sqlite3.Error):
            if log.stat().st_size > LONG_LOG:
                with closing(sqlite3.connect(self._path, timeout=1.0)) as connection:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
