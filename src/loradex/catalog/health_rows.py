"""What a check-up reads of the catalog: every place with its facts, and models without any."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import NamedTuple

from loradex.catalog.reader import Reader


class PlaceFacts(NamedTuple):
    """A place and what lies there. Texts are as stored; times are Unix seconds."""

    file_id: int
    content_id: int | None
    library_id: int
    raw_path: bytes
    path: str
    """Relative to the library."""
    state: str
    problem: str | None
    size: int
    mtime_ns: int
    device: int
    inode: int
    first_seen: float
    hashed_at: float | None
    verified_at: float | None
    """0 when its bytes were found to be others."""
    kind: str | None
    format: str | None
    safety: str | None
    sha256: str | None


class Placeless(NamedTuple):
    """A model of which no file is known any more."""

    content_id: int
    name: str
    path: str
    """Where it was last, as far as that is known."""
    said: bool
    """A person tagged it, rated it, wrote a note, or keeps it in a collection."""


class HealthRows:
    """The reading side of `loradex doctor`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def places(self) -> list[PlaceFacts]:
        """Return every place, library by library."""
        with self._reader.connection() as connection:
            return list(map(PlaceFacts._make, connection.execute(_PLACES)))

    def placeless(self) -> Iterator[Placeless]:
        """Yield the models without any place, by name."""
        for row in self._reader.rows_of(_PLACELESS):
            yield Placeless(int(str(row[0])), str(row[1]), str(row[2]), bool(row[3]))

    def findings(self, content_ids: Collection[int]) -> dict[int, str]:
        """Return the first finding of the look for code of these models."""
        found = {}
        for row in self._reader.rows_of(
            "SELECT content_id, findings FROM content_header WHERE content_id IN"
            " (SELECT value FROM json_each(?)) AND findings <> '[]'",
            (json.dumps(list(content_ids)),),
        ):
            found[int(str(row[0]))] = str(json.loads(str(row[1]))[0])
        return found


_PLACES = (
    "SELECT file.id, content_id, library_id, raw_path, file.path, file.state, problem, file.size,"
    " mtime_ns, file.device, inode, first_seen, hashed_at, verified_at, kind, format, safety,"
    " sha256 FROM file LEFT JOIN content ON content.id = content_id ORDER BY library_id, file.path"
)
_SAID = " OR ".join(
    (
        "EXISTS (SELECT 1 FROM content_tag AS t WHERE t.content_id = content.id"
        " AND source = 'person')",
        "EXISTS (SELECT 1 FROM annotation AS a WHERE a.content_id = content.id"
        " AND (note <> '' OR rating IS NOT NULL OR favourite))",
        "EXISTS (SELECT 1 FROM collection_member AS m WHERE m.content_id = content.id)",
        "EXISTS (SELECT 1 FROM custom_value AS v WHERE v.content_id = content.id)",
        "EXISTS (SELECT 1 FROM word_choice AS w WHERE w.content_id = content.id)",
        "EXISTS (SELECT 1 FROM word_group AS g WHERE g.content_id = content.id)",
        "EXISTS (SELECT 1 FROM preference AS p WHERE p.content_id = content.id)",
    )
)
_PLACELESS = (
    f"SELECT id, name, path, {_SAID} FROM content WHERE id NOT IN"
    " (SELECT content_id FROM file WHERE content_id IS NOT NULL) ORDER BY name, id"
)
