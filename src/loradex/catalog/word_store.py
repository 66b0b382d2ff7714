"""A person's order and choice of trigger words. What sources say of them is never touched."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader
from loradex.domain.text import storable
from loradex.domain.trigger_words import (
    ChosenGroup,
    ChosenWord,
    Entry,
    WordGroup,
    arrange,
    fold_word,
)

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer

WORD_LIMIT = 1_024
NOTE_LIMIT = 2_000
NAME_LIMIT = 100

_ENTRIES = "SELECT text, folded, source, position FROM trigger_word WHERE content_id = ?"
_WORDS = (
    "SELECT group_key, folded, text, state, own, place FROM word_choice WHERE content_id = ?"
    " ORDER BY rowid"
)
_GROUPS = "SELECT key, name, note, place, state FROM word_group WHERE content_id = ?"


def word_groups(connection: sqlite3.Connection, content_id: int) -> tuple[WordGroup, ...]:
    """Return the trigger words of one content as its person wants them."""
    return arrange(
        [Entry(*row) for row in map(tuple, connection.execute(_ENTRIES, (content_id,)))],
        [ChosenWord(*row) for row in map(tuple, connection.execute(_WORDS, (content_id,)))],
        [ChosenGroup(*row) for row in map(tuple, connection.execute(_GROUPS, (content_id,)))],
    )


class WordStore:
    """Reads trigger words in groups, and writes what a person chooses."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def groups(self, content_id: int) -> tuple[WordGroup, ...]:
        """Return the groups of one model, the single words first."""
        with self._reader.connection() as connection:
            return word_groups(connection, content_id)

    def choose(self, content_id: int, choices: Sequence[ChosenWord]) -> None:
        """Write what a person says of words; a choice replaces the earlier one of its word.

        A word that is their own stays so.
        """
        rows = [
            (
                content_id,
                each.group_key,
                fold_word(each.text),
                storable(each.text, WORD_LIMIT),
                each.state,
                each.own,
                each.place,
            )
            for each in choices
        ]
        self._write(
            content_id,
            lambda connection: connection.exec_driver_sql(
                "INSERT INTO word_choice(content_id, group_key, folded, text, state, own, place)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(content_id, group_key, folded)"
                " DO UPDATE SET text = excluded.text, state = excluded.state,"
                " own = max(own, excluded.own), place = excluded.place",
                rows,
            ),
            rows,
        )

    def drop_own(self, content_id: int, group_key: str, words: Sequence[str]) -> None:
        """Remove words that are the person's own from a group."""
        rows = [(content_id, group_key, fold_word(word)) for word in words]
        self._write(
            content_id,
            lambda connection: connection.exec_driver_sql(
                "DELETE FROM word_choice WHERE content_id = ? AND group_key = ? AND folded = ?"
                " AND own = 1",
                rows,
            ),
            rows,
        )

    def choose_groups(self, content_id: int, groups: Sequence[ChosenGroup]) -> None:
        """Write what a person says of groups, whole: nothing of before is kept."""
        rows = [
            (
                content_id,
                each.key,
                storable(each.name, NAME_LIMIT),
                storable(each.note, NOTE_LIMIT),
                each.place,
                each.state,
            )
            for each in groups
        ]
        self._write(
            content_id,
            lambda connection: connection.exec_driver_sql(
                "INSERT OR REPLACE INTO word_group(content_id, key, name, note, place, state)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            ),
            rows,
        )

    def forget(self, content_id: int) -> None:
        """Take back all that a person said of a model's words: sources count again."""
        with self._writer.transaction() as connection:
            for table in ("word_choice", "word_group"):
                connection.exec_driver_sql(
                    f"DELETE FROM {table} WHERE content_id = ?", (content_id,)
                )
            self._writer.refresh(connection, [content_id])

    def chosen_groups(self, content_id: int) -> dict[str, ChosenGroup]:
        """Return what a person said of groups, by key."""
        rows = self._reader.rows_of(_GROUPS, (content_id,))
        groups = [ChosenGroup(*row) for row in rows]  # type: ignore[arg-type]
        return {group.key: group for group in groups}

    def same_stem(self, stem: str, kind: str, content_id: int) -> int:
        """Return how many other models of a kind lie in a file of this name, endings aside."""
        beginning = re.sub(r"([\\%_])", r"\\\1", stem)
        rows = self._reader.rows_of(
            "SELECT file_name FROM content WHERE kind = ? AND id <> ? AND state = 'present'"
            " AND file_name LIKE ? ESCAPE '\\'",
            (kind, content_id, f"{beginning}.%"),
        )
        return sum(PurePosixPath(str(row[0])).stem == stem for row in rows)

    def _write(
        self,
        content_id: int,
        change: Callable[[Connection], object],
        rows: Sequence[object],
    ) -> None:
        if not rows:
            return
        with self._writer.transaction() as connection:
            change(connection)
            self._writer.refresh(connection, [content_id])
