"""What verification reads and writes: which bytes were seen again, when, and which went bad."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.domain.text import storable
from loradex.domain.verifying import Source, ToVerify

if TYPE_CHECKING:
    from loradex.catalog.reader import Reader
    from loradex.catalog.writer import Writer

_PROBLEM_LIMIT = 1000
FOUND_BAD = 0
"""Stands in place of the time when a file was last found good: its last reading found it bad."""


class VerifyStore:
    """Verification's view of the places."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def due(
        self, content_ids: Sequence[int] | None = None, *, before: float | None = None
    ) -> list[ToVerify]:
        """Return the files to read again, the longest unread first, broken ones at the end.

        That is: present files that were read in full, and files that are there but were found
        broken. Only those of these contents, and only those last read before a moment (Unix
        seconds), where given. Diffusers folders have no digest of their own.
        """
        wanted = None if content_ids is None else json.dumps(list(content_ids))
        return [
            ToVerify(
                file_id=int(str(row[0])),
                content_id=int(str(row[1])),
                root=bytes(row[2]),  # type: ignore[call-overload]
                path=bytes(row[2]) + b"/" + bytes(row[3]),  # type: ignore[call-overload]
                size=int(str(row[4])),
                mtime_ns=int(str(row[5])),
                device=int(str(row[6])),
                inode=int(str(row[7])),
                sha256=None if row[8] is None else str(row[8]),
                readable=row[9] == "present",
            )
            for row in self._reader.rows_of(
                "SELECT file.id, content_id, raw_root, raw_path, file.size, mtime_ns, file.device,"
                " inode, CASE WHEN hashed_at IS NOT NULL THEN sha256 END, file.state FROM file"
                " JOIN library ON library.id = library_id JOIN content ON content.id = content_id"
                " WHERE format <> 'diffusers' AND library.online"
                " AND (file.state = 'present' AND hashed_at IS NOT NULL AND sha256 IS NOT NULL"
                "  OR file.state = 'unreadable')"
                " AND (?1 IS NULL OR content_id IN (SELECT value FROM json_each(?1)))"
                " AND (?2 IS NULL OR file.state = 'unreadable'"
                "  OR max(hashed_at, coalesce(verified_at, 0)) < ?2)"
                " ORDER BY file.state <> 'present',"
                " max(coalesce(hashed_at, 0), coalesce(verified_at, 0)), file.id",
                (wanted, before),
            )
        ]

    def unhashed(self, content_ids: Sequence[int] | None = None) -> list[bytes]:
        """Return the paths of present files that were never read in full: nothing to compare with.

        Only those of these contents, where given.
        """
        wanted = None if content_ids is None else json.dumps(list(content_ids))
        return [
            bytes(row[0]) + b"/" + bytes(row[1])  # type: ignore[call-overload]
            for row in self._reader.rows_of(
                "SELECT raw_root, raw_path FROM file JOIN library ON library.id = library_id"
                " JOIN content ON content.id = content_id WHERE format <> 'diffusers'"
                " AND file.state = 'present' AND (hashed_at IS NULL OR sha256 IS NULL)"
                " AND (?1 IS NULL OR content_id IN (SELECT value FROM json_each(?1)))",
                (wanted,),
            )
        ]

    def passed(self, files: Sequence[ToVerify]) -> int:
        """Note that these hold the right bytes; return how many were thought to be broken."""
        healed = [file for file in files if not file.readable]
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE file SET verified_at = ?, state = 'present', problem = NULL, mtime_ns = ?,"
                " device = ?, inode = ? WHERE id = ? AND content_id = ? AND size = ?"
                " AND state IN ('present', 'unreadable')",
                [
                    (
                        time.time(),
                        file.mtime_ns,
                        file.device,
                        file.inode,
                        file.file_id,
                        file.content_id,
                        file.size,
                    )
                    for file in files
                ],
            )
            self._writer.refresh(connection, [file.content_id for file in healed])
        return len(healed)

    def failed(self, files: Sequence[ToVerify], problem: str, *, lasting: bool) -> None:
        """Mark files that went bad. Their contents keep their hashes and all that is known.

        `lasting`: no look at a header takes the mark away while the file seems unchanged.
        """
        found = FOUND_BAD if lasting else None
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE file SET state = 'unreadable', problem = ?, verified_at = ?"
                " WHERE id = ? AND content_id = ? AND state IN ('present', 'unreadable')",
                [
                    (storable(problem, _PROBLEM_LIMIT), found, file.file_id, file.content_id)
                    for file in files
                ],
            )
            self._writer.refresh(connection, [file.content_id for file in files])

    def source(self, file: ToVerify) -> Source:
        """Return where the bytes that a file should hold can be had."""
        copies = self._reader.rows_of(
            "SELECT raw_root, raw_path FROM file JOIN library ON library.id = library_id"
            " WHERE content_id = ? AND file.state = 'present' AND hashed_at IS NOT NULL"
            " AND NOT (file.device = ? AND file.inode = ?)"
            " ORDER BY max(hashed_at, coalesce(verified_at, 0)) DESC",
            (file.content_id, file.device, file.inode),
        )
        matches = self._reader.rows_of(
            "SELECT model_id, version_id FROM match WHERE content_id = ? AND hub = 'civitai'",
            (file.content_id,),
        )
        model, version = matches[0] if matches else (None, None)
        return Source(
            copies=tuple(bytes(row[0]) + b"/" + bytes(row[1]) for row in copies),  # type: ignore[call-overload]
            model_id=None if model is None else int(str(model)),
            version_id=None if version is None else int(str(version)),
        )
