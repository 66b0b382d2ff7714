"""A writer for what must not be lost when the power goes the moment after it was written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from loradex.catalog.writer import Writer

if TYPE_CHECKING:
    from sqlalchemy import Connection


class DurableWriter(Writer):
    """A `Writer` whose transactions are on the disk when they return.

    In WAL mode `synchronous = NORMAL` may lose the latest commits with the power; the database
    stays whole. For facts that a scan finds again that is fine, for a journal of file moves it is
    not: a move could then outlive the entry that tells how to take it back.
    """

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection in one transaction that is synced to the disk when it ends."""
        if self._engine is None:
            from sqlalchemy import event  # noqa: PLC0415 - slow to import

            from loradex.catalog.engine import open_engine  # noqa: PLC0415

            self._engine = open_engine(self._path)
            event.listen(self._engine, "connect", _sync_each_commit)
        with super().transaction() as connection:
            yield connection


def _sync_each_commit(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = FULL")
