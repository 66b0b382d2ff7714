"""What other tools' files beside models said: read back, written, and what follows from it."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader, chunks, texts
from loradex.catalog.sidecar_evidence import SidecarSays, put_sidecar_evidence
from loradex.catalog.sidecar_pages import hub_pages
from loradex.domain.evidence import Evidence, Source, effective

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer
    from loradex.domain.sidecars import SidecarHub

MOST_KEPT = 2 * 1024 * 1024
"""Bytes of a document under zlib that are kept."""


@dataclass(frozen=True, slots=True)
class ModelPlace:
    """A model file that is there, and what tells whether a sidecar means it."""

    content_id: int
    library_id: int
    root: bytes
    raw_path: bytes
    """Relative to the root."""
    size: int
    mtime_ns: int
    first_seen: float
    format: str
    sha256: str | None
    """None while the file has not been read in full."""
    blake3: str | None
    autov3: str | None


@dataclass(frozen=True, slots=True)
class KnownSidecar:
    """A sidecar as it was last read or written."""

    library_id: int
    raw_path: bytes
    content_id: int | None
    dialect: str
    size: int
    mtime_ns: int
    state: str
    problem: str
    judged_by: str | None


@dataclass(frozen=True, slots=True)
class StoredSidecar:
    """A sidecar to keep, or as it is kept. `claims` is JSON; `document` the file's bytes."""

    library_id: int
    raw_path: bytes
    path: str
    content_id: int | None
    dialect: str
    size: int
    mtime_ns: int
    state: str
    problem: str
    claims: str
    document: bytes | None
    judged_by: str | None
    read_at: float
    ours: tuple[str, ...] = ()
    """The keys that loradex itself wrote so."""
    disputed: tuple[str, ...] = ()
    """What the person had said otherwise in loradex when it was read."""


@dataclass(frozen=True, slots=True)
class LastKnown:
    """A sidecar as loradex last read or wrote it, as `StoredSidecar` has it."""

    document: bytes
    ours: tuple[str, ...]
    disputed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredClaims:
    """What one sidecar said of a content. `taken` is JSON: what became the person's own."""

    sidecar_id: int
    dialect: str
    path: str
    mtime_ns: int
    state: str
    claims: str
    taken: str
    location: bytes
    """Absolute path, in the bytes the disk has."""
    online: bool
    """Its library was there when it was last looked for."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the catalog has of a content, to be compared with what a sidecar says."""

    name: str
    sha256: str | None
    note: str
    favourite: bool
    words: tuple[str, ...]
    tags: tuple[str, ...]
    page: str
    """`model@version` on CivitAI; empty when it is not known to be there."""
    page_by: str
    facts: dict[str, tuple[str, str]]
    """Field to its effective value and source."""


class SidecarStore:
    """The table `sidecar`, and the evidence of the source `sidecar`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def places(self, content_ids: Sequence[int] | None = None) -> list[ModelPlace]:
        """Return the model files that are there, of these contents or of all, folder by folder."""
        some = None if content_ids is None else json.dumps(list(content_ids))
        return [
            ModelPlace(*row)  # type: ignore[arg-type]
            for row in self._reader.rows_of(
                "SELECT content.id, library_id, raw_root, raw_path, file.size, mtime_ns,"
                " first_seen, format, sha256, blake3, autov3 FROM file"
                " JOIN library ON library.id = library_id AND online"
                " JOIN content ON content.id = content_id WHERE file.state = 'present'"
                " AND (?1 IS NULL OR content_id IN (SELECT value FROM json_each(?1)))"
                " ORDER BY library_id, raw_path",
                (some,),
            )
        ]

    def known(self) -> dict[tuple[int, bytes], KnownSidecar]:
        """Return all sidecars that were read, by library and path in it."""
        rows = self._reader.rows_of(
            "SELECT library_id, raw_path, content_id, dialect, size, mtime_ns, state, problem,"
            " judged_by FROM sidecar"
        )
        found = (KnownSidecar(*row) for row in rows)  # type: ignore[arg-type]
        return {(each.library_id, each.raw_path): each for each in found}

    def claims(self, content_ids: Sequence[int]) -> dict[int, list[StoredClaims]]:
        """Return what sidecars said of these contents; those without are left out."""
        found: dict[int, list[StoredClaims]] = defaultdict(list)
        for some in chunks(content_ids):
            marks = ",".join("?" * len(some))
            for id_, *rest in self._reader.rows_of(
                "SELECT content_id, sidecar.id, dialect, path, mtime_ns, state, claims, taken,"
                " CAST(raw_root || x'2f' || raw_path AS BLOB), online FROM sidecar"
                " JOIN library ON library.id = library_id"
                f" WHERE content_id IN ({marks}) ORDER BY sidecar.id",
                some,
            ):
                found[int(str(id_))].append(StoredClaims(*rest))  # type: ignore[arg-type]
        return dict(found)

    def last_known(self, library_id: int, raw_path: bytes) -> LastKnown | None:
        """Return a sidecar as it was last read or written; None when it never was, or when its
        bytes were too many to be kept.
        """
        rows = self._reader.rows_of(
            "SELECT document, ours, disputed FROM sidecar WHERE library_id = ? AND raw_path = ?",
            (library_id, raw_path),
        )
        document = _unpacked(rows[0][0]) if rows else None
        if document is None:
            return None
        return LastKnown(document, texts(str(rows[0][1])), texts(str(rows[0][2])))

    def latest_document(self, content_id: int, dialect: str) -> bytes | None:
        """Return the bytes of the newest sidecar of a dialect that a content ever had."""
        rows = self._reader.rows_of(
            "SELECT document FROM sidecar WHERE content_id = ? AND dialect = ?"
            " AND document IS NOT NULL AND state IN ('known', 'unproven')"
            " ORDER BY mtime_ns DESC LIMIT 1",
            (content_id, dialect),
        )
        return _unpacked(rows[0][0]) if rows else None

    def record(
        self,
        sidecars: Sequence[StoredSidecar],
        says: Mapping[int, SidecarSays],
        *,
        superseded: Sequence[int] = (),
    ) -> None:
        """Keep what was read, and let evidence, words, tags and matches of contents follow.

        Rows that are superseded go. All of it is one transaction: give some hundred at a time.
        """
        if not (sidecars or says):
            return
        with self._writer.transaction() as connection:
            _put_rows(connection, sidecars)
            if superseded:
                connection.exec_driver_sql(
                    "DELETE FROM sidecar WHERE id = ?", [(id_,) for id_ in superseded]
                )
            put_sidecar_evidence(connection, says)
            self._writer.refresh(connection, list(says))

    def forget(self, paths: Iterable[bytes]) -> None:
        """Forget the sidecars at these absolute paths: they are not what they were."""
        rows = [(path,) for path in paths]
        if not rows:
            return
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "DELETE FROM sidecar WHERE id IN (SELECT sidecar.id FROM sidecar JOIN library"
                " ON library.id = library_id"
                " WHERE CAST(raw_root || x'2f' || raw_path AS BLOB) = ?)",
                rows,
            )

    def mark_taken(self, taken: Mapping[int, str]) -> None:
        """Note, by sidecar, what became the person's own."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE sidecar SET taken = ? WHERE id = ?",
                [(text, id_) for id_, text in taken.items()],
            )

    def standing(self, content_ids: Sequence[int]) -> dict[int, Standing]:
        """Return what the catalog has of these contents."""
        wanted = (json.dumps(list(content_ids)),)
        facts: dict[int, list[Evidence]] = defaultdict(list)
        for id_, field, value, source, confidence, seen_at in self._reader.rows_of(
            "SELECT content_id, field, value, source, confidence, seen_at FROM evidence"
            " WHERE content_id IN (SELECT value FROM json_each(?))",
            wanted,
        ):
            facts[int(str(id_))].append(
                Evidence(
                    str(field),
                    str(value),
                    Source(str(source)),
                    float(str(confidence)),
                    float(str(seen_at)),
                )
            )
        people = self.people(content_ids)
        found = {}
        for id_, name, sha256, words, tags, page, page_by in self._reader.rows_of(
            "SELECT content.id, name, sha256, words, tags,"
            " match.model_id || '@' || match.version_id, matched_by FROM content"
            " LEFT JOIN match ON content_id = content.id AND hub = 'civitai'"
            " WHERE content.id IN (SELECT value FROM json_each(?))",
            wanted,
        ):
            number = int(str(id_))
            note, favourite = people.get(number, ("", False))
            counting = effective(facts.get(number, ())).items()
            found[number] = Standing(
                name=str(name),
                sha256=None if sha256 is None else str(sha256),
                note=note,
                favourite=favourite,
                words=texts(str(words)),
                tags=texts(str(tags)),
                page=str(page or ""),
                page_by=str(page_by or ""),
                facts={field: (fact.value, fact.source.value) for field, fact in counting},
            )
        return found

    def pages(self, content_ids: Sequence[int]) -> dict[int, SidecarHub]:
        """Return CivitAI's pages of those of these contents that have one."""
        return hub_pages(self._reader, content_ids)

    def tensor_hash(self, content_id: int) -> str:
        """Return the whole SHA-256 of the tensors as the header claims it, empty when it has none.

        Only what agrees with the part of it that was computed.
        """
        rows = self._reader.rows_of(
            "SELECT claimed_hash FROM content WHERE id = ? AND length(claimed_hash) = 64"
            " AND substr(claimed_hash, 1, 12) = autov3",
            (content_id,),
        )
        return str(rows[0][0]) if rows else ""

    def own_words(self, content_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
        """Return the words of those of these contents in which the person has chosen any."""
        return {
            int(str(id_)): texts(str(words))
            for id_, words in self._reader.rows_of(
                "SELECT id, words FROM content WHERE id IN (SELECT value FROM json_each(?))"
                " AND id IN (SELECT content_id FROM word_choice)",
                (json.dumps(list(content_ids)),),
            )
        }

    def with_sidecars(self) -> list[int]:
        """Return the contents that any sidecar was read of."""
        rows = self._reader.rows_of(
            "SELECT DISTINCT content_id FROM sidecar WHERE content_id IS NOT NULL"
        )
        return [int(str(row[0])) for row in rows]

    def people(self, content_ids: Iterable[int]) -> dict[int, tuple[str, bool]]:
        """Return a person's own note and favourite of each content that has either."""
        return {
            int(str(id_)): (str(note), bool(favourite))
            for id_, note, favourite in self._reader.rows_of(
                "SELECT content_id, note, favourite FROM annotation"
                " WHERE content_id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(content_ids)),),
            )
        }


def _put_rows(connection: Connection, sidecars: Sequence[StoredSidecar]) -> None:
    if not sidecars:
        return
    connection.exec_driver_sql(
        "INSERT INTO sidecar(library_id, raw_path, path, content_id, dialect, size, mtime_ns,"
        " state, problem, claims, document, judged_by, ours, disputed, taken,"
        " read_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?)"
        " ON CONFLICT(library_id, raw_path) DO UPDATE SET path = excluded.path,"
        " taken = CASE WHEN content_id IS excluded.content_id THEN taken ELSE '' END,"
        " content_id = excluded.content_id, dialect = excluded.dialect, size = excluded.size,"
        " mtime_ns = excluded.mtime_ns, state = excluded.state, problem = excluded.problem,"
        " claims = CASE WHEN excluded.ours = '[]' THEN excluded.claims ELSE claims END,"
        " document = excluded.document,"
        " judged_by = excluded.judged_by, ours = excluded.ours,"
        " disputed = excluded.disputed,"
        " read_at = excluded.read_at",
        [
            (
                each.library_id,
                each.raw_path,
                each.path,
                each.content_id,
                each.dialect,
                each.size,
                each.mtime_ns,
                each.state,
                each.problem,
                each.claims,
                _packed(each.document),
                each.judged_by,
                json.dumps(each.ours),
                json.dumps(each.disputed),
                each.read_at,
            )
            for each in sidecars
        ],
    )


def _packed(document: bytes | None) -> bytes | None:
    if document is None:
        return None
    packed = zlib.compress(document)
    return packed if len(packed) <= MOST_KEPT else None


def _unpacked(document: object) -> bytes | None:
    return zlib.decompress(document) if isinstance(document, bytes) else None
