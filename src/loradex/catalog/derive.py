"""Recompute what lists show of a content from evidence, files, tags, words and notes.

Called after every edit, within its transaction, so that a list is never behind what was written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from loradex.catalog.effective import (
    COLUMNS,
    Derived,
    HubText,
    Note,
    Place,
    Stored,
    Told,
    derive,
)
from loradex.catalog.place_rows import put_places
from loradex.catalog.strength_effect import refresh_strengths
from loradex.catalog.tag_effect import refresh_effective_tags
from loradex.domain.evidence import Evidence, Source
from loradex.domain.trigger_words import ChosenGroup, ChosenWord, Entry

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CHUNK = 400

_STORED = "SELECT id, name, file_name, path, format FROM content WHERE id IN ({marks})"
_FILES = (
    "SELECT content_id, state, file.path, root, file.device, inode FROM file"
    " JOIN library ON library.id = library_id WHERE content_id IN ({marks})"
    " ORDER BY first_seen, mtime_ns, file.id"
)
_FACTS = (
    "SELECT content_id, field, value, source, confidence, seen_at FROM evidence"
    " WHERE content_id IN ({marks})"
)
_TAGS = (
    "SELECT content_id, name FROM content_tag JOIN tag ON tag.id = tag_id"
    " WHERE content_id IN ({marks}) GROUP BY content_id, tag_id HAVING max(removed) = 0"
    " ORDER BY name"
)
_WORDS = (
    "SELECT content_id, text, folded, source, position FROM trigger_word"
    " WHERE content_id IN ({marks}) ORDER BY position"
)
_CHOSEN_WORDS = (
    "SELECT content_id, group_key, folded, text, state, own, place FROM word_choice"
    " WHERE content_id IN ({marks})"
)
_CHOSEN_GROUPS = (
    "SELECT content_id, key, name, note, place, state FROM word_group WHERE content_id IN ({marks})"
)
_NOTES = "SELECT content_id, note, rating, favourite FROM annotation WHERE content_id IN ({marks})"
_MATCHES = (
    "SELECT content_id, m.name, v.name, m.creator, v.base_model, m.tags, m.description,"
    " v.description"
    " FROM match JOIN hub_version AS v ON v.hub = match.hub AND v.id = match.version_id"
    " LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
    " WHERE content_id IN ({marks})"
)

_Item = TypeVar("_Item")


def refresh(connection: Connection, content_ids: Iterable[int]) -> None:
    """Recompute the derived columns and the full-text rows of these contents."""
    ids = sorted(set(content_ids))
    for start in range(0, len(ids), _CHUNK):
        derived = {
            id_: derive(id_, told)
            for id_, told in _told(connection, ids[start : start + _CHUNK]).items()
        }
        _store_columns(connection, derived)
        _store_texts(connection, derived)
        put_places(connection, {id_: item.places for id_, item in derived.items()})
        refresh_effective_tags(connection, list(derived))
        refresh_strengths(connection, list(derived))


def _told(connection: Connection, ids: Sequence[int]) -> dict[int, Told]:
    """Read all that was told of these contents; ids that are gone are left out."""

    def grouped(sql: str, make: Callable[..., _Item]) -> Mapping[int, list[_Item]]:
        return _grouped(connection, sql, ids, make)

    files, facts = grouped(_FILES, Place), grouped(_FACTS, _evidence)
    tags, words = grouped(_TAGS, str), grouped(_WORDS, Entry)
    chosen, groups = grouped(_CHOSEN_WORDS, ChosenWord), grouped(_CHOSEN_GROUPS, ChosenGroup)
    notes, matches = grouped(_NOTES, Note), grouped(_MATCHES, HubText)
    return {
        id_: Told(
            stored[0],
            files.get(id_, ()),
            facts.get(id_, ()),
            tags.get(id_, ()),
            words.get(id_, ()),
            next(iter(notes.get(id_, ())), None),
            matches.get(id_, ()),
            chosen.get(id_, ()),
            groups.get(id_, ()),
        )
        for id_, stored in grouped(_STORED, Stored).items()
    }


def _grouped(
    connection: Connection, sql: str, ids: Sequence[int], make: Callable[..., _Item]
) -> Mapping[int, list[_Item]]:
    """Return the rows of each content, each made into an item; the first column is its id."""
    rows: dict[int, list[_Item]] = defaultdict(list)
    marks = ",".join("?" * len(ids))
    for id_, *values in connection.exec_driver_sql(sql.format(marks=marks), tuple(ids)):
        rows[id_].append(make(*values))
    return rows


def _evidence(field: str, value: str, source: str, confidence: float, seen_at: float) -> Evidence:
    return Evidence(field, value, Source(source), confidence, seen_at)


def _store_columns(connection: Connection, derived: Mapping[int, Derived]) -> None:
    if derived:
        connection.exec_driver_sql(
            f"UPDATE content SET {', '.join(f'{name} = ?' for name in COLUMNS)} WHERE id = ?",
            [(*item.columns, id_) for id_, item in derived.items()],
        )


_TEXTS = (
    ("content_fts", "name, words, tags, notes, about"),
    ("content_fts_parts", "name, file"),
    ("content_fts_about", "about"),
)
"""The full-text tables and their columns, in the order of `Derived`'s fields of texts."""


def _store_texts(connection: Connection, derived: Mapping[int, Derived]) -> None:
    """Write the full-text rows that differ: most edits touch neither names nor words."""
    for (table, columns), texts in zip(_TEXTS, _texts(derived), strict=True):
        if not texts:
            continue
        before = {
            row[0]: tuple(row[1:])
            for row in connection.exec_driver_sql(
                f"SELECT rowid, {columns} FROM {table}"
                f" WHERE rowid IN ({','.join('?' * len(texts))})",
                tuple(texts),
            )
        }
        different = {id_: text for id_, text in texts.items() if before.get(id_, ("",)) != text}
        known = [(id_,) for id_ in different if id_ in before]
        if known:
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE rowid = ?", known)
        _insert_texts(connection, table, columns, different)


def store_new(connection: Connection, derived: Mapping[int, Derived]) -> None:
    """Write the full-text rows and the places of contents that have none yet."""
    for (table, columns), texts in zip(_TEXTS, _texts(derived), strict=True):
        _insert_texts(connection, table, columns, texts)
    put_places(connection, {id_: item.places for id_, item in derived.items()}, new=True)


def _texts(derived: Mapping[int, Derived]) -> Sequence[Mapping[int, tuple[str, ...]]]:
    return (
        {id_: item.words for id_, item in derived.items()},
        {id_: item.parts for id_, item in derived.items()},
        {id_: item.about for id_, item in derived.items()},
    )


def _insert_texts(
    connection: Connection, table: str, columns: str, texts: Mapping[int, tuple[str, ...]]
) -> None:
    rows = [(id_, *text) for id_, text in texts.items() if any(text)]
    if rows:
        marks = ", ".join("?" * (columns.count(",") + 2))
        connection.exec_driver_sql(f"INSERT INTO {table}(rowid, {columns}) VALUES ({marks})", rows)
