"""What a person has to decide, read for many models at once: doubts, and what nobody looked at."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from loradex.catalog.reader import Reader
from loradex.catalog.sidecar_evidence import PROVEN
from loradex.domain.evidence import Evidence, Source

LOOKED_AT = "looked_at"
"""A person's fact on a model: they have seen it, and have nothing to say of it."""
OPEN = "open "
"""Begins the name of a person's fact: this field may stay as it is, its value says which claims
they saw."""

_SOME = "<{column}>"
"""Stands for a condition on the column that holds the ids of models."""
_CONDITION = re.compile(r"<([a-z_.]+)>")
_HERE = "content.state IN ('present', 'offline')"

_CLAIMS = (
    "SELECT content_id, field, value, source, evidence.confidence, seen_at, detail FROM evidence"
    " JOIN content ON content.id = content_id"
    f" WHERE field IN ('kind', 'base', 'derivative') AND value <> '' AND {_HERE}"
    f" AND {_SOME.format(column='content_id')} AND (content_id, field) IN ("
    " SELECT content_id, field FROM evidence WHERE value <> ''"
    f" AND field IN ('kind', 'base', 'derivative') AND {_SOME.format(column='content_id')}"
    " GROUP BY content_id, field HAVING count(DISTINCT value) > 1 AND sum(source = 'person') = 0)"
)
_UNKNOWN = (
    "SELECT id, kind, base, candidates FROM content"
    f" WHERE {_HERE} AND NOT broken AND {_SOME.format(column='id')}"
    " AND (kind = 'unknown' OR base IS NULL AND json_array_length(candidates) > 1)"
)
_OPEN = (
    "SELECT content_id, field, value FROM evidence WHERE source = 'person'"
    f" AND field LIKE 'open %' AND {_SOME.format(column='content_id')}"
)
_NEW = (
    f"SELECT id FROM content WHERE tags = '[]' AND {_HERE} AND rating IS NULL AND NOT favourite"
    f" AND {_SOME.format(column='id')} AND NOT EXISTS (SELECT 1 FROM evidence"
    f" WHERE content_id = content.id AND field = '{LOOKED_AT}' AND source = 'person')"
    " AND NOT EXISTS (SELECT 1 FROM annotation WHERE content_id = content.id AND note <> '')"
)
_MATCHES = (
    "SELECT content_id, match.hub, match.version_id, matched_by, match.confidence FROM match"
    f" JOIN content ON content.id = content_id WHERE {_HERE}"
    f" AND {_SOME.format(column='content_id')} AND (matched_by = 'autov3'"
    f" OR matched_by = 'sidecar' AND match.confidence < {PROVEN}"
    " OR matched_by <> 'person' AND content.sha256 IS NOT NULL AND EXISTS (SELECT 1 FROM hub_file"
    " AS f WHERE f.sha256 = content.sha256 AND f.hub = match.hub"
    " AND f.version_id <> match.version_id))"
)
_VERSIONS = (
    "SELECT possible.content_id, v.hub, v.id, coalesce(m.name, ''), v.name, v.base_model,"
    " coalesce(m.type, ''), coalesce(m.creator, ''), coalesce(v.published_at, '') FROM ("
    f" SELECT content_id, hub, version_id FROM match WHERE {_SOME.format(column='content_id')}"
    " UNION SELECT content.id, f.hub, f.version_id FROM content"
    " JOIN match ON match.content_id = content.id"
    " JOIN hub_file AS f ON f.sha256 = content.sha256 AND f.hub = match.hub"
    f" WHERE {_SOME.format(column='content.id')}) AS possible"
    " JOIN hub_version AS v ON v.hub = possible.hub AND v.id = possible.version_id"
    " LEFT JOIN hub_model AS m ON m.hub = v.hub AND m.id = v.model_id"
    " ORDER BY v.published_at, v.id"
)
_REFUSED = (
    "SELECT content_id, substr(field, 5), value FROM evidence WHERE source = 'person'"
    f" AND field LIKE 'not %' AND {_SOME.format(column='content_id')}"
)


@dataclass(frozen=True, slots=True)
class UnknownContent:
    """A content of which it is not known what it is, or for which base."""

    content_id: int
    kind: str
    base: str | None
    candidates: tuple[str, ...]
    """Bases that are possible."""


@dataclass(frozen=True, slots=True)
class DoubtfulMatch:
    """A match that rests on less than the whole file, or is one of several."""

    content_id: int
    hub: str
    version_id: int
    matched_by: str
    confidence: float


@dataclass(frozen=True, slots=True)
class PossibleVersion:
    """A version of a hub that a content may be."""

    hub: str
    version_id: int
    model_name: str
    version_name: str
    base_model: str
    model_type: str
    creator: str
    published_at: str


class InboxRows:
    """Reads; None for `content_ids` stands for all models."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def here(self) -> list[int]:
        """Return the ids of all contents that have a file, by number."""
        return [
            int(str(row[0]))
            for row in self._reader.rows_of(f"SELECT id FROM content WHERE {_HERE} ORDER BY id")
        ]

    def claims(self, content_ids: Sequence[int] | None) -> dict[int, dict[str, list[Evidence]]]:
        """Return the facts of fields on which sources differ and a person has said nothing."""
        found: dict[int, dict[str, list[Evidence]]] = defaultdict(lambda: defaultdict(list))
        for id_, field, value, source, confidence, seen_at, detail in self._rows(
            _CLAIMS, content_ids
        ):
            fact = Evidence(
                str(field), str(value), Source(str(source)), float(str(confidence)),
                float(str(seen_at)), str(detail),
            )  # fmt: skip
            found[int(str(id_))][fact.field].append(fact)
        return found

    def unknown(self, content_ids: Sequence[int] | None) -> list[UnknownContent]:
        """Return contents of unknown kind, and those whose base is one of several."""
        return [
            UnknownContent(
                int(str(row[0])),
                str(row[1]),
                None if row[2] is None else str(row[2]),
                tuple(str(each) for each in json.loads(str(row[3]))),
            )
            for row in self._rows(_UNKNOWN, content_ids)
        ]

    def left_open(self, content_ids: Sequence[int] | None) -> dict[tuple[int, str], str]:
        """Return which claims a person saw when they left a field as it is, by id and field."""
        return {
            (int(str(id_)), str(field).removeprefix(OPEN)): str(value)
            for id_, field, value in self._rows(_OPEN, content_ids)
        }

    def new(self, content_ids: Sequence[int] | None) -> set[int]:
        """Return contents without tag, rating or note that nobody has looked at."""
        return {int(str(row[0])) for row in self._rows(_NEW, content_ids)}

    def doubtful_matches(self, content_ids: Sequence[int] | None) -> list[DoubtfulMatch]:
        """Return matches that no person has confirmed and that may be others."""
        return [
            DoubtfulMatch(
                int(str(row[0])), str(row[1]), int(str(row[2])), str(row[3]), float(str(row[4]))
            )
            for row in self._rows(_MATCHES, content_ids)
        ]

    def versions(self, content_ids: Sequence[int]) -> dict[tuple[int, str], list[PossibleVersion]]:
        """Return the versions that contents may be, by content and hub, oldest first.

        Those that a person has refused are left out.
        """
        refused = self.refused(content_ids)
        found: dict[tuple[int, str], list[PossibleVersion]] = defaultdict(list)
        for id_, hub, version_id, *texts in self._rows(_VERSIONS, content_ids):
            key = (int(str(id_)), str(hub))
            number = int(str(version_id))
            if number not in refused.get(key, ()):
                found[key].append(PossibleVersion(key[1], number, *map(str, texts)))
        return found

    def refused(self, content_ids: Sequence[int] | None) -> dict[tuple[int, str], set[int]]:
        """Return the versions that a person says contents are not, by content and hub."""
        return {
            (int(str(id_)), str(hub)): {int(each) for each in str(value).split()}
            for id_, hub, value in self._rows(_REFUSED, content_ids)
        }

    def _rows(self, sql: str, content_ids: Sequence[int] | None) -> list[tuple[object, ...]]:
        """Run a statement on these models; without the condition where it is all of them.

        Written as `? IS NULL OR …` it would read whole tables for a few models.
        """
        if content_ids is None:
            return self._reader.rows_of(_CONDITION.sub("1", sql))
        these = _CONDITION.sub(r"\1 IN (SELECT value FROM json_each(?1))", sql)
        return self._reader.rows_of(these, (json.dumps(list(content_ids)),))
