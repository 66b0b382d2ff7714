"""Verdicts in the catalog: what probes found of models, and what a person says to that."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader, chunks
from loradex.catalog.verdict_effect import settle_verdicts
from loradex.catalog.verdict_rows import finding_rows, pack_evidence, read_verdicts
from loradex.domain.text import storable
from loradex.domain.verdicts import Verdict, VerdictSource
from loradex.errors import BadReference

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer

NOTE_LIMIT = 10_000
NAME_LIMIT = 1_000
_AT_ONCE = 5_000


class VerdictStore:
    """Verdicts, read and written."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def record(self, verdict: Verdict) -> int:
        """Keep a verdict in place of its source's earlier one on that checkpoint; return its id.

        What another source or another checkpoint says stays. A checkpoint or grid that is not in
        the catalog (any more) is left out, the checkpoint's name is kept. Raises `BadReference`
        when the model itself is gone.
        """
        with self._writer.transaction() as connection:
            id_ = write_verdict(connection, verdict)
            settle_verdicts(connection, [verdict.content_id])
            self._writer.refresh(connection, [verdict.content_id])
            return id_

    def of(self, content_id: int) -> list[Verdict]:
        """Return what is said of a model: by a person first, then the newest first."""
        with self._reader.connection() as connection:
            return read_verdicts(connection, "v.content_id = ?", (content_id,))

    def of_many(
        self, content_ids: Sequence[int], *, evidence: bool = False
    ) -> dict[int, list[Verdict]]:
        """Return what is said of each of these models; those without a verdict are left out."""
        found: dict[int, list[Verdict]] = {}
        with self._reader.connection() as connection:
            for some in chunks(content_ids, _AT_ONCE):
                for verdict in read_verdicts(
                    connection,
                    "v.content_id IN (SELECT value FROM json_each(?))",
                    (json.dumps(list(some)),),
                    evidence=evidence,
                ):
                    found.setdefault(verdict.content_id, []).append(verdict)
        return found

    def get(self, verdict_id: int) -> Verdict | None:
        """Return one verdict by its id, None when it is not there."""
        with self._reader.connection() as connection:
            return next(iter(read_verdicts(connection, "v.id = ?", (verdict_id,))), None)

    def clear(
        self,
        content_ids: Sequence[int],
        source: VerdictSource | None = None,
        checkpoint_id: int | None = None,
    ) -> int:
        """Remove verdicts on models: of one source, on one checkpoint, or all; return how many."""
        gone = 0
        for some in chunks(content_ids, _AT_ONCE):
            with self._writer.transaction() as connection:
                gone += connection.exec_driver_sql(
                    "DELETE FROM verdict WHERE content_id IN (SELECT value FROM json_each(?1))"
                    " AND source = coalesce(?2, source)"
                    " AND (?3 IS NULL OR checkpoint_id = ?3)",
                    (json.dumps(list(some)), source and source.value, checkpoint_id),
                ).rowcount
                settle_verdicts(connection, some)
                self._writer.refresh(connection, some)
        return gone

    def untested(self, content_ids: Sequence[int]) -> list[int]:
        """Return these models in the order to probe them: those never probed come first."""
        probed: set[int] = set()
        for some in chunks(content_ids, _AT_ONCE):
            probed.update(
                int(str(row[0]))
                for row in self._reader.rows_of(
                    "SELECT content_id FROM verdict WHERE source = 'probe'"
                    " AND content_id IN (SELECT value FROM json_each(?))",
                    (json.dumps(list(some)),),
                )
            )
        return sorted(content_ids, key=lambda id_: id_ in probed)

    def listing(
        self, content_ids: Sequence[int] | None = None, *, limit: int, offset: int = 0
    ) -> tuple[list[Verdict], int]:
        """Return a page of verdicts without their numbers, newest first, and how many there are.

        Of these models, or of all. A person's verdict stands before probes of the same model only
        by its time.
        """
        condition, params = "1", ()
        if content_ids is not None:
            condition = "v.content_id IN (SELECT value FROM json_each(?))"
            params = (json.dumps(list(content_ids)),)  # type: ignore[assignment]
        (counted,) = self._reader.rows_of(
            f"SELECT count(*) FROM verdict AS v WHERE {condition}", params
        )
        page = (
            f"v.id IN (SELECT v.id FROM verdict AS v WHERE {condition}"
            " ORDER BY created_at DESC, v.id DESC LIMIT ? OFFSET ?)"
        )
        with self._reader.connection() as connection:
            found = read_verdicts(connection, page, (*params, limit, offset), evidence=False)
        found.sort(key=lambda verdict: (-verdict.created_at, -(verdict.id or 0)))
        return found, int(str(counted[0]))


def write_verdict(
    connection: Connection, verdict: Verdict, *, checkpoint_sha256: str | None = None
) -> int:
    """Write a verdict in place of the one it replaces; `settle_verdicts` has to follow.

    `checkpoint_sha256` is the digest of a checkpoint that is not in the catalog.
    """
    run = connection.exec_driver_sql
    if run("SELECT 1 FROM content WHERE id = ?", (verdict.content_id,)).scalar() is None:
        raise BadReference(
            f"There is no model {verdict.content_id} in the catalog (any more).",
            hint="Run `loradex list` to see what there is.",
        )
    on = run(
        "SELECT id, name, sha256 FROM content WHERE id = ?", (verdict.checkpoint_id,)
    ).fetchone()
    checkpoint_id, name, sha256 = (None, "", checkpoint_sha256) if on is None else tuple(on)
    name = storable(verdict.checkpoint or name, NAME_LIMIT)
    replaced = run(
        "DELETE FROM verdict WHERE content_id = ?1 AND source = ?2 AND (checkpoint_id = ?3"
        " OR checkpoint_id IS NULL AND (?3 IS NULL AND checkpoint = ?4 OR checkpoint_sha256 = ?5))"
        " RETURNING id",
        (verdict.content_id, verdict.source.value, checkpoint_id, name, sha256),
    ).fetchall()
    evidence = verdict.evidence
    id_ = int(
        run(
            "INSERT INTO verdict(id, content_id, source, checkpoint_id, checkpoint,"
            " checkpoint_sha256, grid_id, note, origin, evidence, engine, version, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, (SELECT id FROM grid WHERE id = ?), ?, ?, ?, ?, ?, ?)"
            " RETURNING id",
            (
                min((row[0] for row in replaced), default=None),
                verdict.content_id,
                verdict.source.value,
                checkpoint_id,
                name,
                sha256,
                verdict.grid_id,
                storable(verdict.note, NOTE_LIMIT),
                storable(verdict.origin, NAME_LIMIT),
                pack_evidence(evidence),
                storable(evidence.engine, NAME_LIMIT) if evidence else "",
                evidence.version if evidence else 1,
                verdict.created_at or time.time(),
            ),
        ).scalar_one()
    )
    rows = finding_rows(verdict, id_)
    if rows:
        run(
            "INSERT INTO verdict_finding(verdict_id, position, content_id, kind, word, low, high,"
            " sentence, numbers, dismissed, counts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            rows,
        )
    return id_
