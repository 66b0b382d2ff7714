"""Libraries beyond their names: folders by kind, how full they are, a new root, told facts."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.facts import fact_row, put_facts, put_words, word_rows
from loradex.catalog.file_store import PATH_LIMIT
from loradex.catalog.reader import Reader, chunks
from loradex.catalog.writer import BULK
from loradex.domain.evidence import Evidence, Source
from loradex.domain.kinds import ModelKind
from loradex.domain.text import storable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a library the catalog knows; what is missing does not count."""

    files: int = 0
    nbytes: int = 0


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells that a place still holds the bytes that were read there."""

    file_id: int
    mtime_ns: int
    device: int
    inode: int


@dataclass(frozen=True, slots=True)
class Told:
    """What another tool says of a content. `who` begins every fact's detail."""

    content_id: int
    who: str
    values: tuple[tuple[str, str], ...]
    """Field and value."""
    words: tuple[str, ...] = ()


class LibraryStore:
    """What belongs to a library as a whole."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def folders(self, library_id: int) -> dict[str, ModelKind]:
        """Return relative folder to the kind it is for, the preferred one of a kind first."""
        rows = self._reader.rows_of("SELECT folders FROM library WHERE id = ?", (library_id,))
        stored = json.loads(str(rows[0][0])) if rows else {}
        known = {kind.value: kind for kind in ModelKind}
        return {str(name): known[kind] for name, kind in stored.items() if kind in known}

    def set_folders(self, library_id: int, folders: Mapping[str, ModelKind]) -> None:
        """Replace what is known of a library's folders."""
        stored = json.dumps({name: kind.value for name, kind in folders.items()})
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE library SET folders = ? WHERE id = ?", (stored, library_id)
            )

    def usage(self) -> dict[int, Usage]:
        """Return the usage of each library that has any; hard links count once."""
        return {
            int(str(row[0])): Usage(int(str(row[1])), int(str(row[2])))
            for row in self._reader.rows_of(
                "SELECT library_id, sum(places), sum(size) FROM (SELECT library_id,"
                " count(*) AS places, max(size) AS size FROM file WHERE state <> 'missing'"
                " GROUP BY library_id, device, inode) GROUP BY library_id"
            )
        }

    def move_root(self, library_id: int, root: bytes, device: int, stamps: Sequence[Stamp]) -> None:
        """Note that a library's folder now lies at `root`; every place of it is kept.

        `stamps` are the places that were found there with their bytes: the next scan then sees
        them as unchanged. All in one transaction.
        """
        contents = [
            int(str(row[0]))
            for row in self._reader.rows_of(
                "SELECT DISTINCT content_id FROM file WHERE library_id = ?"
                " AND content_id IS NOT NULL",
                (library_id,),
            )
        ]
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE library SET root = ?, raw_root = ?, device = ? WHERE id = ?",
                (storable(os.fsdecode(root), PATH_LIMIT), root, device, library_id),
            )
            if stamps:
                connection.exec_driver_sql(
                    "UPDATE file SET mtime_ns = ?, device = ?, inode = ? WHERE id = ?",
                    [(item.mtime_ns, item.device, item.inode, item.file_id) for item in stamps],
                )
            self._writer.refresh(connection, contents)

    def contents_by_place(self) -> dict[bytes, int]:
        """Return the content at each absolute path of all libraries, wherever one is known."""
        return {
            bytes(row[0]) + b"/" + bytes(row[1]): int(str(row[2]))  # type: ignore[call-overload]
            for row in self._reader.rows_of(
                "SELECT raw_root, raw_path, content_id FROM file JOIN library"
                " ON library.id = library_id WHERE content_id IS NOT NULL"
            )
        }

    def record_told(self, told: Sequence[Told]) -> int:
        """Keep what other tools say, as evidence of the source `sidecar`; return how many changed.

        A fact that a sidecar file told is not replaced, nor anything of another source; what is
        known already is not written again, and nothing good by nothing.
        """
        changed: set[int] = set()
        for start in range(0, len(told), BULK):
            some = told[start : start + BULK]
            with self._writer.transaction() as connection:
                touched = _write_told(connection, some)
                self._writer.refresh(connection, touched)
            changed |= touched
        return len(changed)


def _write_told(connection: Connection, told: Sequence[Told]) -> set[int]:
    """Write what is new in these; return the contents that changed."""
    ids = [item.content_id for item in told]
    before = _sidecar_facts(connection, ids)
    words_before = _sidecar_words(connection, ids)
    now = time.time()
    facts, words = [], []
    touched: set[int] = set()
    for item in told:
        for field, value in item.values:
            old, detail = before.get((item.content_id, field), ("", item.who))
            clean = storable(value, 4096)
            if clean and clean != old and (not old or detail.startswith(item.who)):
                fact = Evidence(field, value, Source.SIDECAR, 0.9, detail=item.who)
                facts.append(fact_row(item.content_id, fact, now))
                touched.add(item.content_id)
        fresh = [
            word
            for word in item.words
            if (item.content_id, word.casefold()[:1024]) not in words_before
        ]
        if fresh:
            words.extend(word_rows(item.content_id, item.words, Source.SIDECAR))
            touched.add(item.content_id)
    put_facts(connection, facts)
    put_words(connection, words)
    return touched


def _sidecar_facts(
    connection: Connection, ids: Sequence[int]
) -> dict[tuple[int, str], tuple[str, str]]:
    found: dict[tuple[int, str], tuple[str, str]] = {}
    for chunk in chunks(ids):
        for row in connection.exec_driver_sql(
            "SELECT content_id, field, value, detail FROM evidence WHERE source = 'sidecar'"
            f" AND content_id IN ({','.join('?' * len(chunk))})",
            tuple(chunk),
        ):
            found[row[0], row[1]] = (row[2], row[3] or "")
    return found


def _sidecar_words(connection: Connection, ids: Sequence[int]) -> set[tuple[int, str]]:
    found: set[tuple[int, str]] = set()
    for chunk in chunks(ids):
        found.update(
            (row[0], row[1])
            for row in connection.exec_driver_sql(
                "SELECT content_id, folded FROM trigger_word WHERE source = 'sidecar'"
                f" AND content_id IN ({','.join('?' * len(chunk))})",
                tuple(chunk),
            )
        )
    return found
