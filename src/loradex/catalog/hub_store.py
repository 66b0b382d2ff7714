"""What hubs told: documents as fetched, which content is which version, and what was not found."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.facts import fact_row, put_facts, put_words, word_rows
from loradex.catalog.hub_rows import put_version
from loradex.catalog.reader import Reader
from loradex.domain.evidence import Evidence, Source
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
class MatchFound:
    """A content, its version, how that is known, and the facts that follow."""

    content_id: int
    version: HubVersion
    matched_by: str
    facts: tuple[Evidence, ...]
    trigger_words: tuple[str, ...]
    tags: tuple[str, ...]


class HubStore:
    """Matches, misses and hub documents."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def unmatched(self, hub: str, *, again: bool = False) -> list[Unmatched]:
        """Return hashed contents without a match, those asked for least often first.

        Digests not yet due again are left out, unless `again`.
        """
        return [
            Unmatched(int(str(row[0])), str(row[1]), row[2])  # type: ignore[arg-type]
            for row in self._reader.rows_of(
                "SELECT id, content.sha256, autov3 FROM content LEFT JOIN miss"
                " ON miss.hub = ?1 AND miss.digest = content.sha256"
                " WHERE content.sha256 IS NOT NULL"
                " AND id NOT IN (SELECT content_id FROM match WHERE hub = ?1)"
                " AND (?2 OR retry_at IS NULL OR retry_at <= ?3)"
                " ORDER BY coalesce(times, 0), id",
                (hub, again, time.time()),
            )
        ]

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
                connection.exec_driver_sql(
                    "INSERT INTO hub_model(hub, id, name, type, creator, description, tags,"
                    " content_level, mode, licence, fetched_at, raw)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(hub, id) DO UPDATE"
                    " SET name = excluded.name, type = excluded.type,"
                    " creator = coalesce(excluded.creator, creator),"
                    " description = coalesce(excluded.description, description),"
                    " tags = CASE excluded.tags WHEN '[]' THEN tags ELSE excluded.tags END,"
                    " content_level = excluded.content_level, mode = excluded.mode,"
                    " licence = excluded.licence, fetched_at = excluded.fetched_at,"
                    " gone_at = NULL, raw = excluded.raw",
                    (
                        hub,
                        model.id,
                        model.name,
                        model.type,
                        model.creator,
                        model.description,
                        json.dumps(list(model.tags), ensure_ascii=False),
                        model.content_level,
                        model.mode,
                        json.dumps(model.licence, ensure_ascii=False),
                        now,
                        zlib.compress(model.raw.encode()),
                    ),
                )
            self._writer.refresh(connection, _matched_to(connection, hub, models))

    def record_versions(self, hub: str, versions: Iterable[HubVersion]) -> None:
        """Keep versions as fetched, with their files and pictures."""
        with self._writer.transaction() as connection:
            for version in versions:
                put_version(connection, hub, version, time.time())

    def record_matches(self, hub: str, matches: Sequence[MatchFound]) -> None:
        """Keep matches and what follows from them: facts, trigger words and tags."""
        now = time.time()
        if not matches:
            return
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "INSERT INTO match(content_id, hub, version_id, model_id, matched_by, confidence,"
                " matched_at) VALUES (?, ?, ?, ?, ?, 1.0, ?) ON CONFLICT(content_id, hub) DO UPDATE"
                " SET version_id = excluded.version_id, model_id = excluded.model_id,"
                " matched_by = excluded.matched_by, matched_at = excluded.matched_at"
                " WHERE match.matched_by <> 'person'",
                [
                    (m.content_id, hub, m.version.id, m.version.model_id, m.matched_by, now)
                    for m in matches
                ],
            )
            put_facts(
                connection, [fact_row(m.content_id, fact, now) for m in matches for fact in m.facts]
            )
            put_words(
                connection,
                [
                    row
                    for m in matches
                    for row in word_rows(m.content_id, m.trigger_words, Source.HUB)
                ],
            )
            _put_tags(connection, matches, now)
            self._writer.refresh(connection, [m.content_id for m in matches])

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


def _put_tags(connection: Connection, matches: Sequence[MatchFound], now: float) -> None:
    names: dict[str, str] = {}
    for match in matches:
        for tag in match.tags:
            names.setdefault(tag.casefold(), tag)
    if not names:
        return
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO tag(name, folded) VALUES (?, ?)",
        [(name, folded) for folded, name in names.items()],
    )
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO content_tag(content_id, tag_id, source, removed, confidence, detail,"
        " added_at) SELECT ?, id, ?, 0, 1.0, '', ? FROM tag WHERE folded = ?",
        [(m.content_id, Source.HUB.value, now, tag.casefold()) for m in matches for tag in m.tags],
    )
