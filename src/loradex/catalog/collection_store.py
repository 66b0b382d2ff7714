"""Collections: named sets of models, picked by hand or found by a query."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.catalog.folding import folded
from loradex.catalog.reader import Reader
from loradex.domain.finding import Collection

if TYPE_CHECKING:
    from loradex.catalog.writer import Writer

_ALL = (
    "SELECT collection.id, collection.name, query,"
    " (SELECT count(*) FROM collection_member WHERE collection_id = collection.id), created_at"
    " FROM collection"
)


class CollectionStore:
    """What collections there are, and who is in them. Names are one whatever case and accents."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def all(self) -> list[Collection]:
        """Return all collections by name."""
        rows = self._reader.rows_of(f"{_ALL} ORDER BY folded")
        return [Collection(*row) for row in rows]  # type: ignore[arg-type]

    def named(self, name: str) -> Collection | None:
        """Return the collection of this name, None when there is none."""
        rows = self._reader.rows_of(f"{_ALL} WHERE folded = ?", (folded(name),))
        return Collection(*rows[0]) if rows else None  # type: ignore[arg-type]

    def members(self, collection_id: int) -> list[int]:
        """Return the models picked into a collection, in the order they were picked."""
        return [
            int(str(row[0]))
            for row in self._reader.rows_of(
                "SELECT content_id FROM collection_member WHERE collection_id = ?"
                " ORDER BY position, content_id",
                (collection_id,),
            )
        ]

    def holding(self, content_id: int) -> list[str]:
        """Return the names of the collections that a model was picked into."""
        return [
            str(row[0])
            for row in self._reader.rows_of(
                "SELECT collection.name FROM collection_member"
                " JOIN collection ON collection.id = collection_id WHERE content_id = ?"
                " ORDER BY folded",
                (content_id,),
            )
        ]

    def make(self, name: str, query: str | None) -> None:
        """Make a collection; with a query, of what that finds. The name must be free."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "INSERT INTO collection(name, folded, query, created_at) VALUES (?, ?, ?, ?)",
                (name, folded(name), query, time.time()),
            )

    def set_query(self, collection_id: int, query: str) -> None:
        """Replace the query of a saved query."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE collection SET query = ? WHERE id = ?", (query, collection_id)
            )

    def rename(self, collection_id: int, name: str) -> None:
        """Give a collection another name, which must be free."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE collection SET name = ?, folded = ? WHERE id = ?",
                (name, folded(name), collection_id),
            )

    def delete(self, collection_id: int) -> None:
        """Remove a collection; nothing happens to the models in it."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "DELETE FROM collection_member WHERE collection_id = ?", (collection_id,)
            )
            connection.exec_driver_sql("DELETE FROM collection WHERE id = ?", (collection_id,))

    def pick(self, collection_id: int, content_ids: Sequence[int]) -> int:
        """Put models at the end of a collection; return how many were not in it before."""
        with self._writer.transaction() as connection:
            return connection.exec_driver_sql(
                "INSERT OR IGNORE INTO collection_member(collection_id, content_id, position)"
                " SELECT ?1, value, key + (SELECT coalesce(max(position), -1) + 1"
                " FROM collection_member WHERE collection_id = ?1) FROM json_each(?2) ORDER BY key",
                (collection_id, json.dumps(list(dict.fromkeys(content_ids)))),
            ).rowcount

    def unpick(self, collection_id: int, content_ids: Sequence[int]) -> int:
        """Take models out of a collection; return how many were in it."""
        with self._writer.transaction() as connection:
            return connection.exec_driver_sql(
                "DELETE FROM collection_member WHERE collection_id = ?"
                " AND content_id IN (SELECT value FROM json_each(?))",
                (collection_id, json.dumps(list(content_ids))),
            ).rowcount
