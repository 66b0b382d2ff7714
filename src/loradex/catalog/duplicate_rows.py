"""What a search for duplicates reads: candidates by digest and name, their facts and places."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from loradex.catalog.hub_order import rank_of
from loradex.catalog.reader import Reader, chunks
from loradex.domain.duplicates import Yours
from loradex.domain.hashes import EMPTY_SHA256

_AT_ONCE = 5_000
_NOTHING_SAID = Yours()
_EMPTY_AUTOV3 = EMPTY_SHA256[:12]


class Outline(NamedTuple):
    """As much of a content as finding its namesakes takes."""

    id: int
    file_name: str
    kind: str
    base: str | None
    variant: str | None
    algorithm: str | None
    rank: int | None


class HubFacts(NamedTuple):
    """The version that a content is, and which of its files. Unknown is None."""

    hub: str
    model_id: int
    version_id: int
    model_name: str | None
    version_name: str
    published_at: str | None
    file_name: str | None


class Facts(NamedTuple):
    """What comparing one content with another takes."""

    id: int
    name: str
    file_name: str
    path: str
    kind: str
    base: str | None
    derivative: str | None
    variant: str | None
    algorithm: str | None
    rank: int | None
    dtype: str | None
    quantisation: str | None
    format: str
    parts: tuple[str, ...]
    size: int
    sha256: str | None
    matched: bool
    added_at: float
    header_bytes: int
    tensor_count: int
    yours: Yours
    hub: HubFacts | None


class Training(NamedTuple):
    """What a trainer wrote of the run; empty text where it wrote nothing."""

    session: str = ""
    started: str = ""
    output_name: str = ""
    epoch: str = ""
    steps: str = ""


class PlaceRow(NamedTuple):
    """A place where a content was present at the last scan."""

    content_id: int
    library: str
    root: bytes
    raw_path: bytes
    path: str
    size: int
    mtime_ns: int
    hashed: bool
    folder: bool
    """A diffusers folder, which has no digest of its own."""


class DuplicateRows:
    """The reading side of the duplicates report."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def outlines(self) -> Iterator[Outline]:
        """Yield every present content, in no particular order."""
        with self._reader.connection() as connection:
            for row in connection.execute(
                "SELECT id, file_name, kind, base, variant, algorithm, rank FROM content"
                " WHERE state = 'present' AND NOT partial"
            ):
                yield Outline._make(row)

    def further_outlines(self, ids: Sequence[int]) -> Iterator[Outline]:
        """Yield these contents under the names of all places where they are present."""
        with self._reader.connection() as connection:
            for chunk in chunks(ids, _AT_ONCE):
                for row in connection.execute(_FURTHER, (json.dumps(list(chunk)),)):
                    yield Outline(row[0], row[1].rpartition("/")[2], *row[2:])

    def in_several_places(self) -> list[int]:
        """Return the contents that are present in more than one place."""
        return self._ids(
            "SELECT content_id FROM file WHERE state = 'present' AND content_id IS NOT NULL"
            " GROUP BY content_id HAVING count(*) > 1"
        )

    def of_same_tensors(self) -> list[tuple[str, int]]:
        """Return AutoV3 and id of contents whose tensors' digest others have as well."""
        rows = self._reader.rows_of(
            "SELECT autov3, id FROM content WHERE state = 'present' AND autov3 IN (SELECT autov3"
            " FROM content WHERE autov3 <> ? GROUP BY autov3 HAVING count(*) > 1) ORDER BY 1, 2",
            (_EMPTY_AUTOV3,),
        )
        return [(str(row[0]), int(str(row[1]))) for row in rows]

    def of_same_hub_model(self) -> list[int]:
        """Return the contents that share a model of the hub with another one."""
        return self._ids(
            "SELECT content_id FROM match JOIN (SELECT hub, model_id FROM match"
            " GROUP BY hub, model_id HAVING count(*) > 1) AS several USING (hub, model_id)"
        )

    def facts(self, ids: Sequence[int]) -> dict[int, Facts]:
        """Return the facts of these contents; those that are not present are left out."""
        found: dict[int, Facts] = {}
        parts: dict[str, tuple[str, ...]] = {}
        for chunk in chunks(ids, _AT_ONCE):
            wanted = json.dumps(list(chunk))
            hubs = self._hub_facts(wanted)
            yours = self._yours(wanted)
            with self._reader.connection() as connection:
                for row in connection.execute(_FACTS, (wanted,)):
                    id_, stored = row[0], row[13]
                    if stored not in parts:
                        parts[stored] = tuple(json.loads(stored))
                    found[id_] = Facts._make(
                        (
                            *row[:13],
                            parts[stored],
                            *row[14:20],
                            yours.get(id_, _NOTHING_SAID),
                            hubs.get(id_),
                        )
                    )
        return found

    def trainings(self, ids: Sequence[int]) -> dict[int, Training]:
        """Return what the headers of these contents say of their training."""
        found: dict[int, Training] = {}
        with self._reader.connection() as connection:
            for chunk in chunks(ids, _AT_ONCE):
                for id_, stored in connection.execute(_TRAININGS, (json.dumps(list(chunk)),)):
                    found[id_] = Training(*map(_text, json.loads(stored)))
        return found

    def places(self, ids: Sequence[int]) -> Iterator[PlaceRow]:
        """Yield the places where these are present, by content, those known longest first."""
        with self._reader.connection() as connection:
            for chunk in chunks(ids, _AT_ONCE):
                yield from map(
                    PlaceRow._make, connection.execute(_PLACES, (json.dumps(list(chunk)),))
                )

    def unhashed(self) -> tuple[int, int]:
        """Return number and bytes of the present files that were never read in full."""
        ((files, nbytes),) = self._reader.rows_of(
            "SELECT count(*), coalesce(sum(file.size), 0) FROM file JOIN content ON content.id ="
            " content_id WHERE file.state = 'present' AND hashed_at IS NULL"
            " AND format <> 'diffusers'"
        )
        return int(str(files)), int(str(nbytes))

    def _ids(self, sql: str) -> list[int]:
        return [int(str(row[0])) for row in self._reader.rows_of(sql)]

    def _hub_facts(self, wanted: str) -> dict[int, HubFacts]:
        found: dict[int, HubFacts] = {}
        with self._reader.connection() as connection:
            for row in connection.execute(_HUB, (wanted,)):
                found.setdefault(row[0], HubFacts(*row[1:]))
        return found

    def _yours(self, wanted: str) -> dict[int, Yours]:
        """Return what a person has said, of those contents of which there is anything."""
        tags = self._by_content(_TAGS, wanted)
        counts = {name: dict(self._pairs(sql, wanted)) for name, sql in _COUNTS.items()}
        notes = self._by_content(_NOTES, wanted)
        said = {*tags, *notes, *(id_ for counted in counts.values() for id_ in counted)}
        found = {}
        for id_ in said:
            rating, favourite, note = next(iter(notes.get(id_, ())), (None, 0, 0))
            found[id_] = Yours(
                rating=rating,  # type: ignore[arg-type]
                favourite=bool(favourite),
                note=bool(note),
                tags=tuple(str(tag) for (tag,) in tags.get(id_, ())),
                **{name: int(str(counted.get(id_, 0))) for name, counted in counts.items()},
            )
        return found

    def _pairs(self, sql: str, wanted: str) -> Iterable[tuple[int, object]]:
        return ((int(str(row[0])), row[1]) for row in self._reader.rows_of(sql, (wanted,)))

    def _by_content(self, sql: str, wanted: str) -> dict[int, list[tuple[object, ...]]]:
        found: dict[int, list[tuple[object, ...]]] = {}
        for row in self._reader.rows_of(sql, (wanted,)):
            found.setdefault(int(str(row[0])), []).append(row[1:])
        return found


def _text(value: object) -> str:
    return "" if value is None else str(value)


_WANTED = "(SELECT value FROM json_each(?))"

_FURTHER = (
    "SELECT content.id, file.path, kind, base, variant, algorithm, rank FROM file JOIN content"
    f" ON content.id = content_id WHERE content_id IN {_WANTED} AND file.state = 'present'"
    " AND NOT partial"
)
_FACTS = (
    "SELECT id, name, file_name, path, kind, base, derivative, variant, algorithm, rank, dtype,"
    " quantisation, format, parts, size, sha256, matched, added_at, coalesce(header_bytes, 0),"
    " coalesce(tensor_count, 0) FROM content LEFT JOIN content_header ON content_id = id"
    f" WHERE id IN {_WANTED} AND state = 'present'"
)
_TRAININGS = (
    "SELECT content_id, json_extract(metadata_json, '$.ss_session_id',"
    " '$.ss_training_started_at', '$.ss_output_name', '$.ss_epoch',"
    f" '$.ss_steps') FROM content_header WHERE content_id IN {_WANTED}"
)
_PLACES = (
    "SELECT content_id, library.name, raw_root, raw_path, root || '/' || file.path, file.size,"
    " mtime_ns, hashed_at IS NOT NULL AND sha256 IS NOT NULL, format = 'diffusers' FROM file"
    " JOIN library ON library.id = library_id JOIN content ON content.id = content_id"
    f" WHERE content_id IN {_WANTED} AND file.state = 'present'"
    " ORDER BY content_id, first_seen, file.id"
)
_HUB = (
    "SELECT content_id, match.hub, match.model_id, match.version_id, m.name, v.name,"
    " v.published_at, f.name FROM match JOIN content ON content.id = content_id"
    " JOIN hub_version AS v ON v.hub = match.hub AND v.id = match.version_id"
    " LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
    " LEFT JOIN hub_file AS f ON f.hub = match.hub AND f.version_id = match.version_id"
    " AND f.sha256 = content.sha256"
    f" WHERE content_id IN {_WANTED} ORDER BY content_id, {rank_of('match.hub')},"
    " match.confidence DESC, matched_at, f.position"
)
_NOTES = (
    "SELECT content_id, rating, favourite, note <> '' FROM annotation"
    f" WHERE content_id IN {_WANTED}"
    " AND (rating IS NOT NULL OR favourite OR note <> '')"
)
_TAGS = (
    "SELECT content_id, name FROM content_tag JOIN tag ON tag.id = tag_id"
    f" WHERE content_id IN {_WANTED} AND source = 'person' AND NOT removed ORDER BY name"
)
_COUNTS = {
    name: f"SELECT content_id, count(*) FROM {table} WHERE content_id IN {_WANTED}{of_person}"
    " GROUP BY content_id"
    for name, table, of_person in (
        ("verdicts", "verdict", " AND source = 'person'"),
        ("collections", "collection_member", ""),
        ("fields", "custom_value", ""),
    )
}
