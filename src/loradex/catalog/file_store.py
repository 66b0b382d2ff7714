"""Libraries and files: where contents are, as the scans see it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.catalog.reader import CHUNK, Reader, chunks
from loradex.catalog.writer import BULK
from loradex.domain.library import FileState, Layout, Library
from loradex.domain.scanning import Found, KnownFile, Stamp, ToHash
from loradex.domain.text import storable
from loradex.errors import LibraryError

if TYPE_CHECKING:
    from loradex.catalog.writer import Writer

PATH_LIMIT = 4096

_WAITING = "file.state = 'present' AND hashed_at IS NULL AND format <> 'diffusers'"
"""Places that are to be read in full; the first two are what `ix_file_unhashed` holds."""

_SETTLED = (
    "library_id = ?1 AND file.state = 'present' AND content_id IS NOT NULL AND content_id NOT IN"
    " (SELECT id FROM content WHERE identified_by < ?2 OR identified_by > ?3)"
)


class FileStore:
    """Libraries, and the places in them."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def libraries(self) -> list[Library]:
        """Return all libraries by name."""
        return [
            Library(
                id=int(str(row[0])),
                name=str(row[1]),
                root=os.fsdecode(bytes(row[2])),  # type: ignore[call-overload]
                layout=Layout(str(row[3])),
                ignore=tuple(json.loads(str(row[4]))),
                online=bool(row[5]),
                scanned_at=row[6],  # type: ignore[arg-type]
            )
            for row in self._reader.rows_of(
                "SELECT id, name, raw_root, layout, ignore, online, scanned_at FROM library"
                " ORDER BY name"
            )
        ]

    def add_library(
        self, name: str, root: bytes, layout: Layout, *, device: int, ignore: Sequence[str] = ()
    ) -> None:
        """Register a root folder; raise `LibraryError` when the name is taken."""
        if any(library.name == name for library in self.libraries()):
            raise LibraryError(
                f"There is a library called {name!r} already.", hint="Give another with --name."
            )
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "INSERT INTO library(name, root, raw_root, layout, ignore, device, online,"
                " added_at) VALUES (?, ?, ?, ?, ?, ?, 1, ?)",
                (
                    name,
                    storable(os.fsdecode(root), PATH_LIMIT),
                    root,
                    layout.value,
                    json.dumps(list(ignore)),
                    device,
                    time.time(),
                ),
            )

    def remove_library(self, library_id: int) -> None:
        """Forget a root folder and its places. What is known of the contents stays."""
        with self._writer.transaction() as connection:
            contents = self._contents_of_library(library_id)
            connection.exec_driver_sql("DELETE FROM library WHERE id = ?", (library_id,))
            self._writer.refresh(connection, contents)

    def known_device(self, library_id: int) -> int | None:
        """Return the device the root was on when it was last online."""
        rows = self._reader.rows_of("SELECT device FROM library WHERE id = ?", (library_id,))
        return rows[0][0] if rows else None  # type: ignore[return-value]

    def known_files(self, library_id: int) -> dict[bytes, KnownFile]:
        """Return every place of a library by its raw path."""
        return self._known("library_id = ?", library_id)

    def has_many(self, library_id: int, number: int) -> bool:
        """Tell whether a library has at least so many places, without counting the rest."""
        rows = self._reader.rows_of(
            "SELECT 1 FROM file WHERE library_id = ? LIMIT 1 OFFSET ?", (library_id, number - 1)
        )
        return bool(rows)

    def unreadable(self, library_id: int | None = None) -> int:
        """Return how many files are there and cannot be read, of all libraries or of one."""
        rows = self._reader.rows_of(
            "SELECT count(*) FROM file WHERE state = 'unreadable'"
            " AND (?1 IS NULL OR library_id = ?1)",
            (library_id,),
        )
        return int(str(rows[0][0]))

    def without_files(self) -> set[int]:
        """Return the libraries of which no file is known, missing ones included."""
        return {
            int(str(row[0]))
            for row in self._reader.rows_of(
                "SELECT id FROM library WHERE NOT EXISTS"
                " (SELECT 1 FROM file WHERE library_id = library.id)"
            )
        }

    def settled(self, library_id: int, rules: str) -> set[Stamp]:
        """Return the stamps of all places of which a scan has nothing to learn while they stay.

        They are present, and `rules` or later ones have told what they hold. 100,000 of them are
        compared with a walk in the time that making a `KnownFile` of each would take.
        """
        with self._reader.connection() as connection:
            return set(
                connection.execute(
                    f"SELECT raw_path, size, mtime_ns, inode FROM file WHERE {_SETTLED}",
                    (library_id, rules, rules),
                )
            )

    def unsettled(self, library_id: int, rules: str) -> dict[bytes, KnownFile]:
        """Return all other places of a library by their raw paths."""
        return self._known(f"library_id = ?1 AND NOT ({_SETTLED})", library_id, rules, rules)

    def known_at(self, library_id: int, raw_paths: Sequence[bytes]) -> dict[bytes, KnownFile]:
        """Return the places at these raw paths, of those that are known."""
        found: dict[bytes, KnownFile] = {}
        for start in range(0, len(raw_paths), CHUNK):
            some = raw_paths[start : start + CHUNK]
            marks = ",".join("?" * len(some))
            found |= self._known(f"library_id = ? AND raw_path IN ({marks})", library_id, *some)
        return found

    def _known(self, condition: str, *params: object) -> dict[bytes, KnownFile]:
        return {
            row[1]: KnownFile(*row)  # type: ignore[arg-type, misc]
            for row in self._reader.rows_of(
                "SELECT file.id, raw_path, file.size, mtime_ns, device, inode, file.state,"
                " content_id, problem, identified_by, fingerprint FROM file"
                f" LEFT JOIN content ON content.id = content_id WHERE {condition}",
                params,
            )
        }

    def set_online(self, library_id: int, device: int) -> None:
        """Note that a root is there, and that its scan is complete now."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE library SET online = 1, device = ?, scanned_at = ? WHERE id = ?",
                (device, time.time(), library_id),
            )

    def set_offline(self, library_id: int) -> None:
        """Note that a root is not there: its files are offline, nothing of them is forgotten."""
        files = self._ids(
            "SELECT id FROM file WHERE library_id = ? AND state NOT IN ('missing', 'offline')",
            library_id,
        )
        self.set_state(files, FileState.OFFLINE)
        with self._writer.transaction() as connection:  # last: cut off before, it is done again
            connection.exec_driver_sql("UPDATE library SET online = 0 WHERE id = ?", (library_id,))

    def set_state(self, file_ids: Sequence[int], state: FileState) -> None:
        """Set the state of these places; `last_seen` moves only when they are present."""
        seen = ", last_seen = :now" if state is FileState.PRESENT else ""
        for some in chunks(file_ids, BULK):
            with self._writer.transaction() as connection:
                connection.exec_driver_sql(
                    f"UPDATE file SET state = :state{seen} WHERE id = :id",
                    [{"state": state.value, "now": time.time(), "id": id_} for id_ in some],
                )
                self._writer.refresh(connection, self._contents_of_files(some))

    def mark_missing(self, files: Sequence[KnownFile]) -> int:
        """Mark places missing, but only those that are where they were; return how many."""
        with self._writer.transaction() as connection:
            marked = [
                file.id
                for file in files
                if connection.exec_driver_sql(
                    "UPDATE file SET state = 'missing' WHERE id = ? AND raw_path = ?",
                    (file.id, file.raw_path),
                ).rowcount
            ]
            self._writer.refresh(connection, [f.content_id for f in files if f.content_id])
        return len(marked)

    def other_places(self, gone: Sequence[KnownFile]) -> dict[int, float]:
        """Return the contents of these files that are present elsewhere, and since when."""
        files = json.dumps([file.id for file in gone])
        contents = json.dumps([file.content_id for file in gone if file.content_id])
        return {
            int(str(row[0])): float(str(row[1]))
            for row in self._reader.rows_of(
                "SELECT content_id, max(first_seen) FROM file WHERE state = 'present'"
                " AND content_id IN (SELECT value FROM json_each(?))"
                " AND id NOT IN (SELECT value FROM json_each(?)) GROUP BY content_id",
                (contents, files),
            )
        }

    def forget_places(self, files: Sequence[KnownFile]) -> None:
        """Forget places that a library does not count among its models any more.

        What is known of their contents stays, unless nobody ever said anything of them and they
        were never read in full.
        """
        if not files:
            return
        from loradex.catalog.content_rows import forget_drafts  # noqa: PLC0415 - needs the door

        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "DELETE FROM file WHERE id = ? AND raw_path = ?",
                [(file.id, file.raw_path) for file in files],
            )
            contents = {file.content_id for file in files if file.content_id is not None}
            contents -= forget_drafts(connection, contents)
            self._writer.refresh(connection, contents)

    def look_again(self, file_id: int) -> None:
        """Let the next scan look into a file although its size and time are the same."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql("UPDATE file SET mtime_ns = -1 WHERE id = ?", (file_id,))

    def relocate(self, moves: Sequence[tuple[KnownFile, Found]]) -> None:
        """Note that known files now lie elsewhere in the same library; their bytes are the same."""
        if not moves:
            return
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                # Another scan may have given the new path a row: then this one is settled later.
                "UPDATE OR IGNORE file SET raw_path = ?, path = ?, last_seen = ?, state ="
                " CASE state WHEN 'unreadable' THEN state ELSE 'present' END WHERE id = ?",
                [
                    (
                        found.raw_path,
                        storable(os.fsdecode(found.raw_path), PATH_LIMIT),
                        time.time(),
                        known.id,
                    )
                    for known, found in moves
                ],
            )
            self._writer.refresh(
                connection, [known.content_id for known, _ in moves if known.content_id]
            )

    def to_hash(self, content_id: int | None = None) -> list[ToHash]:
        """Return present files that were never read in full, LoRAs and small files first.

        Only those of one content when it is given. Diffusers folders have no digest of their own.
        """
        return [
            ToHash(
                file_id=int(str(row[0])),
                content_id=int(str(row[1])),
                path=bytes(row[2]) + b"/" + bytes(row[3]),  # type: ignore[call-overload]
                size=int(str(row[4])),
                mtime_ns=int(str(row[5])),
                device=int(str(row[6])),
                inode=int(str(row[7])),
                fingerprint=str(row[8]),
            )
            for row in self._reader.rows_of(
                "SELECT file.id, content_id, raw_root, raw_path, file.size, mtime_ns,"
                " file.device, inode, fingerprint FROM file JOIN library ON library.id = library_id"
                " JOIN content ON content.id = content_id"
                f" WHERE {_WAITING} AND (?1 IS NULL OR content_id = ?1)"
                " ORDER BY kind NOT IN ('lora', 'embedding'), file.size, file.id",
                (content_id,),
            )
        ]

    def count_to_hash(self) -> int:
        """Return how many files `to_hash` would give."""
        rows = self._reader.rows_of(
            f"SELECT count(*) FROM file JOIN content ON content.id = content_id WHERE {_WAITING}"
        )
        return int(str(rows[0][0]))

    def paths(self, content_ids: Sequence[int]) -> list[bytes]:
        """Return one place of each content, as the bytes the disk has; present ones first.

        Contents without any place are left out.
        """
        wanted = json.dumps(list(content_ids))
        best: dict[int, bytes] = {}
        for row in self._reader.rows_of(
            "SELECT content_id, raw_root, raw_path FROM file JOIN library ON library.id ="
            " library_id WHERE content_id IN (SELECT value FROM json_each(?))"
            " ORDER BY file.state <> 'present', first_seen, mtime_ns, file.id",
            (wanted,),
        ):
            place = bytes(row[1]) + b"/" + bytes(row[2])  # type: ignore[call-overload]
            best.setdefault(int(str(row[0])), place)
        return [best[id_] for id_ in content_ids if id_ in best]

    def problems(self) -> list[tuple[str, str]]:
        """Return path and problem of every file that is there and cannot be read."""
        return [
            (str(row[0]), str(row[1]))
            for row in self._reader.rows_of(
                "SELECT root || '/' || path, problem FROM file JOIN library ON library.id ="
                " library_id WHERE state = 'unreadable' ORDER BY 1"
            )
        ]

    def _contents_of_library(self, library_id: int) -> list[int]:
        return self._ids(
            "SELECT DISTINCT content_id FROM file WHERE library_id = ? AND content_id IS NOT NULL",
            library_id,
        )

    def _contents_of_files(self, file_ids: Sequence[int]) -> list[int]:
        return self._ids(
            "SELECT DISTINCT content_id FROM file WHERE content_id IS NOT NULL"
            " AND id IN (SELECT value FROM json_each(?))",
            json.dumps(list(file_ids)),
        )

    def _ids(self, sql: str, parameter: object) -> list[int]:
        return [int(str(row[0])) for row in self._reader.rows_of(sql, (parameter,))]
