"""Verdicts on their way to another catalog and from there: checkpoints are known by digests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.catalog.verdict_effect import settle_verdicts
from loradex.catalog.verdict_rows import read_verdicts
from loradex.catalog.verdict_store import write_verdict
from loradex.domain.manifest import ToldVerdict
from loradex.domain.verdicts import Verdict

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Connection

_DIGESTS = (
    "SELECT v.id, coalesce(c.sha256, checkpoint_sha256) FROM verdict AS v"
    " LEFT JOIN content AS c ON c.id = checkpoint_id"
    " WHERE v.content_id IN (SELECT value FROM json_each(?))"
)


def told_verdicts(
    connection: sqlite3.Connection, content_ids: Sequence[int]
) -> dict[int, tuple[ToldVerdict, ...]]:
    """Return what is said of each of these contents, without the numbers of curves."""
    wanted = (json.dumps(list(content_ids)),)
    digests = dict(map(tuple, connection.execute(_DIGESTS, wanted)))
    found: dict[int, list[ToldVerdict]] = {}
    for each in read_verdicts(
        connection, "v.content_id IN (SELECT value FROM json_each(?))", wanted, evidence=False
    ):
        told = ToldVerdict(
            source=each.source,
            findings=each.findings,
            dismissed=each.dismissed,
            checkpoint=each.checkpoint,
            checkpoint_sha256=digests.get(each.id),
            note=each.note,
            created_at=each.created_at,
            origin=each.origin,
        )
        found.setdefault(each.content_id, []).append(told)
    return {id_: tuple(some) for id_, some in found.items()}


def put_told(connection: Connection, told: Sequence[tuple[int, ToldVerdict]]) -> None:
    """Write what a manifest says of contents; the caller knows that nothing better is replaced."""
    for content_id, one in told:
        on = connection.exec_driver_sql(
            "SELECT id FROM content WHERE sha256 = ?", (one.checkpoint_sha256,)
        ).scalar()
        verdict = Verdict(
            content_id,
            one.findings,
            one.source,
            checkpoint_id=on,
            checkpoint=one.checkpoint,
            note=one.note,
            created_at=one.created_at,
            dismissed=one.dismissed,
            origin=one.origin,
        )
        write_verdict(connection, verdict, checkpoint_sha256=one.checkpoint_sha256)
    if told:
        settle_verdicts(connection, {content_id for content_id, _ in told})
