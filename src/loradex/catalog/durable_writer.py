"""A writer for what must not be lost when the power goes the moment after it was written."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from loradex.catalog.writer import Writer

if TYPE_CHECKING:
    from sqlalchemy import Engine


class DurableWriter(Writer):
    """A `Writer` whose transactions are on the disk when they return.

    In WAL mode `synchronous = NORMAL` may lose the latest commits with the power; the database
    stays whole. For facts that a scan finds again that is fine, for a journal of file moves it is
    not: a move could then outlive the entry that tells how to take it back.
    """

    def _make_engine(self) -> Engine:
        from sqlalchemy import event  # noqa: PLC0415 - slow to import

        engine = super()._make_engine()
        event.listen(engine, "connect", _sync_each_commit)
        return engine


def _sync_each_commit(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = FULL")
