"""Keep what looks into files told: contents, their facts, and the places that hold them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from loradex.catalog.content_rows import (
    Fresh,
    adopt_fingerprints,
    forget_drafts,
    identify_again,
    insert_contents,
    next_content_id,
    split_content,
)
from loradex.catalog.effective import Place
from loradex.catalog.file_store import PATH_LIMIT
from loradex.catalog.merging import merge_contents
from loradex.catalog.reader import CHUNK
from loradex.catalog.recipe_links import reconnect
from loradex.catalog.verify_store import FOUND_BAD
from loradex.domain.hashes import Hashes
from loradex.domain.library import FileState
from loradex.domain.scanning import FINGERPRINT_SCHEME, NOT_OPENED, ToHash
from loradex.domain.text import storable
from loradex.errors import LibraryError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer
    from loradex.domain.look import Look


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
            batch = _Batch(connection, library_id, looks)
            insert_contents(connection, batch.fresh, rules_version)
            adopt_fingerprints(connection, batch.adopted)
            identify_again(connection, batch.looked, rules_version)
            if batch.rows:
                connection.exec_driver_sql(_UPSERT_FILE, batch.rows)
            if batch.closed:
                connection.exec_driver_sql(_CLOSED_FILE, batch.closed)
            batch.touched -= forget_drafts(connection, batch.touched)
            self._writer.refresh(connection, batch.touched)
            reconnect(connection, batch.fresh)
        return Recorded(len(batch.fresh), batch.new_places)

    def record_hashes(self, read: Sequence[tuple[ToHash, Hashes]]) -> list[int]:
        """Keep the digests of files that were read in full; return the ids of their contents.

        Contents that prove equal are merged. A file that proves different from the content its
        quick fingerprint suggested becomes a content of its own. All in one transaction, since
        one for each file would cost as much again as hashing a small one.
        """
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


_SAME = (
    "content_id IS excluded.content_id AND size = excluded.size AND mtime_ns = excluded.mtime_ns"
)
_UPSERT_FILE = f"""
INSERT INTO file(library_id, raw_path, path, size, mtime_ns, device, inode, state, problem,
                 content_id, first_seen, last_seen, hashed_at)
VALUES (:library, :raw, :path, :size, :mtime, :device, :inode, :state, :problem,
        :content, :now, :now,
        (SELECT max(hashed_at) FROM file AS twin WHERE :old AND twin.content_id = :content
         AND (twin.device = :device OR twin.state <> 'present')
         AND twin.problem IS NULL AND twin.inode = :inode
         AND twin.size = :size AND twin.mtime_ns = :mtime))
ON CONFLICT(library_id, raw_path) DO UPDATE SET
  hashed_at = iif({_SAME}, hashed_at, excluded.hashed_at),
  first_seen = CASE WHEN content_id IS excluded.content_id THEN first_seen
               ELSE excluded.first_seen END,
  state = iif(:kept, 'unreadable', excluded.state),
  problem = iif(:kept, problem, excluded.problem),
  verified_at = iif(:kept, verified_at, iif({_SAME}, nullif(verified_at, {FOUND_BAD}), NULL)),
  path = excluded.path, size = excluded.size, mtime_ns = excluded.mtime_ns,
  device = excluded.device, inode = excluded.inode,
  content_id = excluded.content_id, last_seen = excluded.last_seen
"""
"""A place that another one shows to be the same bytes on disk (a hard link, a drive that is mounted
elsewhere now, a file moved between libraries) is not read in full again."""


_CLOSED_FILE = """
UPDATE file SET state = :state, problem = iif(:kept, problem, :problem),
  device = :device, last_seen = :now
WHERE library_id = :library AND raw_path = :raw
"""
"""A place that cannot be opened at present: what was known of its bytes is all that is known."""


class _Batch:
    """Which content each look belongs to, and the rows that say so."""

    def __init__(self, connection: Connection, library_id: int, looks: Sequence[Look]) -> None:
        self.known = _contents_by_fingerprint(connection, looks)
        self.fresh: dict[int, Fresh] = {}
        self.adopted: dict[int, str] = {}
        self.touched: set[int] = set()
        self.new_places = 0
        self.rows: list[dict[str, object]] = []
        self.closed: list[dict[str, object]] = []
        self.looked: dict[int, Look] = {}
        """A look for each content that was known before."""
        self._next_id = next_content_id(connection)
        self._now = time.time()
        self._root = _root(connection, library_id)
        places = _places(connection, library_id, looks)
        for look in looks:
            before = places.get(look.found.raw_path)
            self.new_places += before is None
            content_id = self._content_of(look, before)
            self._place(library_id, look, content_id, before)
            if before is not None and before.content_id is not None:
                self.touched.add(before.content_id)

    def _content_of(self, look: Look, before: _Before | None) -> int | None:
        print_ = look.fingerprint
        if print_ is None:
            return before.content_id if before else None
        still = before is not None and (before.is_still(look) or before.is_still_bad(look))
        if before is not None and before.content_id is not None and still:
            return before.content_id  # of several with this fingerprint; rot makes no new model
        if print_ not in self.known:
            if before is not None and before.content_id is not None and before.renamed_by(look):
                self.known[print_] = before.content_id
                self.adopted[before.content_id] = print_
            else:
                self.known[print_] = self._next_id + len(self.fresh)
                self.fresh[self.known[print_]] = Fresh(look)
        return self.known[print_]

    def _place(
        self, library_id: int, look: Look, content_id: int | None, before: _Before | None
    ) -> None:
        found = look.found
        path = storable(os.fsdecode(found.raw_path), PATH_LIMIT)
        state = _state_of(look).value
        fresh = self.fresh.get(content_id) if content_id is not None else None
        if fresh is not None:
            place = Place(state, path, self._root, found.device, found.inode)
            fresh.places.append((found.mtime_ns, place))
        elif content_id is not None:
            self.touched.add(content_id)
            rotten = before is not None and before.is_still_bad(look) and not before.is_still(look)
            if look.fingerprint is not None and not rotten:
                self.looked[content_id] = look
        closed = look.fingerprint is None and look.problem is not None
        (self.closed if closed and before is not None else self.rows).append(
            {
                "library": library_id,
                "raw": found.raw_path,
                "path": path,
                "size": found.size,
                "mtime": found.mtime_ns,
                "device": NOT_OPENED if closed else found.device,
                "inode": found.inode,
                "state": state,
                "problem": storable(look.problem, 1024) if look.problem else None,
                "content": content_id,
                "now": self._now,
                "old": fresh is None,
                "kept": before is not None and before.is_still_bad(look),
            }
        )


class _Before(NamedTuple):
    """What the catalog has of a place."""

    content_id: int | None
    size: int
    mtime_ns: int
    inode: int
    fingerprint: str | None
    verified_at: float | None

    def is_still_bad(self, look: Look) -> bool:
        """True when verification found bad bytes here and the file has not changed since.

        A look at the header does not make them good, nor another model of them.
        """
        found = look.found
        mine = (self.size, self.mtime_ns, self.inode)
        return (
            self.verified_at == FOUND_BAD
            and mine == (found.size, found.mtime_ns, found.inode)
            and not look.growing
        )

    def is_still(self, look: Look) -> bool:
        """True when nothing of the place has changed, its fingerprint included."""
        found = look.found
        mine = (self.size, self.mtime_ns, self.inode, self.fingerprint)
        return mine == (found.size, found.mtime_ns, found.inode, look.fingerprint)

    def renamed_by(self, look: Look) -> bool:
        """True when the same bytes only have a fingerprint of another scheme now."""
        found = look.found
        return (
            (self.size, self.mtime_ns, self.inode) == (found.size, found.mtime_ns, found.inode)
            and self.fingerprint is not None
            and not self.fingerprint.startswith(FINGERPRINT_SCHEME)
            and (look.fingerprint or "").startswith(FINGERPRINT_SCHEME)
        )


def _state_of(look: Look) -> FileState:
    if look.growing:
        return FileState.GROWING
    return FileState.PRESENT if look.problem is None else FileState.UNREADABLE


def _root(connection: Connection, library_id: int) -> str:
    query = "SELECT root FROM library WHERE id = ?"
    return str(connection.exec_driver_sql(query, (library_id,)).scalar_one())


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


def _places(connection: Connection, library_id: int, looks: Sequence[Look]) -> dict[bytes, _Before]:
    places: dict[bytes, _Before] = {}
    for start in range(0, len(looks), CHUNK):
        paths = [look.found.raw_path for look in looks[start : start + CHUNK]]
        for raw, *before in connection.exec_driver_sql(
            "SELECT raw_path, content_id, file.size, mtime_ns, inode, fingerprint, verified_at"
            " FROM file LEFT JOIN content ON content.id = content_id WHERE library_id = ?"
            f" AND raw_path IN ({','.join('?' * len(paths))})",
            (library_id, *paths),
        ):
            places[raw] = _Before(*before)
    return places
