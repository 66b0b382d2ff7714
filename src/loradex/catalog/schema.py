"""Which schema revisions this loradex knows, without loading Alembic to find out."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from loradex.catalog.faults import BUSY_TIMEOUT_MS, translate
from loradex.errors import CatalogDamaged, CatalogReadOnly

REVISIONS = (
    "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010",
)  # fmt: skip
"""Oldest first; the last is what the tables modules describe. A test holds it to `migrations/`."""


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open the catalog for reading only; raise a `CatalogError` when it cannot be read.

    A catalog on a read-only disk has no shared-memory file to join: it is then read as it lies.
    """
    uri = f"file:{quote(os.fsencode(path))}?mode=ro"
    try:
        return _probe(uri)
    except sqlite3.Error as error:
        if not getattr(error, "sqlite_errorname", "").startswith(
            ("SQLITE_CANTOPEN", "SQLITE_READONLY")
        ):
            raise translate(error, path) from error
    try:
        return _probe(f"{uri}&immutable=1")
    except sqlite3.Error as error:
        raise translate(error, path) from error


def _probe(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def schema_revision(path: Path) -> str | None:
    """Return the catalog's revision, None when there is no catalog yet.

    Raises `CatalogDamaged` for a file that is not a loradex catalog, and `CatalogReadOnly` when
    its folder cannot be looked into.
    """
    try:
        if path.stat().st_size == 0:
            return None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CatalogReadOnly(
            f"The catalog {path} cannot be opened: {error.strerror or error}.",
            hint="Check the folder and its permissions, or set LORADEX_HOME to a folder of yours.",
        ) from error
    with closing_connection(path) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if "alembic_version" not in tables:
            if tables:
                raise CatalogDamaged(
                    f"{path} is a database, but not a loradex catalog.",
                    hint="Move it away, or set LORADEX_HOME to another folder.",
                )
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


@contextmanager
def closing_connection(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a read-only connection and close it; SQLite's errors leave as `CatalogError`."""
    connection = connect_read_only(path)
    try:
        yield connection
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        connection.close()
