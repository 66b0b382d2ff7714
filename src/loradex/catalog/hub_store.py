"""What hubs told: documents as fetched, which content is which version, and what was not found."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.hub_evidence import MatchFound, put_hub_evidence
from loradex.catalog.hub_rows import put_model, put_version
from loradex.catalog.reader import Reader
from loradex.catalog.refused_matches import refused_versions
from loradex.catalog.sidecar_evidence import PROVEN
from loradex.domain.hub import HubModel, HubVersion

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer

FIRST_RETRY = 3_600.0
LONGEST_RETRY = 7 * 86_400.0
"""A digest the hub does not know is asked again after an hour, then ever less often."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A hashed content that no version of the hub is known for."""

    content_id: int
    sha256: str
    autov3: str | None


@dataclass(frozen=True, slots=True)
class KnownMatch:
    """A content that is known to be a version. `sha256` is None while it is not hashed."""

    content_id: int
    version_id: int
    model_id: int
    matched_by: str
    sha256: str | None
    gone: bool
    """The hub was found to have the model, or this version of it, no longer."""


@dataclass(frozen=True, slots=True)
class PlacedContent:
    """A hashed content, and a place where it lies; absolute."""

    content_id: int
    sha256: str
    path: str


_PROVEN = "SELECT content_id FROM match WHERE hub = {hub} AND matched_by <> 'sidecar'"
"""What is matched, not counting what only other tools' files say."""

_BEYOND = (
    "(id IN (SELECT content_id FROM match JOIN hub_version AS v ON v.hub = match.hub"
    " AND v.id = version_id LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
    " WHERE match.hub = ?4 AND (v.gone_at IS NOT NULL OR m.gone_at IS NOT NULL))"
    f" OR id NOT IN ({_PROVEN.format(hub='?4')}) AND content.sha256 IN"
    " (SELECT digest FROM miss WHERE hub = ?4))"
)
"""True of a content that hub ?4 does not know, or shows no longer."""

_MATCHES = (
    "SELECT content_id, version_id, match.model_id, matched_by, sha256,"
    " coalesce(m.gone_at, v.gone_at) IS NOT NULL FROM match"
    " JOIN content ON content.id = content_id"
    " LEFT JOIN hub_version AS v ON v.hub = match.hub AND v.id = version_id"
    " LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
    " LEFT JOIN miss ON miss.hub = match.hub AND miss.digest = 'model ' || match.model_id"
    f" WHERE match.hub = ?1 AND (matched_by <> 'sidecar' OR match.confidence >= {PROVEN})"
    " AND (?2 IS NULL OR match.model_id IN (SELECT model_id FROM match AS wanted"
    " WHERE wanted.hub = ?1 AND wanted.content_id IN (SELECT value FROM json_each(?2))))"
    " AND (?3 IS NULL OR coalesce(m.fetched_at, 0) < ?3"
    " AND (m.gone_at IS NULL OR retry_at IS NULL OR retry_at <= ?4))"
    " ORDER BY coalesce(m.fetched_at, 0), match.model_id, content_id"
)


class HubStore:
    """Matches, misses and hub documents."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def unmatched(
        self, hub: str, *, again: bool = False, archive_of: str | None = None
    ) -> list[Unmatched]:
        """Return hashed contents without a match, those asked for least often first.

        Digests not yet due again are left out, unless `again`. For a hub that is the archive of
        another one: only what that one does not know, or shows no longer.
        """
        return [
            Unmatched(int(str(row[0])), str(row[1]), row[2])  # type: ignore[arg-type]
            for row in self._reader.rows_of(
                "SELECT id, content.sha256, autov3 FROM content LEFT JOIN miss"
                " ON miss.hub = ?1 AND miss.digest = content.sha256"
                " WHERE content.sha256 IS NOT NULL"
                f" AND id NOT IN ({_PROVEN.format(hub='?1')})"
                " AND (?2 OR retry_at IS NULL OR retry_at <= ?3)"
                f" AND (?4 IS NULL OR {_BEYOND})"
                " ORDER BY coalesce(times, 0), id",
                (hub, again, time.time(), archive_of),
            )
        ]

    def placed(self, hub: str, folders: str) -> list[PlacedContent]:
        """Return hashed contents that the hub is not known to have, and places like `folders`.

        `folders` is a pattern of LIKE for the absolute path.
        """
        return [
            PlacedContent(int(str(row[0])), str(row[1]), str(row[2]))
            for row in self._reader.rows_of(
                "SELECT content.id, sha256, root || '/' || file.path FROM file"
                " JOIN library ON library.id = library_id JOIN content ON content.id = content_id"
                " WHERE sha256 IS NOT NULL AND file.state <> 'missing'"
                f" AND content.id NOT IN ({_PROVEN.format(hub='?1')})"
                " AND root || '/' || file.path LIKE ?2 ESCAPE '\\' ORDER BY 3, 1",
                (hub, folders),
            )
        ]

    def matches(
        self,
        hub: str,
        *,
        content_ids: Sequence[int] | None = None,
        before: float | None = None,
    ) -> dict[int, list[KnownMatch]]:
        """Return what is matched by model, the model that was asked for longest ago first.

        What a sidecar tells without naming the file's own bytes is no match here: what the hub
        says of its page would be taken for what it says of the file.

        With `content_ids` only the models of these, but all that is matched to them. With
        `before` (Unix seconds) only models last fetched before, and of those that are gone only
        the ones that are due again.
        """
        some = None if content_ids is None else json.dumps(list(content_ids))
        found: dict[int, list[KnownMatch]] = {}
        for row in self._reader.rows_of(_MATCHES, (hub, some, before, time.time())):
            content_id, version_id, model_id, matched_by, sha256, gone = row
            found.setdefault(int(str(model_id)), []).append(
                KnownMatch(
                    int(str(content_id)),
                    int(str(version_id)),
                    int(str(model_id)),
                    str(matched_by),
                    None if sha256 is None else str(sha256),
                    bool(gone),
                )
            )
        return found

    def counts(self) -> tuple[int, int]:
        """Return how many contents are hashed, and how many of these are matched."""
        row = self._reader.rows_of("SELECT count(sha256), coalesce(sum(matched), 0) FROM content")[
            0
        ]
        return int(str(row[0])), int(str(row[1]))

    def record_models(self, hub: str, models: Sequence[HubModel]) -> None:
        """Keep models as fetched. What an answer lacks does not wipe what was known."""
        now = time.time()
        with self._writer.transaction() as connection:
            for model in models:
                put_model(connection, hub, model, now)
            self._writer.refresh(connection, _matched_to(connection, hub, models))

    def record_versions(self, hub: str, versions: Iterable[HubVersion]) -> None:
        """Keep versions as fetched, with their files and pictures."""
        with self._writer.transaction() as connection:
            for version in versions:
                put_version(connection, hub, version, time.time())

    def record_matches(self, hub: str, matches: Sequence[MatchFound]) -> None:
        """Keep matches and what follows from them: facts, trigger words and tags.

        What a person says a content is not is passed over.
        """
        now = time.time()
        if not matches:
            return
        with self._writer.transaction() as connection:
            refused = refused_versions(connection, hub, [m.content_id for m in matches])
            matches = [m for m in matches if (m.content_id, m.version.id) not in refused]
            if not matches:
                return
            connection.exec_driver_sql(
                "INSERT INTO match(content_id, hub, version_id, model_id, matched_by, confidence,"
                " matched_at) VALUES (?, ?, ?, ?, ?, 1.0, ?) ON CONFLICT(content_id, hub) DO UPDATE"
                " SET version_id = excluded.version_id, model_id = excluded.model_id,"
                " matched_by = excluded.matched_by, confidence = CASE WHEN excluded.matched_by"
                " = 'sidecar' THEN confidence ELSE excluded.confidence END, matched_at ="
                " CASE WHEN version_id = excluded.version_id THEN matched_at"
                " ELSE excluded.matched_at END"
                " WHERE match.matched_by <> 'person'",
                [
                    (m.content_id, hub, m.version.id, m.version.model_id, m.matched_by, now)
                    for m in matches
                ],
            )
            put_hub_evidence(connection, hub, matches, now)
            self._writer.refresh(connection, [m.content_id for m in matches])

    def record_absent(self, hub: str, model_ids: Sequence[int]) -> None:
        """Note that the hub does not have these models; when to ask again is set as for misses."""
        self.record_misses(hub, [f"model {model_id}" for model_id in model_ids])

    def record_misses(self, hub: str, digests: Iterable[str]) -> None:
        """Note digests the hub does not know; each further time waits twice as long."""
        now = time.time()
        rows = [(hub, digest, now, now + FIRST_RETRY) for digest in digests]
        if not rows:
            return
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "INSERT INTO miss(hub, digest, asked_at, retry_at, times) VALUES (?, ?, ?, ?, 1)"
                " ON CONFLICT(hub, digest) DO UPDATE SET asked_at = excluded.asked_at,"
                f" retry_at = excluded.asked_at + min({LONGEST_RETRY},"
                f" {FIRST_RETRY} * (1 << min(times, 8))), times = times + 1",
                rows,
            )

    def raw_version(self, hub: str, version_id: int) -> str | None:
        """Return the JSON document of a version as fetched, None when there is none."""
        rows = self._reader.rows_of(
            "SELECT raw FROM hub_version WHERE hub = ? AND id = ?", (hub, version_id)
        )
        return zlib.decompress(rows[0][0]).decode() if rows else None  # type: ignore[arg-type]


def _matched_to(connection: Connection, hub: str, models: Sequence[HubModel]) -> list[int]:
    """Return the contents that are matched to one of these models."""
    rows = connection.exec_driver_sql(
        "SELECT content_id FROM match WHERE hub = ?"
        " AND model_id IN (SELECT value FROM json_each(?))",
        (hub, json.dumps([model.id for model in models])),
    )
    return [row[0] for row in rows]
