"""Answers of hubs, kept for a while: a list that is gone through twice costs one request.

A small database of its own below the home's `cache`, which may be deleted at any time. It holds
no keys and nothing personal, and one that is damaged is thrown away.
"""

from __future__ import annotations

import hashlib
import logging
import math
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loradex.hub.answers import BODY_LIMIT

MOST_BYTES = 128 * 1024 * 1024
_TRIM_EVERY = 64
_BUSY_SECONDS = 5.0
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS answer (name TEXT PRIMARY KEY, fetched_at REAL NOT NULL,"
    " etag TEXT, modified TEXT, body BLOB NOT NULL) WITHOUT ROWID"
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The body of an answer, how old it is in seconds, and what a conditional request needs."""

    body: bytes
    age: float
    etag: str | None
    modified: str | None

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that ask for the answer only if it has changed."""
        headers = {}
        if self.etag:
            headers["If-None-Match"] = self.etag
        if self.modified:
            headers["If-Modified-Since"] = self.modified
        return headers


class AnswerCache:
    """Answers by the request that led to them. Any number of threads and processes may use it.

    A cache that cannot be read or written is as good as an empty one. `clock` gives Unix time.
    """

    def __init__(
        self,
        path: Path,
        *,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._puts = 0

    def get(self, request: str) -> KeptAnswer | None:
        """Return what is kept for a request, however old; None when nothing is."""
        rows = self._run(
            "SELECT body, fetched_at, etag, modified FROM answer WHERE name = ?", (_name(request),)
        )
        if not rows:
            return None
        body, fetched_at, etag, modified = rows[0]
        try:
            age = self._clock() - float(fetched_at)
            validators = (None if each is None else str(each) for each in (etag, modified))
            # What comes from the future was kept before the clock was set back: any age.
            return KeptAnswer(_unpacked(body), age if age >= 0 else math.inf, *validators)
        except (zlib.error, TypeError, ValueError):
            return None

    def put(self, request: str, body: bytes, etag: str | None, modified: str | None) -> None:
        """Keep an answer in the place of an older one."""
        self._run(
            "INSERT OR REPLACE INTO answer(name, fetched_at, etag, modified, body)"
            " VALUES (?, ?, ?, ?, ?)",
            (_name(request), self._clock(), etag, modified, zlib.compress(body, 3)),
        )
        self._puts += 1
        if self._puts % _TRIM_EVERY == 1:
            self._trim()

    def confirm(self, request: str) -> None:
        """Note that the hub said: not changed."""
        self._run(
            "UPDATE answer SET fetched_at = ? WHERE name = ?", (self._clock(), _name(request))
        )

    def _trim(self) -> None:
        """Drop the oldest answers over the limit."""
        self._run(
            "DELETE FROM answer WHERE name IN (SELECT name FROM (SELECT name, sum(length(body))"
            " OVER (ORDER BY fetched_at DESC, name) AS taken FROM answer) WHERE taken > ?)",
            (self._most_bytes,),
        )

    def _run(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._try(statement, values)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    _log.info("The cache of answers cannot be used: %s", error)
                    return []
                # Damaged, or no database at all: what it held can be fetched again.
                with suppress(OSError):
                    self._path.unlink(missing_ok=True)
                return []
            except OSError as error:
                _log.info("The cache of answers cannot be used: %s", error)
                return []

    def _try(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        if not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
        with closing(
            sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        ) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_SCHEMA)
            return connection.execute(statement, values).fetchall()


def _unpacked(body: object) -> bytes:
    """Return a kept body; raise `ValueError` or `zlib.error` for one that we did not keep."""
    if not isinstance(body, bytes):
        raise TypeError
    inflater = zlib.decompressobj()
    whole = inflater.decompress(body, BODY_LIMIT + 1)
    if not inflater.eof:
        raise ValueError
    return whole


def _name(request: str) -> str:
    """Return a name that tells nothing of the request."""
    return hashlib.sha256(request.encode("utf-8", "surrogatepass")).hexdigest()
