"""What a person writes about a model: tags, notes, ratings. No scan or match comes here."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader, chunks
from loradex.catalog.tag_names import named_tags
from loradex.catalog.writer import BULK
from loradex.domain.evidence import Source
from loradex.domain.tags import fold_tag
from loradex.domain.text import storable
from loradex.errors import CatalogError, UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer

NOTE_LIMIT = 100_000


class PersonStore:
    """Tags, notes, ratings and favourites."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def tags(self) -> list[tuple[str, int]]:
        """Return every tag that shows on some model, with how many, by name."""
        return [
            (str(row[0]), int(str(row[1])))
            for row in self._reader.rows_of(
                "SELECT tag.value, count(*) FROM content, json_each(content.tags) AS tag"
                " GROUP BY 1 ORDER BY 1 COLLATE NOCASE"
            )
        ]

    def tags_of(self, content_ids: Sequence[int]) -> dict[str, list[int]]:
        """Return the tags that show on these models, each with the models that have it."""
        found: dict[str, list[int]] = {}
        for id_, tag in self._reader.rows_of(
            "SELECT content.id, tag.value FROM content, json_each(content.tags) AS tag"
            " WHERE content.id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(content_ids)),),
        ):
            found.setdefault(str(tag), []).append(int(str(id_)))
        return found

    def tag_counts(self, content_ids: Sequence[int]) -> dict[str, int]:
        """Return the tags that show on these models, each with how many have it."""
        rows = self._reader.rows_of(
            "SELECT tag.value, count(*) FROM content, json_each(content.tags) AS tag"
            " WHERE content.id IN (SELECT value FROM json_each(?)) GROUP BY 1",
            (json.dumps(list(content_ids)),),
        )
        return {str(tag): int(str(count)) for tag, count in rows}

    def removed_tags(self, content_ids: Sequence[int]) -> dict[int, frozenset[str]]:
        """Return the tags a person took off these models, folded; models without are left out."""
        found: dict[int, set[str]] = {}
        for chunk in chunks(content_ids):
            marks = ",".join("?" * len(chunk))
            for id_, folded in self._reader.rows_of(
                "SELECT content_id, folded FROM content_tag JOIN tag ON tag.id = tag_id"
                f" WHERE content_id IN ({marks}) AND removed",
                chunk,
            ):
                found.setdefault(int(str(id_)), set()).add(str(folded))
        return {id_: frozenset(tags) for id_, tags in found.items()}

    def add_tags(
        self,
        content_ids: Sequence[int],
        tags: Sequence[str],
        source: Source = Source.PERSON,
        detail: str = "",
    ) -> None:
        """Put tags on models. A person's tag takes back that person's own removal of it."""
        self._write_tags(content_ids, tags, source, detail, removed=False)

    def remove_tags(self, content_ids: Sequence[int], tags: Sequence[str]) -> None:
        """Take tags off models for good: no other source brings them back."""
        self._write_tags(content_ids, tags, Source.PERSON, "", removed=True)

    def forget_tags(self, content_ids: Sequence[int], tags: Sequence[str]) -> None:
        """Take back what a person said of tags on models, on or off: other sources count again."""
        folded = [fold_tag(tag) for tag in tags]
        for some in chunks(content_ids, BULK):
            with self._writer.transaction() as connection:
                connection.exec_driver_sql(
                    "DELETE FROM content_tag WHERE content_id = ?1 AND source = 'person'"
                    " AND tag_id IN (SELECT id FROM tag WHERE folded = ?2"
                    " UNION ALL SELECT tag_id FROM tag_alias WHERE folded = ?2)",
                    [(id_, name) for id_ in some for name in folded],
                )
                self._writer.refresh(connection, some)

    def set_note(self, content_id: int, text: str, *, expected_version: int | None = None) -> None:
        """Replace a model's note; an empty one removes it.

        With `expected_version` (`ModelDetails.note_version`, as it was when the person began to
        write) nothing is written and `CatalogError` is raised when somebody else wrote meanwhile.
        Raises `UsageError` for a text that is too long.
        """
        note = _whole_note(text)
        with self._annotating([content_id]) as connection:
            changed = connection.exec_driver_sql(
                "UPDATE annotation SET note = ?1, changed_at = ?2, version = version + 1"
                " WHERE content_id = ?3 AND version = coalesce(?4, version)",
                (note, time.time(), content_id, expected_version),
            ).rowcount
            if not changed:
                raise CatalogError(
                    "What is written about this model has changed meanwhile: the note was not"
                    " saved.",
                    hint="Look at it as it is now, and write yours again.",
                )

    def append_note(self, content_id: int, text: str) -> None:
        """Add a text below a model's note; raise `UsageError` when that gets too long."""
        addition = _whole_note(text)
        with self._annotating([content_id]) as connection:
            changed = connection.exec_driver_sql(
                "UPDATE annotation SET note = note || iif(note = '', '', char(10)) || ?1,"
                " changed_at = ?2, version = version + 1"
                " WHERE content_id = ?3 AND length(note) + 1 + length(?1) <= ?4",
                (addition, time.time(), content_id, NOTE_LIMIT),
            ).rowcount
            if not changed:
                raise _too_long("With this below it, the note would have")

    def set_rating(self, content_ids: Sequence[int], rating: int | None) -> None:
        """Rate models 1 to 5; None takes the rating back."""
        self._annotate(content_ids, "rating", rating)

    def set_favourite(self, content_ids: Sequence[int], favourite: bool) -> None:
        """Mark models as favourites, or no longer."""
        self._annotate(content_ids, "favourite", favourite)

    def _annotate(self, content_ids: Sequence[int], column: str, value: int | None) -> None:
        now = time.time()
        for some in chunks(content_ids, BULK):
            with self._annotating(some) as connection:
                connection.exec_driver_sql(
                    f"UPDATE annotation SET {column} = ?, changed_at = ?, version = version + 1"
                    " WHERE content_id = ?",
                    [(value, now, id_) for id_ in some],
                )

    @contextmanager
    def _annotating(self, content_ids: Sequence[int]) -> Iterator[Connection]:
        """Give a transaction in which these models have a row to write to."""
        now = time.time()
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "INSERT OR IGNORE INTO annotation(content_id, note, favourite, changed_at, version)"
                " VALUES (?, '', 0, ?, 0)",
                [(id_, now) for id_ in content_ids],
            )
            yield connection
            self._writer.refresh(connection, content_ids)

    def _write_tags(
        self,
        content_ids: Sequence[int],
        tags: Sequence[str],
        source: Source,
        detail: str,
        *,
        removed: bool,
    ) -> None:
        names = [tag for tag in tags if fold_tag(tag)]
        if not names or not content_ids:
            return
        now = time.time()
        for some in chunks(content_ids, BULK):
            self._write_some_tags(
                some,
                names,
                source=source,
                detail=storable(detail, 1024),
                now=now,
                removed=removed,
            )

    def _write_some_tags(
        self,
        content_ids: Sequence[int],
        names: Sequence[str],
        *,
        source: Source,
        detail: str,
        now: float,
        removed: bool,
    ) -> None:
        with self._writer.transaction() as connection:
            run = connection.exec_driver_sql
            tags = set(named_tags(connection, names, revive=source is Source.PERSON).values())
            if not tags:
                return
            run(
                "INSERT INTO content_tag(content_id, tag_id, source, removed, confidence, detail,"
                " rule, added_at) VALUES (?, ?, ?, ?, 1.0, ?, '', ?)"
                " ON CONFLICT(content_id, tag_id, source) DO UPDATE SET removed = excluded.removed,"
                " detail = excluded.detail, added_at = excluded.added_at",
                [
                    (id_, tag_id, source.value, removed, detail, now)
                    for id_ in content_ids
                    for tag_id in tags
                ],
            )
            self._writer.refresh(connection, content_ids)


def _whole_note(text: str) -> str:
    """Return a note as it is kept, never cut."""
    note = storable(text, len(text))
    if len(note) > NOTE_LIMIT:
        raise _too_long(f"This note has {len(note):,} characters:")
    return note


def _too_long(what: str) -> UsageError:
    return UsageError(
        f"{what} more than the {NOTE_LIMIT:,} characters that a note may have.",
        hint="Shorten it, or keep the rest in a file of your own.",
    )
