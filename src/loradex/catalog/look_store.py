"""Keep what looks into files told: contents, their facts, and the places that hold them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.content_rows import (
    forget_drafts,
    identify_again,
    insert_contents,
    next_content_id,
    split_content,
)
from loradex.catalog.file_store import PATH_LIMIT
from loradex.catalog.merging import merge_contents
from loradex.domain.hashes import Hashes
from loradex.domain.library import FileState
from loradex.domain.scanning import Look, ToHash
from loradex.domain.text import storable
from loradex.errors import LibraryError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a batch of looks brought: contents never seen before, and further copies."""

    new_contents: int
    new_places: int


class LookStore:
    """Writes of scans and of the hash pass."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def record(self, library_id: int, looks: Sequence[Look], rules_version: str) -> Recorded:
        """Keep a batch of looks in one transaction.

        A look with a known fingerprint becomes a place of that content; one that could not be
        read keeps the content its place had. Nothing is removed.
        """
        if not looks:
            return Recorded(0, 0)
        with self._writer.transaction() as connection:
            _check_library(connection, library_id)
            known = _contents_by_fingerprint(connection, looks)
            places = _places(connection, library_id, looks)
            fresh: dict[str, tuple[int, Look]] = {}
            next_id = next_content_id(connection)
            rows = []
            touched: set[int] = set()
            new_places = 0
            for look in looks:
                content_id, before = None, places.get(look.found.raw_path)
                if look.fingerprint is None:
                    content_id = before
                elif look.fingerprint in known:
                    content_id = known[look.fingerprint]
                else:
                    content_id = next_id + len(fresh)
                    fresh[look.fingerprint] = (content_id, look)
                    known[look.fingerprint] = content_id
                new_places += look.found.raw_path not in places
                touched.update(id_ for id_ in (content_id, before) if id_ is not None)
                rows.append(_file_row(library_id, look, content_id))
            insert_contents(connection, fresh.values(), rules_version)
            identify_again(connection, known, looks, rules_version)
            connection.exec_driver_sql(_UPSERT_FILE, rows)
            touched -= forget_drafts(connection, touched)
            self._writer.refresh(connection, touched)
        return Recorded(len(fresh), new_places)

    def record_hashes(self, file: ToHash, hashes: Hashes) -> int:
        """Keep the digests of a file that was read in full; return the id of its content.

        Contents that prove equal are merged. A file that proves different from the content its
        quick fingerprint suggested becomes a content of its own.
        """
        return self.record_all_hashes([(file, hashes)])[0]

    def record_all_hashes(self, read: Sequence[tuple[ToHash, Hashes]]) -> list[int]:
        """Do that for several files in one transaction: each costs as much as many files do."""
        touched: set[int] = set()
        with self._writer.transaction() as connection:
            kept = [_record_hashes(connection, file, hashes, touched) for file, hashes in read]
            self._writer.refresh(connection, touched)
        return kept


def _record_hashes(connection: Connection, file: ToHash, hashes: Hashes, touched: set[int]) -> int:
    """Write one file's digests; add to `touched` what lists show otherwise now."""
    run = connection.exec_driver_sql
    # A merge a moment ago may have given the place another content of the same bytes.
    mine = run(
        "SELECT content_id, sha256 FROM file JOIN content ON content.id = content_id"
        " WHERE file.id = ? AND file.size = ? AND mtime_ns = ?"
        " AND (content_id = ? OR fingerprint = ?)",
        (file.file_id, file.size, file.mtime_ns, file.content_id, file.fingerprint),
    ).fetchone()
    if mine is None:  # another scan has seen other bytes there meanwhile
        return file.content_id
    target: int = mine[0]
    holder = run("SELECT id FROM content WHERE sha256 = ?", (hashes.sha256,)).scalar()
    touched.add(target)
    if holder is not None and holder != target:
        if mine[1] is None:
            merge_contents(connection, target, holder)
            touched.discard(target)
        target = holder
    elif mine[1] is not None and mine[1] != hashes.sha256:
        target = split_content(connection, target)
    touched.add(target)
    run(
        "UPDATE content SET sha256=?, blake3=?, crc32=?, autov1=?, autov2=?, autov3=? WHERE id = ?",
        (
            hashes.sha256,
            hashes.blake3,
            hashes.crc32,
            hashes.autov1,
            hashes.autov2,
            hashes.autov3,
            target,
        ),
    )
    run(
        "UPDATE file SET hashed_at = ?, content_id = ? WHERE id = ? AND size = ? AND mtime_ns = ?",
        (time.time(), target, file.file_id, file.size, file.mtime_ns),
    )
    return target


_UPSERT_FILE = """
INSERT INTO file(library_id, raw_path, path, size, mtime_ns, device, inode, state, problem,
                 content_id, first_seen, last_seen)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT(library_id, raw_path) DO UPDATE SET
  hashed_at = CASE WHEN content_id IS excluded.content_id AND size = excluded.size
              AND mtime_ns = excluded.mtime_ns THEN hashed_at END,
  path = excluded.path, size = excluded.size, mtime_ns = excluded.mtime_ns,
  device = excluded.device, inode = excluded.inode, state = excluded.state,
  problem = excluded.problem, content_id = excluded.content_id, last_seen = excluded.last_seen
"""


def _check_library(connection: Connection, library_id: int) -> None:
    found = connection.exec_driver_sql("SELECT 1 FROM library WHERE id = ?", (library_id,))
    if found.scalar() is None:
        raise LibraryError(
            "The library was removed while it was scanned.", hint="Add it again if it should stay."
        )


def _contents_by_fingerprint(connection: Connection, looks: Sequence[Look]) -> dict[str, int]:
    """Return the content of each fingerprint that exactly one content has.

    Where a full read has split a fingerprint, the place must be read in full before it is known
    which of them it holds; the oldest stands in until then.
    """
    wanted = json.dumps([look.fingerprint for look in looks if look.fingerprint])
    rows = connection.exec_driver_sql(
        "SELECT fingerprint, min(id) FROM content WHERE fingerprint IN"
        " (SELECT value FROM json_each(?)) GROUP BY fingerprint",
        (wanted,),
    )
    return {row[0]: row[1] for row in rows}


def _places(
    connection: Connection, library_id: int, looks: Sequence[Look]
) -> dict[bytes, int | None]:
    places: dict[bytes, int | None] = {}
    for look in looks:
        row = connection.exec_driver_sql(
            "SELECT content_id FROM file WHERE library_id = ? AND raw_path = ?",
            (library_id, look.found.raw_path),
        ).fetchone()
        if row is not None:
            places[look.found.raw_path] = row[0]
    return places


def _file_row(library_id: int, look: Look, content_id: int | None) -> tuple[object, ...]:
    found, now = look.found, time.time()
    state = FileState.PRESENT
    if look.growing:
        state = FileState.GROWING
    elif look.problem is not None:
        state = FileState.UNREADABLE
    return (
        library_id,
        found.raw_path,
        storable(os.fsdecode(found.raw_path), PATH_LIMIT),
        found.size,
        found.mtime_ns,
        found.device,
        found.inode,
        state.value,
        look.problem,
        content_id,
        now,
        now,
    )
