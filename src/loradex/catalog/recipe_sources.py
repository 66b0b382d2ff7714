"""Which versions on hubs a recipe's model is, from what hubs told before."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from loradex.domain.generation import name_key
from loradex.domain.picture_recipes import HubPlace

if TYPE_CHECKING:
    from loradex.catalog.reader import Reader

Wanted = tuple[str, int, str]
"""Hash, version and name, as a recipe has them; empty or 0 where it does not."""
_MOST = 5
_FILES = "SELECT hub, version_id, name, lower(sha256), lower(autov3), lower(hashes) FROM hub_file"
_VERSIONS = (
    "SELECT v.hub, v.model_id, v.id, coalesce(m.name, ''), v.name, v.air,"
    " coalesce(m.gone_at, v.gone_at) IS NOT NULL FROM hub_version AS v"
    " LEFT JOIN hub_model AS m ON m.hub = v.hub AND m.id = v.model_id"
    " WHERE v.id IN (SELECT value FROM json_each(?))"
)


def hub_places(reader: Reader, wanted: Iterable[Wanted]) -> dict[Wanted, list[HubPlace]]:
    """Return where each model can be had; one that no hub was asked about is left out.

    A digest or a version's number says it for sure. A file's name is a guess, and is told only
    where nothing else is known.
    """
    asked = list(dict.fromkeys(wanted))
    if not asked:
        return {}
    by_hash, by_name = _files(reader, asked)
    numbers = {version for _, version, _ in asked if version}
    numbers |= {version for files in (*by_hash.values(), *by_name.values()) for _, version in files}
    versions: dict[tuple[str, int], tuple[object, ...]] = {
        (str(row[0]), int(str(row[2]))): row
        for row in reader.rows_of(_VERSIONS, (json.dumps(sorted(numbers)),))
    }
    found: dict[Wanted, list[HubPlace]] = {}
    for want in asked:
        digest, version, name = want
        for known_by, keys in (
            ("hash", by_hash.get(digest, [])),
            ("version", [("civitai", version)] if version else []),
            ("name", [] if digest or version else by_name.get(name_key(name), [])),
        ):
            rows = [versions[key] for key in dict.fromkeys(keys) if key in versions]
            if rows:
                found[want] = [_place(row, known_by) for row in rows[:_MOST]]
                break
    return found


_Files = dict[str, list[tuple[str, int]]]


def _files(reader: Reader, asked: Iterable[Wanted]) -> tuple[_Files, _Files]:
    """Return hub and version of the files with these digests, and with these names."""
    digests = {digest for digest, _, _ in asked if digest}
    names = {name_key(name) for digest, version, name in asked if name and not (digest or version)}
    by_hash: _Files = defaultdict(list)
    by_name: _Files = defaultdict(list)
    lengths = {len(digest) for digest in digests}
    for hub, version, name, sha256, autov3, hashes in reader.rows_of(_FILES):
        place = (str(hub), int(str(version)))
        theirs = {str(text) for text in (sha256, autov3) if text}
        theirs.update(str(text) for text in _values(str(hashes)))
        for digest in {text[:length] for text in theirs for length in lengths} & digests:
            by_hash[digest].append(place)
        key = name_key(str(name))
        if key in names:
            by_name[key].append(place)
    return by_hash, by_name


def _values(hashes: str) -> list[object]:
    try:
        value = json.loads(hashes)
    except ValueError:
        return []
    return list(value.values()) if isinstance(value, dict) else []


def _place(row: tuple[object, ...], known_by: str) -> HubPlace:
    hub, model_id, version_id, model_name, version_name, air, gone = row
    return HubPlace(
        hub=str(hub),
        model_id=int(str(model_id)),
        version_id=int(str(version_id)),
        model_name=str(model_name),
        version_name=str(version_name),
        air=None if air is None else str(air),
        known_by=known_by,
        gone=bool(gone),
    )
