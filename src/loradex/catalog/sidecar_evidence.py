"""What follows from sidecars: facts, words and tags of the source `sidecar`, and matches.

A match that only a sidecar tells of (`matched_by` is `sidecar`) gives way to any other, and a
hub's record that only sidecars told of gives way to the hub's own; never the other way round.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.facts import fact_row, put_facts, put_words, word_rows
from loradex.catalog.hub_rows import put_first, put_model, put_version
from loradex.catalog.refused_matches import refused_versions
from loradex.domain.evidence import Evidence, Source
from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.tags import clean_tag, fold_tag

if TYPE_CHECKING:
    from sqlalchemy import Connection

HUB = "civitai"
"""The one hub whose numbers sidecars hold."""
PROVEN, UNPROVEN = 0.9, 0.5
"""How sure a match is: the sidecar names the file's own digest, or none that can be compared."""


@dataclass(frozen=True, slots=True)
class SidecarMatch:
    """A version that a sidecar says a content is, with the records that it holds."""

    model: HubModel
    version: HubVersion
    proven: bool
    told_at: float
    """When the sidecar was written, Unix seconds."""
    gone: bool = False
    """The tool found the page deleted."""


@dataclass(frozen=True, slots=True)
class SidecarSays:
    """What all sidecars of one content say together. `tags` come with the tool that has them."""

    facts: tuple[Evidence, ...] = ()
    words: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    match: SidecarMatch | None = None
    afresh: bool = False
    """What was said before no longer holds: it was of another file."""


def put_sidecar_evidence(connection: Connection, says: Mapping[int, SidecarSays]) -> None:
    """Write what sidecars say of contents; what is not said leaves what was known."""
    now = time.time()
    _forget(connection, [id_ for id_, said in says.items() if said.afresh])
    _forget_settings(connection, list(says))
    put_facts(
        connection,
        [fact_row(id_, fact, now) for id_, said in says.items() for fact in said.facts],
    )
    _put_words(connection, {id_: said.words for id_, said in says.items() if said.words})
    _put_tags(connection, {id_: said.tags for id_, said in says.items() if said.tags}, now)
    _put_matches(connection, {id_: said.match for id_, said in says.items() if said.match}, now)


def _forget(connection: Connection, ids: list[int]) -> None:
    """Take away what sidecars said of these contents."""
    if not ids:
        return
    some = (json.dumps(ids),)
    for table, condition in (
        ("evidence", "source = 'sidecar'"),
        ("trigger_word", "source = 'sidecar' AND effect IS NULL AND verdict IS NULL"),
        ("content_tag", "source = 'sidecar'"),
        ("match", "matched_by = 'sidecar'"),
    ):
        connection.exec_driver_sql(
            f"DELETE FROM {table} WHERE {condition}"
            " AND content_id IN (SELECT value FROM json_each(?))",
            some,
        )


def _forget_settings(connection: Connection, ids: list[int]) -> None:
    """Take away what people set in those tools: what they took off there is gone."""
    if ids:
        connection.exec_driver_sql(
            "DELETE FROM evidence WHERE source = 'sidecar'"
            " AND (field IN ('note', 'favourite') OR field LIKE 'preferred%')"
            " AND content_id IN (SELECT value FROM json_each(?))",
            (json.dumps(ids),),
        )


def _put_words(connection: Connection, words: Mapping[int, tuple[str, ...]]) -> None:
    """Write words in their order; others that were told before go, unless they were measured."""
    if not words:
        return
    connection.exec_driver_sql(
        "DELETE FROM trigger_word WHERE source = 'sidecar' AND effect IS NULL AND verdict IS NULL"
        " AND content_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(words)),),
    )
    put_words(
        connection,
        [row for id_, some in words.items() for row in word_rows(id_, some, Source.SIDECAR)],
    )


def _put_tags(
    connection: Connection, tags: Mapping[int, tuple[tuple[str, str], ...]], now: float
) -> None:
    """Write tags under the names that a person gave them; tags that the person deleted stay so."""
    if not tags:
        return
    run = connection.exec_driver_sql
    run(
        "DELETE FROM content_tag WHERE source = 'sidecar'"
        " AND content_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(tags)),),
    )
    names = {fold_tag(tag): clean_tag(tag) for some in tags.values() for tag, _ in some}
    run(
        "INSERT OR IGNORE INTO tag(name, folded) SELECT ?1, ?2 WHERE NOT EXISTS"
        " (SELECT 1 FROM tag_alias WHERE folded = ?2)",
        [(name, folded) for folded, name in names.items() if folded],
    )
    run(
        "INSERT OR IGNORE INTO content_tag(content_id, tag_id, source, removed, confidence, detail,"
        " added_at) SELECT ?1, id, 'sidecar', 0, 1.0, ?2, ?3 FROM (SELECT id FROM tag"
        " WHERE folded = ?4 UNION ALL SELECT tag_id FROM tag_alias WHERE folded = ?4"
        " AND tag_id IS NOT NULL)",
        [(id_, tool, now, fold_tag(tag)) for id_, some in tags.items() for tag, tool in some],
    )


def _put_matches(connection: Connection, matches: Mapping[int, SidecarMatch], now: float) -> None:
    refused = refused_versions(connection, HUB, matches)
    matches = {id_: m for id_, m in matches.items() if (id_, m.version.id) not in refused}
    if not matches:
        return
    known_models, our_models = _ids(connection, "hub_model"), _ids(connection, _OUR_MODELS)
    known_versions, ours = _ids(connection, "hub_version"), _ids(connection, _OUR_VERSIONS)
    first_models: dict[int, tuple[HubModel, float]] = {}
    first_versions: dict[int, tuple[HubVersion, float]] = {}
    told: list[tuple[str, int, float]] = []
    for match in matches.values():
        model, version, told_at = match.model, match.version, min(match.told_at, now)
        if model.id not in known_models:
            first_models.setdefault(model.id, (model, told_at))
        elif model.id in our_models:
            put_model(connection, HUB, model, told_at)
        if version.id not in known_versions:
            if version.id not in first_versions:
                first_versions[version.id] = (version, told_at)
                told.append((HUB, version.id, told_at))
        elif version.id in ours:
            put_version(connection, HUB, version, told_at)
            told.append((HUB, version.id, told_at))
    put_first(connection, HUB, list(first_models.values()), list(first_versions.values()))
    if told:
        connection.exec_driver_sql(
            "INSERT OR REPLACE INTO sidecar_hub(hub, version_id, fetched_at) VALUES (?, ?, ?)", told
        )
    gone = [
        (min(m.told_at, now), HUB, m.model.id)
        for m in matches.values()
        if m.gone and (m.model.id in first_models or m.model.id in our_models)
    ]
    if gone:
        connection.exec_driver_sql(
            "UPDATE hub_model SET gone_at = ? WHERE hub = ? AND id = ? AND gone_at IS NULL", gone
        )
    connection.exec_driver_sql(
        "INSERT INTO match(content_id, hub, version_id, model_id, matched_by, confidence,"
        " matched_at) VALUES (?, ?, ?, ?, 'sidecar', ?, ?) ON CONFLICT(content_id, hub)"
        " DO UPDATE SET version_id = excluded.version_id, model_id = excluded.model_id,"
        " confidence = excluded.confidence, matched_at = excluded.matched_at"
        " WHERE match.matched_by = 'sidecar'",
        [
            (id_, HUB, m.version.id, m.version.model_id, PROVEN if m.proven else UNPROVEN, now)
            for id_, m in matches.items()
        ],
    )


_OUR_VERSIONS = (
    "(SELECT v.id, v.hub FROM sidecar_hub AS s JOIN hub_version AS v ON v.hub = s.hub"
    " AND v.id = s.version_id AND v.fetched_at = s.fetched_at)"
)
_OUR_MODELS = (
    "(SELECT m.id, m.hub FROM sidecar_hub AS s JOIN hub_version AS v ON v.hub = s.hub"
    " AND v.id = s.version_id JOIN hub_model AS m ON m.hub = v.hub AND m.id = v.model_id"
    " AND m.fetched_at = s.fetched_at)"
)
"""Records that no hub has given since a sidecar told of them."""


def _ids(connection: Connection, table: str) -> set[int]:
    rows = connection.exec_driver_sql(f"SELECT id FROM {table} WHERE hub = ?", (HUB,))
    return {row[0] for row in rows}
