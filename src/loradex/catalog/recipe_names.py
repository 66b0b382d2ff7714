"""Which contents bear which names and digests, now or before: what recipes are matched with."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loradex.domain.generation import name_key

if TYPE_CHECKING:
    from sqlalchemy import Connection

Run = Callable[[str, tuple[object, ...]], Iterable[tuple[object, ...]]]
"""Runs a statement with its values, through either door, and gives the rows."""

FILE_NAME, FORMER, HUB_FILE, TRAINER, TOLD = range(5)
"""Where a name comes from, surest first: the file, the file before it was moved, the hub's name of
the file, the trainer's (`ss_output_name`), and what hub, sidecar or header call the model."""


@dataclass(slots=True)
class Bearer:
    """A content, as far as recipes can name it."""

    id: int
    kind: str
    present: bool
    sha256: str | None
    blake3: str | None
    crc32: str | None
    autov1: str | None
    autov3: str | None
    claimed: str | None
    paths: list[str] = field(default_factory=list)
    """Its places, with folders, as they are called in a library."""


@dataclass(slots=True)
class Register:
    """Contents by the names, digests and versions that are asked for."""

    bearers: dict[int, Bearer] = field(default_factory=dict)
    names: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    """Name key to content to where the name comes from."""
    digests: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    versions: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class Keys:
    """What contents can be named by: name keys, digests in full, and CivitAI's versions."""

    names: frozenset[str]
    digests: frozenset[str]
    versions: frozenset[int]


def register(
    run: Run,
    *,
    names: Collection[str],
    hashes: Collection[str],
    versions: Collection[int],
    among: Collection[int] | None = None,
    held: Iterable[tuple[str, int]] = (),
) -> Register:
    """Return who bears these name keys, hashes and hub versions; only `among` these contents.

    Without `among` it is one pass over all contents, however much is asked for. `held` are name
    keys with contents that were known by them before, whatever their files are called now.
    """
    found = Register()
    _match_digests(_rows(run, _CONTENTS, "content.id", among), set(hashes), found)
    for source, content_id, key in _named(run, among):
        if key in names:
            found.names[key].setdefault(content_id, source)
    for key, content_id in held:
        found.names[key].setdefault(content_id, FORMER)
    for bearer, version in _rows(run, _VERSIONS, "content_id", among):
        if version in versions:
            found.versions[int(str(version))].append(int(str(bearer)))
    wanted = {id_ for bearers in found.names.values() for id_ in bearers}
    wanted |= {id_ for bearers in found.digests.values() for id_ in bearers}
    wanted |= {id_ for bearers in found.versions.values() for id_ in bearers}
    _bearers(run, wanted, found)
    return found


def keys_of(run: Run, ids: Collection[int]) -> Keys:
    """Return all that these contents can be named by, as they are now."""
    digests = {
        digest
        for _, *digests in _rows(run, _CONTENTS, "content.id", ids)
        for digest in digests
        if isinstance(digest, str)
    }
    versions = _rows(run, _VERSIONS, "content_id", ids)
    return Keys(
        frozenset(key for _, _, key in _named(run, ids) if key),
        frozenset(digests),
        frozenset(int(str(version)) for _, version in versions),
    )


def _named(run: Run, among: Collection[int] | None) -> Iterator[tuple[int, int, str]]:
    """Yield where a name comes from, the content, and the name's key."""
    for source, sql, column in _NAMES:
        for content_id, name in _rows(run, sql, column, among):
            yield source, int(str(content_id)), name_key(str(name or ""))
    if among is None:  # names from before a move; who bears one was found when it was asked for
        for content_id, name in _rows(run, _MOVED, "", None):
            yield FORMER, int(str(content_id)), name_key(str(name or ""))


def _rows(
    run: Run, sql: str, column: str, among: Collection[int] | None
) -> Iterator[tuple[object, ...]]:
    if among is None:
        yield from run(sql, ())
    else:
        yield from run(
            f"{sql} AND {column} IN (SELECT value FROM json_each(?))", (json.dumps(list(among)),)
        )


_CONTENTS = (
    "SELECT content.id, sha256, autov3, blake3, autov1, crc32, claimed_hash FROM content"
    " WHERE (sha256 IS NOT NULL OR claimed_hash IS NOT NULL)"
)
_NAMES = (
    (
        FILE_NAME,
        "SELECT content_id, path FROM file WHERE content_id IS NOT NULL AND state <> 'missing'",
        "content_id",
    ),
    (FILE_NAME, "SELECT id, file_name FROM content WHERE state <> 'missing'", "id"),
    (FORMER, "SELECT content_id, path FROM file WHERE state = 'missing'", "content_id"),
    (FORMER, "SELECT id, file_name FROM content WHERE state = 'missing'", "id"),
    (
        HUB_FILE,
        "SELECT content_id, hub_file.name FROM match JOIN hub_file ON hub_file.hub = match.hub"
        " AND hub_file.version_id = match.version_id JOIN content ON content.id = content_id"
        " WHERE (hub_file.sha256 IS NULL OR content.sha256 IS NULL"
        " OR lower(hub_file.sha256) = content.sha256)",
        "content_id",
    ),
    (TRAINER, "SELECT content_id, name_key FROM output_name WHERE name_key <> ''", "content_id"),
    (TOLD, "SELECT content_id, value FROM evidence WHERE field = 'name'", "content_id"),
)
_MOVED = (
    "SELECT json_extract(before, '$.content'), json_extract(before, '$.source.path') FROM journal"
    " WHERE json_valid(before) AND json_extract(before, '$.content') IN (SELECT id FROM content)"
)
_VERSIONS = "SELECT content_id, version_id FROM match WHERE hub = 'civitai'"


def _match_digests(
    rows: Iterator[tuple[object, ...]], wanted: Collection[str], found: Register
) -> None:
    """Note the contents whose digests begin with one that is wanted, or the other way round.

    The tensor digest is kept with 12 digits, and pictures may have all 64 of it.
    """
    if not wanted:
        return
    lengths = sorted({len(digest) for digest in wanted})
    longer: dict[str, list[str]] = defaultdict(list)
    for asked in wanted:
        if len(asked) > _AUTOV3:
            longer[asked[:_AUTOV3]].append(asked)
    for id_, *digests in rows:
        seen: set[str] = set()
        for digest in digests:
            if not isinstance(digest, str):
                continue
            seen.update(digest[:length] for length in lengths if length <= len(digest))
            if len(digest) == _AUTOV3:
                seen.update(longer.get(digest, ()))
        for asked in seen.intersection(wanted):
            found.digests[asked].append(int(str(id_)))


_AUTOV3 = 12


def _bearers(run: Run, wanted: Collection[int], found: Register) -> None:
    ids = (json.dumps(sorted(wanted)),)
    for row in run(
        "SELECT id, kind, state, sha256, blake3, crc32, autov1, autov3, claimed_hash FROM content"
        " WHERE id IN (SELECT value FROM json_each(?))",
        ids,
    ):
        number, kind, state = int(str(row[0])), str(row[1]), row[2]
        sha256, blake3, crc32, autov1, autov3, claimed = map(_digest, row[3:])
        found.bearers[number] = Bearer(
            number, kind, state != "missing", sha256, blake3, crc32, autov1, autov3, claimed
        )
    for id_, path in run(
        "SELECT content_id, path FROM file WHERE content_id IN (SELECT value FROM json_each(?))",
        ids,
    ):
        bearer = found.bearers.get(int(str(id_)))
        if bearer is not None:
            bearer.paths.append(str(path))


def _digest(value: object) -> str | None:
    return None if value is None else str(value)


def learn_output_names(connection: Connection, among: Collection[int] | None = None) -> None:
    """Note the trainers' names of contents that were not looked at yet; only `among` these.

    Done when recipes are there to be matched: each header is read once.
    """
    chosen = "" if among is None else " AND content_id IN (SELECT value FROM json_each(?))"
    rows = connection.exec_driver_sql(
        "SELECT content_id, json_extract(metadata_json, '$.ss_output_name') FROM content_header"
        " WHERE content_id NOT IN (SELECT content_id FROM output_name)"
        f" AND json_valid(metadata_json){chosen}",
        () if among is None else (json.dumps(list(among)),),
    ).fetchall()
    if rows:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO output_name(content_id, name_key) VALUES (?, ?)",
            [(id_, name_key(name) if isinstance(name, str) else "") for id_, name in rows],
        )
