"""Everything that is known of one content, and finding the one that a REF names."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import unicodedata
from collections.abc import Iterator

from loradex.catalog.hub_order import rank_of
from loradex.catalog.preference_rows import known_preferences
from loradex.catalog.reader import Reader, counted, texts
from loradex.catalog.verdict_rows import read_verdicts
from loradex.catalog.word_store import word_groups
from loradex.domain.addresses import shown_address
from loradex.domain.evidence import Evidence, Source, effective
from loradex.domain.hashes import Hashes
from loradex.domain.library import FileRecord, FileState
from loradex.domain.models import HubMatch, ModelDetails, Tag, TriggerWord
from loradex.domain.preferences import KnownPreferences
from loradex.domain.text import storable
from loradex.domain.trigger_words import SINGLES, WordGroup, fold_word
from loradex.errors import BadReference
from loradex.paths import expanded

_SHOWN_EVIDENCE = ("name", "kind", "base", "derivative", "variant", "prediction", "content_level")


def model_details(reader: Reader, content_id: int) -> ModelDetails:
    """Return all that is known of a content; raise `BadReference` when it is not there."""
    rows = reader.rows([content_id])
    if not rows:
        raise BadReference(f"There is no model {content_id} in the catalog.", hint=_LIST_HINT)
    with reader.connection() as connection:
        connection.row_factory = sqlite3.Row
        try:
            content = connection.execute(
                "SELECT * FROM content LEFT JOIN content_header ON content_id = id WHERE id = ?",
                (content_id,),
            ).fetchone()
            note = connection.execute(
                "SELECT note, version FROM annotation WHERE content_id = ?", (content_id,)
            ).fetchone()
            groups = word_groups(connection, content_id)
            return ModelDetails(
                row=rows[0],
                fingerprint=content["fingerprint"],
                hashes=_hashes(content),
                claimed_hash=content["claimed_hash"],
                format=content["format"],
                variant=content["variant"],
                algorithm=content["algorithm"],
                rank=content["rank"],
                dtype=content["dtype"],
                quantisation=content["quantisation"],
                prediction=content["prediction"],
                candidates=tuple(json.loads(content["candidates"])),
                files=_files(connection, content_id),
                tags=_tags(connection, content_id),
                trigger_words=_trigger_words(connection, content_id, groups),
                note=note["note"] if note else "",
                note_version=note["version"] if note else 0,
                match=_match(connection, content_id),
                evidence=_evidence(connection, content_id),
                findings=texts(content["findings"] or "[]"),
                metadata=json.loads(content["metadata_json"] or "{}"),
                tag_counts=counted(content["tag_counts"]),
                grids=_grids(connection, content_id),
                word_groups=groups,
                preferences=known_preferences(connection, [content_id]).get(
                    content_id, KnownPreferences()
                ),
                verdicts=tuple(read_verdicts(connection, "v.content_id = ?", (content_id,))),
            )
        finally:
            connection.row_factory = None


def _hashes(content: sqlite3.Row) -> Hashes | None:
    if content["sha256"] is None or content["blake3"] is None:
        return None
    return Hashes(
        sha256=content["sha256"],
        blake3=content["blake3"],
        crc32=content["crc32"],
        autov1=content["autov1"],
        autov2=content["autov2"],
        autov3=content["autov3"],
    )


def _files(connection: sqlite3.Connection, content_id: int) -> tuple[FileRecord, ...]:
    return tuple(
        FileRecord(
            id=row["id"],
            library=row["name"],
            path=f"{row['root']}/{row['path']}",
            size=row["size"],
            mtime=row["mtime_ns"] / 1e9,
            state=FileState(row["state"]),
            problem=row["problem"],
            verified=row["hashed_at"] is not None,
        )
        for row in connection.execute(
            "SELECT file.*, library.name, library.root FROM file"
            " JOIN library ON library.id = library_id WHERE content_id = ? ORDER BY path",
            (content_id,),
        )
    )


def _tags(connection: sqlite3.Connection, content_id: int) -> tuple[Tag, ...]:
    best: dict[str, Tag] = {}
    for row in connection.execute(
        "SELECT tag.name, source, rule, detail, confidence FROM content_tag"
        " JOIN tag ON tag.id = tag_id WHERE content_id = ?"
        " AND tag_id NOT IN (SELECT tag_id FROM content_tag WHERE content_id = ? AND removed)",
        (content_id, content_id),
    ):
        tag = Tag(*row)
        known = best.get(tag.name)
        if known is None or Source(tag.source).rank < Source(known.source).rank:
            best[tag.name] = tag
    return tuple(best[name] for name in sorted(best, key=str.casefold))


def _trigger_words(
    connection: sqlite3.Connection, content_id: int, groups: tuple[WordGroup, ...]
) -> tuple[TriggerWord, ...]:
    """Return what lists show, in their order, with what was measured of it."""
    measured: dict[str, sqlite3.Row] = {}
    for row in connection.execute(
        "SELECT * FROM trigger_word WHERE content_id = ? ORDER BY effect IS NULL", (content_id,)
    ):
        measured.setdefault(row["folded"], row)
    words: dict[str, TriggerWord] = {}
    for group in groups:
        if group.refused:
            continue
        single = [(word.text, word.source) for word in group.words if word.on]
        whole = [(group.text, group.source)] if group.used else []
        for text, source in single if group.key == SINGLES else whole:
            row = measured.get(text.casefold())
            words.setdefault(
                fold_word(text),
                TriggerWord(text, source, *((row["effect"], row["verdict"]) if row else ())),
            )
    return tuple(words.values())


def _match(connection: sqlite3.Connection, content_id: int) -> HubMatch | None:
    row = connection.execute(
        "SELECT match.*, v.name AS version_name, v.base_model, v.published_at, v.fetched_at,"
        " v.content_level, m.name AS model_name, m.type AS model_type, m.creator,"
        " coalesce(m.gone_at, v.gone_at) AS gone_at FROM match"
        " JOIN hub_version AS v ON v.hub = match.hub AND v.id = match.version_id"
        " LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
        f" WHERE content_id = ? ORDER BY {rank_of('match.hub')}, match.confidence DESC, matched_at"
        " LIMIT 1",
        (content_id,),
    ).fetchone()
    if row is None:
        return None
    return HubMatch(
        hub=row["hub"],
        model_id=row["model_id"],
        version_id=row["version_id"],
        model_name=row["model_name"] or "",
        version_name=row["version_name"],
        model_type=row["model_type"] or "",
        base_model=row["base_model"],
        creator=row["creator"],
        matched_by=row["matched_by"],
        content_level=row["content_level"],
        published_at=row["published_at"],
        fetched_at=row["fetched_at"],
        gone_at=row["gone_at"],
    )


def _evidence(connection: sqlite3.Connection, content_id: int) -> tuple[Evidence, ...]:
    facts = [
        Evidence(
            field=row["field"],
            value=row["value"],
            source=Source(row["source"]),
            confidence=row["confidence"],
            seen_at=row["seen_at"],
            detail=row["detail"],
        )
        for row in connection.execute(
            "SELECT * FROM evidence WHERE content_id = ? ORDER BY id", (content_id,)
        )
    ]
    counting = effective(facts)
    order = {name: place for place, name in enumerate(_SHOWN_EVIDENCE)}
    facts.sort(
        key=lambda fact: (
            order.get(fact.field, len(order)),
            fact.field,
            counting.get(fact.field) is not fact,
            fact.source.rank,
        )
    )
    return tuple(facts)


def _grids(connection: sqlite3.Connection, content_id: int) -> tuple[int, ...]:
    return tuple(
        row["grid_id"]
        for row in connection.execute(
            "SELECT DISTINCT grid_id FROM grid_model WHERE content_id = ? ORDER BY grid_id DESC",
            (content_id,),
        )
    )


_LIST_HINT = "Run `loradex list` to see what there is."
_HEX = re.compile(r"[0-9a-fA-F]{6,64}")
_SHORT_HEX = re.compile(r"[0-9a-fA-F]{3,5}")
_HUB_URL = re.compile(r"https?://[^/]+/models/([0-9]+)(?:.*[?&]modelVersionId=([0-9]+))?")
_AIR = re.compile(r"(?:urn:air:)?(?:[^:]+:[^:]+:)?civitai:([0-9]+)(?:@([0-9]+))?", re.IGNORECASE)
_HUB_DIGITS = 10
"""Hubs count in less; a longer number names nothing, and may not fit into SQLite."""

_NAMED = 5
"""Models that an ambiguous reference lists."""


def resolve(reader: Reader, reference: str) -> int:
    """Return the id of the content that `reference` names.

    Tried in this order: an id, a path, a hash or its beginning (6 digits or more), an AIR urn, a
    hub page, a name. Raises `BadReference` when it names nothing, or more than one.
    """
    for found in _candidates(reader, reference):
        if len(found) == 1:
            return found[0]
        if found:
            names = [f"{row.id} {row.name}" for row in reader.rows(found[:_NAMED])]
            if len(found) > _NAMED:
                names.append(f"… and {len(found) - _NAMED} more")
            raise BadReference(
                f"{shown_address(reference)!r} names {len(found)} models: {'; '.join(names)}.",
                hint="Use the number in front.",
            )
    hint = _LIST_HINT
    if _SHORT_HEX.fullmatch(reference):
        hint = f"The beginning of a hash has to have 6 digits or more. {hint}"
    raise BadReference(f"{shown_address(reference)!r} names no model in the catalog.", hint=hint)


def _candidates(reader: Reader, reference: str) -> Iterator[list[int]]:
    """Return what each way of reading the reference finds, most literal first."""
    name = storable(reference, len(reference))  # as a name that is no Unicode lies in the catalog

    def look(sql: str, *params: object) -> list[int]:
        return [int(str(row[0])) for row in reader.rows_of(sql, params)]

    if reference.isdecimal() and len(reference) < 18:
        yield look("SELECT id FROM content WHERE id = ?", int(reference))
    raw = os.fsencode(expanded(reference).absolute())
    for row in reader.rows_of("SELECT id, raw_root FROM library"):
        root = bytes(row[1]) + b"/"  # type: ignore[call-overload]
        if raw.startswith(root):
            yield look(
                "SELECT content_id FROM file WHERE library_id = ? AND raw_path = ?"
                " AND content_id IS NOT NULL",
                row[0],
                raw.removeprefix(root),
            )
    if _HEX.fullmatch(reference):
        digits = reference.lower()
        columns = ("sha256", "autov3", "autov1", "blake3", "crc32")
        yield look(
            "SELECT id FROM content WHERE "
            + " OR ".join(f"({name} >= ? AND {name} < ?)" for name in columns),
            *(bound for _ in columns for bound in (digits, digits + "g")),
        )
    hub = _hub_numbers(reference)
    if hub:
        yield look(
            "SELECT content_id FROM match WHERE model_id = ?1 AND (?2 IS NULL OR version_id = ?2)",
            *hub,
        )
    yield look("SELECT id FROM content WHERE name = ?", unicodedata.normalize("NFC", name))
    yield _of_files(reader, name)


def _of_files(reader: Reader, name: str) -> list[int]:
    """Return the contents with a file of this name, with its ending or without, in any place.

    A content without a place is found by the last name it had.
    """
    forms = dict.fromkeys((name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))))
    wanted = _folded(name)
    rows = [row for form in forms for row in reader.rows_of(_FILES_BEGINNING, (_beginning(form),))]
    found: dict[int, None] = {}
    for content_id, path in rows:
        file_name = _folded(str(path).rpartition("/")[2])
        if file_name == wanted or file_name.startswith(f"{wanted}."):
            found[int(str(content_id))] = None
    return list(found)


_FILES_BEGINNING = (
    "SELECT content_id, path FROM file WHERE content_id IS NOT NULL"
    " AND (path LIKE ?1 ESCAPE '\\' OR path LIKE '%/' || ?1 ESCAPE '\\')"
    " UNION SELECT id, file_name FROM content WHERE file_name LIKE ?1 ESCAPE '\\' ORDER BY 1"
)


def _beginning(name: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", name) + "%"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _hub_numbers(reference: str) -> tuple[int, int | None] | None:
    """Return the model, and the version if it is named, of a hub page or AIR urn."""
    hub = _HUB_URL.match(reference) or _AIR.fullmatch(reference)
    if hub is None or any(len(number or "") > _HUB_DIGITS for number in hub.groups()):
        return None
    model, version = hub.groups()
    return int(model), None if version is None else int(version)
