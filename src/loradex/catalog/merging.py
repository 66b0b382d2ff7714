"""Two contents that prove to be the same bytes become one, and nothing of either is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loradex.catalog.verdict_effect import settle_verdicts

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MOVED = (
    ("evidence", "content_id"),
    ("trigger_word", "content_id"),
    ("content_tag", "content_id"),
    ("collection_member", "content_id"),
    ("custom_value", "content_id"),
    ("word_choice", "content_id"),
    ("word_group", "content_id"),
    ("preference", "content_id"),
    ("match", "content_id"),
    ("grid_model", "content_id"),
)
"""Rows with a unique key: those the winner lacks move, the rest say what it already has."""

_POINTERS = (
    ("file", "content_id"),
    ("verdict", "content_id"),
    ("verdict", "checkpoint_id"),
    ("verdict_finding", "content_id"),
)


def merge_contents(connection: Connection, loser: int, winner: int) -> None:
    """Move everything of `loser` to `winner` and remove the empty row.

    Where both have a note, both are kept, one after the other; of two ratings the newer one stays.
    """
    run = connection.exec_driver_sql
    judged = _keep_newer_verdicts(connection, loser, winner)
    for table, column in _POINTERS:
        run(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (winner, loser))
    _keep_newer_tags(connection, loser, winner)
    for table, column in _MOVED:
        run(f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {column} = ?", (winner, loser))
        run(f"DELETE FROM {table} WHERE {column} = ?", (loser,))
    _merge_annotations(connection, loser, winner)
    run("DELETE FROM content_fts WHERE rowid = ?", (loser,))
    run("DELETE FROM content_fts_parts WHERE rowid = ?", (loser,))
    run("DELETE FROM content_fts_about WHERE rowid = ?", (loser,))
    run(
        "UPDATE content SET added_at = min(added_at, (SELECT added_at FROM content WHERE id = ?))"
        " WHERE id = ?",
        (loser, winner),
    )
    run("DELETE FROM content WHERE id = ?", (loser,))
    if judged:
        settle_verdicts(connection, judged)


def _keep_newer_tags(connection: Connection, loser: int, winner: int) -> None:
    """Where both have a person's word on one tag, on or off, let the later one stand."""
    connection.exec_driver_sql(
        "DELETE FROM content_tag WHERE content_id = ?1 AND source = 'person' AND EXISTS"
        " (SELECT 1 FROM content_tag AS other WHERE other.content_id = ?2"
        " AND other.tag_id = content_tag.tag_id AND other.source = 'person'"
        " AND other.added_at > content_tag.added_at)",
        (winner, loser),
    )


def _keep_newer_verdicts(connection: Connection, loser: int, winner: int) -> list[int]:
    """Of two words of one source on one checkpoint let the later one stand.

    Return the contents whose verdicts change, under the winner's id.
    """
    run = connection.exec_driver_sql
    these = (loser, winner)
    rows = run(
        "SELECT id, content_id, source, checkpoint_id, checkpoint FROM verdict"
        " WHERE content_id IN (?1, ?2) OR checkpoint_id IN (?1, ?2)"
        " ORDER BY created_at DESC, id DESC",
        these,
    ).fetchall()
    kept: set[tuple[object, ...]] = set()
    gone = []
    for id_, content_id, source, checkpoint_id, checkpoint in rows:
        on = winner if checkpoint_id == loser else checkpoint_id
        key = (winner if content_id == loser else content_id, source, on, on or checkpoint)
        if key in kept:
            gone.append((id_,))
        kept.add(key)
    if gone:
        run("DELETE FROM verdict WHERE id = ?", gone)
    return list({winner if row[1] == loser else row[1] for row in rows})


def _merge_annotations(connection: Connection, loser: int, winner: int) -> None:
    rows = {
        row.content_id: row
        for row in connection.exec_driver_sql(
            "SELECT * FROM annotation WHERE content_id IN (?, ?)", (loser, winner)
        )
    }
    if loser not in rows:
        return
    if winner not in rows:
        connection.exec_driver_sql(
            "UPDATE annotation SET content_id = ? WHERE content_id = ?", (winner, loser)
        )
        return
    ours, theirs = rows[winner], rows[loser]
    notes = dict.fromkeys(note for note in (ours.note, theirs.note) if note)
    newer, older = (ours, theirs) if ours.changed_at >= theirs.changed_at else (theirs, ours)
    connection.exec_driver_sql(
        "UPDATE annotation SET note = ?, rating = ?, favourite = ?, changed_at = ?,"
        " version = version + 1 WHERE content_id = ?",
        (
            "\n\n".join(notes),
            newer.rating if newer.rating is not None else older.rating,
            bool(ours.favourite or theirs.favourite),
            newer.changed_at,
            winner,
        ),
    )
    connection.exec_driver_sql("DELETE FROM annotation WHERE content_id = ?", (loser,))
