"""What loradex wrote into sidecars, with what stood there before: so that it can be taken back."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader

if TYPE_CHECKING:
    from loradex.catalog.writer import Writer


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """A file that is about to be written. `before` is None where there is none."""

    path: bytes
    before: bytes | None
    before_mtime_ns: int | None
    after_digest: str
    """SHA-256 of what will stand there."""


@dataclass(frozen=True, slots=True)
class JournaledWrite:
    """A file that was written, or was about to be when the program was cut off."""

    id: int
    path: bytes
    before: bytes | None
    before_mtime_ns: int | None
    after_digest: str
    state: str


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """One call that wrote sidecars. Times are Unix seconds."""

    id: int
    tools: tuple[str, ...]
    made_at: float
    undone_at: float | None
    written: int
    """Files that stand as this call wrote them, as far as the journal knows."""
    undone: int
    kept: int
    """Files that were changed since and therefore not taken back."""


class SidecarJournal:
    """The tables `sidecar_export` and `sidecar_write`. What it returns from is on the disk."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def begin(self, tools: Sequence[str]) -> int:
        """Open an export and return its number."""
        with self._writer.transaction() as connection:
            id_ = connection.exec_driver_sql(
                "INSERT INTO sidecar_export(tools, made_at) VALUES (?, ?) RETURNING id",
                (json.dumps(list(tools)), time.time()),
            ).scalar_one()
        return int(id_)

    def plan(self, export_id: int, writes: Sequence[PlannedWrite]) -> list[int]:
        """Note files before they are written; return the numbers of the notes."""
        numbers = []
        with self._writer.transaction() as connection:
            for write in writes:
                before = None if write.before is None else zlib.compress(write.before)
                numbers.append(
                    int(
                        connection.exec_driver_sql(
                            "INSERT INTO sidecar_write(export_id, raw_path, before,"
                            " before_mtime_ns, after_digest, state, reason)"
                            " VALUES (?, ?, ?, ?, ?, 'planned', '') RETURNING id",
                            (
                                export_id,
                                write.path,
                                before,
                                write.before_mtime_ns,
                                write.after_digest,
                            ),
                        ).scalar_one()
                    )
                )
        return numbers

    def settle(self, ended: Sequence[tuple[int, str, str]]) -> None:
        """Note how writes ended: number, state, reason."""
        if not ended:
            return
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE sidecar_write SET state = ?, reason = ? WHERE id = ?",
                [(state, reason, id_) for id_, state, reason in ended],
            )

    def end_undo(self, export_id: int) -> None:
        """Note when an export was last taken back."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE sidecar_export SET undone_at = ? WHERE id = ?", (time.time(), export_id)
            )

    def writes(self, export_id: int) -> list[JournaledWrite]:
        """Return the files of an export, the last one first."""
        return [
            JournaledWrite(
                id=int(str(id_)),
                path=path if isinstance(path, bytes) else b"",
                before=zlib.decompress(before) if isinstance(before, bytes) else None,
                before_mtime_ns=None if mtime_ns is None else int(str(mtime_ns)),
                after_digest=str(digest),
                state=str(state),
            )
            for id_, path, before, mtime_ns, digest, state in self._reader.rows_of(
                "SELECT id, raw_path, before, before_mtime_ns, after_digest, state"
                " FROM sidecar_write WHERE export_id = ? ORDER BY id DESC",
                (export_id,),
            )
        ]

    def exports(self) -> list[ExportSummary]:
        """Return all exports that wrote anything, newest first."""
        return [
            ExportSummary(
                id=int(str(id_)),
                tools=tuple(json.loads(str(tools))),
                made_at=float(str(made_at)),
                undone_at=None if undone_at is None else float(str(undone_at)),
                written=int(str(written)),
                undone=int(str(undone)),
                kept=int(str(kept)),
            )
            for id_, tools, made_at, undone_at, written, undone, kept in self._reader.rows_of(
                "SELECT e.id, tools, made_at, undone_at,"
                " count(*) FILTER (WHERE w.state IN ('written', 'planned')),"
                " count(*) FILTER (WHERE w.state = 'undone'),"
                " count(*) FILTER (WHERE w.state = 'kept')"
                " FROM sidecar_export AS e JOIN sidecar_write AS w ON w.export_id = e.id"
                " GROUP BY e.id ORDER BY e.id DESC"
            )
        ]
