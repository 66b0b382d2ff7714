"""What `hub serve` keeps and watches: the keys it accepts, and whether the catalog has changed."""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from loradex.catalog.faults import translate
from loradex.catalog.reader import Reader
from loradex.catalog.schema import connect_read_only

if TYPE_CHECKING:
    from loradex.catalog.writer import Writer


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as it is kept: salted and hashed. Times are Unix seconds."""

    name: str
    salt: bytes
    digest: bytes
    created_at: float
    used_at: float | None


class ServeStore:
    """The keys of those who may ask `hub serve`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def keys(self) -> list[StoredKey]:
        """Return all keys by name."""
        return [
            StoredKey(*cast("tuple[str, bytes, bytes, float, float | None]", row))
            for row in self._reader.rows_of(
                "SELECT name, salt, digest, created_at, used_at FROM serve_key ORDER BY name"
            )
        ]

    def add_key(self, name: str, *, salt: bytes, digest: bytes) -> bool:
        """Keep a key; return False when its name is taken."""
        with self._writer.transaction() as connection:
            done = connection.exec_driver_sql(
                "INSERT OR IGNORE INTO serve_key(name, salt, digest, created_at)"
                " VALUES (?, ?, ?, ?)",
                (name, salt, digest, time.time()),
            )
        return done.rowcount == 1

    def remove_key(self, name: str) -> bool:
        """Forget a key; return False when there is none of that name."""
        with self._writer.transaction() as connection:
            done = connection.exec_driver_sql("DELETE FROM serve_key WHERE name = ?", (name,))
        return done.rowcount == 1

    def note_use(self, name: str) -> None:
        """Note that a key was used now."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE serve_key SET used_at = ? WHERE name = ?", (time.time(), name)
            )

    def watch(self) -> ChangeWatch:
        """Return a watch on this catalog; close it after use."""
        return ChangeWatch(self._reader.path)


class ChangeWatch:
    """Tells whether anybody changed the catalog. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection = connect_read_only(path)

    def state(self) -> int:
        """Return a number that differs after each change that somebody committed."""
        with self._lock:
            try:
                row = self._connection.execute("PRAGMA data_version").fetchone()
            except sqlite3.Error as error:
                raise translate(error, self._path) from error
        return int(row[0])

    def close(self) -> None:
        """Let go of the database file."""
        with self._lock:
            self._connection.close()
