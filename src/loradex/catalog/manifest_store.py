"""Find contents by the digests of a manifest, and write what a person said of them elsewhere."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from loradex.catalog.folding import folded
from loradex.catalog.manifest_rows import ManifestRows
from loradex.catalog.tag_names import named_tags
from loradex.catalog.verdict_transfer import put_told
from loradex.domain.manifest import Change, Own
from loradex.domain.preferences import FIELDS
from loradex.domain.tags import fold_tag
from loradex.domain.trigger_words import fold_word

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.reader import Reader
    from loradex.catalog.writer import Writer


class ManifestStore:
    """The writing side of `loradex import`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def by_sha256(self, digests: Iterable[str]) -> dict[str, int]:
        """Return the contents that have these SHA256."""
        return self._by("sha256", digests)

    def by_fingerprint(self, digests: Iterable[str]) -> dict[str, tuple[int, str | None]]:
        """Return the contents that have these quick digests, each with its SHA256 if known.

        One that several contents have names none of them.
        """
        found: dict[str, list[tuple[int, str | None]]] = defaultdict(list)
        for digest, id_, sha256 in self._reader.rows_of(
            "SELECT fingerprint, id, sha256 FROM content WHERE fingerprint IN"
            " (SELECT value FROM json_each(?))",
            (json.dumps(list(digests)),),
        ):
            known = None if sha256 is None else str(sha256)
            found[str(digest)].append((int(str(id_)), known))
        return {digest: ids[0] for digest, ids in found.items() if len(ids) == 1}

    def own(self, content_ids: Sequence[int]) -> dict[int, Own]:
        """Return what the person here said of these contents."""
        rows = ManifestRows(self._reader)
        words = self._words(content_ids)
        found = {}
        for id_, entry in zip(content_ids, rows.entries(content_ids), strict=True):
            found[id_] = Own(
                tags=frozenset(map(fold_tag, entry.own_tags)),
                hidden_tags=frozenset(map(fold_tag, entry.hidden_tags)),
                words=frozenset(words.get(id_, ())),
                note=entry.note,
                rating=entry.rating,
                favourite=entry.favourite,
                collections=frozenset(map(folded, entry.collections)),
                preferences=entry.preferences,
                fields={field.name: (field.type, field.value) for field in entry.fields},
                verdicts=entry.verdicts,
            )
        return found

    def _words(self, content_ids: Sequence[int]) -> dict[int, set[str]]:
        """Return the words that anybody says of these contents, folded, and those that went."""
        found: dict[int, set[str]] = defaultdict(set)
        for table in ("trigger_word", "word_choice"):
            for id_, text in self._reader.rows_of(
                f"SELECT content_id, text FROM {table}"
                " WHERE content_id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(content_ids)),),
            ):
                found[int(str(id_))].add(fold_word(str(text)))
        return found

    def field_types(self) -> dict[str, str]:
        """Return the type of each field that the person here added."""
        return {
            str(row[0]): str(row[1])
            for row in self._reader.rows_of("SELECT name, type FROM custom_field")
        }

    def smart_collections(self) -> frozenset[str]:
        """Return the folded names of collections that nothing can be picked into."""
        rows = self._reader.rows_of("SELECT folded FROM collection WHERE query IS NOT NULL")
        return frozenset(str(row[0]) for row in rows)

    def meanings(self, tags: Iterable[str]) -> dict[str, str]:
        """Return the folded tag that each alias among these folded names stands for."""
        return {
            str(row[0]): str(row[1])
            for row in self._reader.rows_of(
                "SELECT tag_alias.folded, tag.folded FROM tag_alias JOIN tag ON tag.id = tag_id"
                " WHERE tag_alias.folded IN (SELECT value FROM json_each(?))",
                (json.dumps(list(tags)),),
            )
        }

    def apply(self, changes: Sequence[Change]) -> None:
        """Make these changes in one transaction."""
        now = time.time()
        with self._writer.transaction() as connection:
            _put_tags(connection, changes, now)
            _put_words(connection, changes)
            _put_annotations(connection, changes, now)
            _put_collections(connection, changes, now)
            _put_preferences(connection, changes, now)
            _put_fields(connection, changes, now)
            put_told(
                connection,
                [(change.content_id, told) for change in changes for told in change.verdicts],
            )
            self._writer.refresh(connection, [change.content_id for change in changes])

    def _by(self, column: str, digests: Iterable[str]) -> dict[str, int]:
        return {
            str(row[0]): int(str(row[1]))
            for row in self._reader.rows_of(
                f"SELECT {column}, id FROM content WHERE {column} IN"
                " (SELECT value FROM json_each(?))",
                (json.dumps(list(digests)),),
            )
        }


def _put_tags(connection: Connection, changes: Sequence[Change], now: float) -> None:
    names = [name for change in changes for name in (*change.add_tags, *change.hide_tags)]
    ids = named_tags(connection, names, revive=True)
    rows = [
        (change.content_id, ids[fold_tag(name)], removed, now)
        for change in changes
        for names_, removed in ((change.add_tags, False), (change.hide_tags, True))
        for name in names_
        if fold_tag(name) in ids
    ]
    if rows:
        connection.exec_driver_sql(
            "INSERT INTO content_tag(content_id, tag_id, source, removed, confidence, detail, rule,"
            " added_at) VALUES (?, ?, 'person', ?, 1.0, 'from a manifest', '', ?)"
            " ON CONFLICT(content_id, tag_id, source) DO UPDATE SET removed = excluded.removed,"
            " detail = excluded.detail, added_at = excluded.added_at",
            rows,
        )


def _put_words(connection: Connection, changes: Sequence[Change]) -> None:
    """Add words of the person's own, to those that stand alone."""
    rows = [
        (change.content_id, fold_word(word), word)
        for change in changes
        for word in change.add_words
    ]
    if rows:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO word_choice(content_id, group_key, folded, text, state, own)"
            " VALUES (?, '', ?, ?, 'on', 1)",
            rows,
        )


def _put_annotations(connection: Connection, changes: Sequence[Change], now: float) -> None:
    rows = [
        (change.note, change.rating, change.favourite, now, change.content_id)
        for change in changes
        if (change.note, change.rating, change.favourite) != (None, None, None)
    ]
    if not rows:
        return
    run = connection.exec_driver_sql
    run(
        "INSERT OR IGNORE INTO annotation(content_id, note, favourite, changed_at, version)"
        " VALUES (?, '', 0, ?, 0)",
        [(row[-1], now) for row in rows],
    )
    run(
        "UPDATE annotation SET note = coalesce(?, note), rating = coalesce(?, rating),"
        " favourite = coalesce(?, favourite), changed_at = ?, version = version + 1"
        " WHERE content_id = ?",
        rows,
    )


def _put_collections(connection: Connection, changes: Sequence[Change], now: float) -> None:
    names = dict.fromkeys(name for change in changes for name in change.collections)
    if not names:
        return
    run = connection.exec_driver_sql
    run(
        "INSERT OR IGNORE INTO collection(name, folded, created_at) VALUES (?, ?, ?)",
        [(name, folded(name), now) for name in names],
    )
    run(
        "INSERT OR IGNORE INTO collection_member(collection_id, content_id, position)"
        " SELECT id, ?1, (SELECT coalesce(max(position), -1) + 1 FROM collection_member"
        " WHERE collection_id = collection.id) FROM collection WHERE folded = ?2 AND query IS NULL",
        [(change.content_id, folded(name)) for change in changes for name in change.collections],
    )


def _put_preferences(connection: Connection, changes: Sequence[Change], now: float) -> None:
    run = connection.exec_driver_sql
    for change in changes:
        known: Mapping[str, float | int | str] = {
            name: value for name, value in change.preferences.items() if name in FIELDS
        }
        if known:
            run(
                "INSERT OR IGNORE INTO preference(content_id, changed_at) VALUES (?, ?)",
                (change.content_id, now),
            )
            run(
                f"UPDATE preference SET {', '.join(f'{name} = ?' for name in known)},"
                " changed_at = ? WHERE content_id = ?",
                (*known.values(), now, change.content_id),
            )


def _put_fields(connection: Connection, changes: Sequence[Change], now: float) -> None:
    fields = [(change.content_id, field) for change in changes for field in change.fields]
    if not fields:
        return
    run = connection.exec_driver_sql
    run(
        "INSERT OR IGNORE INTO custom_field(name, type, choices, created_at)"
        " VALUES (?, ?, '[]', ?)",
        [(field.name, field.type, now) for _, field in fields],
    )
    run(
        "INSERT INTO custom_value(content_id, field_id, text_value, folded_value, number_value)"
        " SELECT ?, id, ?, ?, ? FROM custom_field WHERE name = ? ON CONFLICT(content_id, field_id)"
        " DO UPDATE SET text_value = excluded.text_value, folded_value = excluded.folded_value,"
        " number_value = excluded.number_value",
        [
            (
                id_,
                *(
                    (field.value, folded(field.value), None)
                    if isinstance(field.value, str)
                    else (None, None, field.value)
                ),
                field.name,
            )
            for id_, field in fields
        ],
    )
