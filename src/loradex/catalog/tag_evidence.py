"""What tagging rules and taggers look at, read for many models at once."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from loradex.catalog.reader import Reader, chunks, texts
from loradex.domain.text import storable

MOST_FOLDERS = 20
_LONGEST_TABLE = 512 * 1024
_LONGEST_NAME = 200
_REPEATS = re.compile(r"[0-9]{1,6}_")


class _Metadata(msgspec.Struct):
    """The two of kohya's tables that have training folders for keys, JSON in JSON."""

    ss_dataset_dirs: str = ""
    ss_tag_frequency: str = ""


# Headers are megabytes in a library of thousands: this reads them several times quicker than
# SQLite's own JSON functions do.
_metadata = msgspec.json.Decoder(_Metadata)
_captions = msgspec.json.Decoder(tuple[tuple[str, int], ...])
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw])

_ROWS = (
    "SELECT content.id, content.name, content.file_name, content.path, content.kind, content.base,"
    " content.derivative, content.content_level, header.tag_counts, header.metadata_json"
    " FROM content LEFT JOIN content_header AS header ON header.content_id = content.id"
    " WHERE content.id IN ({marks})"
)
_HUBS = (
    "SELECT match.content_id, m.name, m.type, m.tags FROM match"
    " JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
    " WHERE match.content_id IN ({marks}) ORDER BY match.confidence"
)


@dataclass(frozen=True, slots=True)
class TagFacts:
    """One model, as `loradex.plugin_api.TaggerInput` describes it; `path` is absolute."""

    content_id: int
    name: str
    file_name: str
    path: str
    kind: str
    base: str | None
    derivative: str | None
    content_level: int | None
    captions: tuple[tuple[str, int], ...]
    training_folders: tuple[str, ...]
    hub_name: str
    hub_type: str
    hub_tags: tuple[str, ...]


class TagEvidence:
    """Reads the evidence. A thousand models take some tens of milliseconds."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def of(self, content_ids: Sequence[int]) -> list[TagFacts]:
        """Return the facts of these models in that order; those that are gone are left out."""
        found: dict[int, TagFacts] = {}
        with self._reader.connection() as connection:
            for some in chunks(content_ids):
                _read(connection, some, found)
        return [found[id_] for id_ in content_ids if id_ in found]


def _read(
    connection: sqlite3.Connection, content_ids: Sequence[int], found: dict[int, TagFacts]
) -> None:
    marks, ids = ",".join("?" * len(content_ids)), tuple(content_ids)
    hubs = {row[0]: row[1:] for row in connection.execute(_HUBS.format(marks=marks), ids)}
    for row in connection.execute(_ROWS.format(marks=marks), ids):
        hub_name, hub_type, hub_tags = hubs.get(row[0], ("", "", "[]"))
        found[row[0]] = TagFacts(
            content_id=row[0],
            name=row[1],
            file_name=row[2],
            path=row[3],
            kind=row[4],
            base=row[5],
            derivative=row[6],
            content_level=row[7],
            captions=_captions.decode(row[8] or "[]"),
            training_folders=_training_folders(row[9]),
            hub_name=hub_name or "",
            hub_type=hub_type or "",
            hub_tags=texts(hub_tags or "[]"),
        )


def _training_folders(metadata: str | None) -> tuple[str, ...]:
    """Return the names of training folders that a header's metadata knows."""
    if not metadata or "ss_" not in metadata:
        return ()
    try:
        tables = _metadata.decode(metadata)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ()
    return _folders(tables.ss_dataset_dirs) or _folders(tables.ss_tag_frequency)


def _folders(table: str) -> tuple[str, ...]:
    """Return the names of training folders: the keys of one of kohya's tables, `10_` cut off.

    What is no such table, or was cut where it is too long, has none.
    """
    if len(table) > _LONGEST_TABLE or not table.startswith("{"):
        return ()
    try:
        keys = _keys.decode(table)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ()
    names: dict[str, None] = {}
    for key in keys:
        last = re.split(r"[\\/]", key[-1_000:])[-1]  # on some systems it is the whole path
        name = storable(_REPEATS.sub("", last, count=1).strip(), _LONGEST_NAME)
        if name:
            names.setdefault(name)
        if len(names) >= MOST_FOLDERS:
            break
    return tuple(names)
