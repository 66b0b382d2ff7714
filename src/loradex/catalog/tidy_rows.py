"""What plans that tidy up ask of the catalog: what names are made of, and what may go."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from loradex.catalog.hub_order import rank_of
from loradex.catalog.reader import Reader, chunks

_AT_ONCE = 5_000


class Naming(NamedTuple):
    """What a path's template may ask of a content. Unknown is None."""

    id: int
    file_name: str
    kind: str
    base: str | None
    derivative: str | None
    variant: str | None
    algorithm: str | None
    rank: int | None
    dtype: str | None
    quantisation: str | None
    format: str
    sha256: str | None
    rating: int | None
    tags: str
    """JSON list."""
    added_at: float
    title: str | None
    """What the header calls it."""
    author: str | None
    model_name: str | None = None
    version_name: str | None = None
    creator: str | None = None
    hub_base: str | None = None
    published_at: str | None = None


class Use(NamedTuple):
    """What speaks for and against keeping a content."""

    id: int
    name: str
    kind: str
    size: int
    sha256: str | None
    rating: int | None
    favourite: bool
    added_at: float
    verdicts: int
    """Of the person; what probes found is no reason to keep."""
    probes: int
    no_effect: bool
    """A probe, or the person, found no effect, and none found any."""
    grids: int
    """Cells of grids that it is in."""
    uses: int
    """Pictures it was used in, by their recipes."""
    last_used: float | None


class Offer(NamedTuple):
    """A version on a hub that a content is, as the hub told of it last."""

    content_id: int
    hub: str
    model_id: int
    version_id: int
    model_name: str | None
    version_name: str | None
    base_model: str | None
    published_at: str | None
    position: int | None
    model_gone_at: float | None
    version_gone_at: float | None
    mode: str | None
    usage_control: str | None
    early_access_until: str | None
    paid: bool
    fetched_at: float
    lists_it: bool
    """Among the version's files is one with exactly these bytes."""
    slug: str | None
    """The model's name on hubs whose ids are text."""


class Location(NamedTuple):
    """Where a content lies, whatever the state of the file."""

    file_id: int
    content_id: int
    library_id: int
    raw_path: bytes
    state: str
    hashed: bool


class TidyRows:
    """The reading side of plans that tidy up."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def naming(self, ids: Sequence[int]) -> dict[int, Naming]:
        """Return what names of these contents are made of."""
        found: dict[int, Naming] = {}
        with self._reader.connection() as connection:
            for chunk in chunks(ids, _AT_ONCE):
                wanted = json.dumps(list(chunk))
                found |= {row[0]: Naming(*row) for row in connection.execute(_NAMING, (wanted,))}
                seen: set[int] = set()
                for content_id, *hub in connection.execute(_HUB_NAMES, (wanted,)):
                    if content_id not in seen and content_id in found:  # the best hub comes first
                        found[content_id] = Naming(*found[content_id][:17], *hub)
                        seen.add(content_id)
        return found

    def own_fields(self, ids: Sequence[int]) -> dict[int, dict[str, str]]:
        """Return the values of a person's own fields, by the fields' names in lower case."""
        found: dict[int, dict[str, str]] = {}
        with self._reader.connection() as connection:
            for chunk in chunks(ids, _AT_ONCE):
                for content_id, name, type_, text, number in connection.execute(
                    "SELECT content_id, lower(name), type, text_value, number_value FROM"
                    " custom_value JOIN custom_field ON custom_field.id = field_id"
                    f" WHERE content_id IN {_WANTED}",
                    (json.dumps(list(chunk)),),
                ):
                    value = text if text is not None else _number_text(type_, number)
                    found.setdefault(content_id, {})[name] = value
        return found

    def locations(self, ids: Sequence[int]) -> Iterator[Location]:
        """Yield the places of these contents, of one content together, those known first first."""
        with self._reader.connection() as connection:
            for chunk in chunks(ids, _AT_ONCE):
                for row in connection.execute(
                    "SELECT file.id, content_id, library_id, raw_path, state, hashed_at IS NOT NULL"
                    f" FROM file WHERE content_id IN {_WANTED} AND state <> 'missing'"
                    " ORDER BY content_id, first_seen, mtime_ns, file.id",
                    (json.dumps(list(chunk)),),
                ):
                    yield Location(row[0], row[1], row[2], row[3], row[4], bool(row[5]))

    def uses(self, ids: Sequence[int]) -> dict[int, Use]:
        """Return what speaks for and against keeping these contents, of those that are there."""
        found: dict[int, Use] = {}
        with self._reader.connection() as connection:
            for chunk in chunks(ids, _AT_ONCE):
                for row in connection.execute(_USES, (json.dumps(list(chunk)),)):
                    found[row[0]] = Use(*row)
        return found

    def offers(self, ids: Sequence[int]) -> dict[int, list[Offer]]:
        """Return which versions on hubs these contents are."""
        found: dict[int, list[Offer]] = {}
        with self._reader.connection() as connection:
            for chunk in chunks(ids, _AT_ONCE):
                for row in connection.execute(_OFFERS, (json.dumps(list(chunk)),)):
                    found.setdefault(row[0], []).append(Offer(*row))
        return found

    def any_recipe(self) -> bool:
        """Tell whether pictures were read at all: else not being used in any says nothing."""
        return bool(self._reader.rows_of("SELECT 1 FROM content_use LIMIT 1"))


def _number_text(type_: str, number: float | None) -> str:
    if number is None:
        return ""
    if type_ == "flag":
        return "yes" if number else "no"
    if type_ == "date":
        from datetime import UTC, datetime  # noqa: PLC0415 - few have such fields

        return datetime.fromtimestamp(number, UTC).date().isoformat()
    return f"{number:g}"


_WANTED = "(SELECT value FROM json_each(?))"

_NAMING = (
    "SELECT id, file_name, kind, base, derivative, variant, algorithm, rank, dtype, quantisation,"
    " format, sha256, rating, tags, added_at,"
    " coalesce(json_extract(metadata_json, '$.\"modelspec.title\"'),"
    " json_extract(metadata_json, '$.ss_output_name')),"
    " json_extract(metadata_json, '$.\"modelspec.author\"')"
    " FROM content LEFT JOIN content_header ON content_id = id"
    f" WHERE id IN {_WANTED}"
)
_HUB_NAMES = (
    "SELECT content_id, m.name, v.name, m.creator, v.base_model, v.published_at FROM match"
    " JOIN hub_version AS v ON v.hub = match.hub AND v.id = match.version_id"
    " LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
    f" WHERE content_id IN {_WANTED} ORDER BY {rank_of('match.hub')}, match.confidence DESC,"
    " matched_at"
)
_USES = (
    "SELECT content.id, name, kind, size, sha256, rating, favourite, added_at,"
    " (SELECT count(*) FROM verdict WHERE verdict.content_id = content.id AND source = 'person'),"
    " (SELECT count(*) FROM verdict WHERE verdict.content_id = content.id AND source = 'probe'),"
    " EXISTS (SELECT 1 FROM verdict_finding AS f WHERE f.content_id = content.id AND counts"
    " AND f.kind = 'no-effect') AND NOT EXISTS (SELECT 1 FROM verdict_finding AS f"
    " WHERE f.content_id = content.id AND counts AND f.kind NOT IN ('no-effect', 'undecided',"
    " 'does-not-fit', 'dead-trigger')),"
    " (SELECT count(*) FROM grid_model WHERE grid_model.content_id = content.id),"
    " coalesce(uses, 0), last_used FROM content"
    " LEFT JOIN content_use ON content_use.content_id = content.id"
    f" WHERE content.id IN {_WANTED} AND state = 'present'"
)
_OFFERS = (
    "SELECT content_id, match.hub, match.model_id, match.version_id, m.name, v.name, v.base_model,"
    " v.published_at, v.position, m.gone_at, v.gone_at, m.mode, v.usage_control,"
    " v.early_access_until, v.paid, max(v.fetched_at, coalesce(m.fetched_at, 0)),"
    " EXISTS (SELECT 1 FROM hub_file AS f WHERE f.hub = match.hub"
    " AND f.version_id = match.version_id AND f.sha256 = content.sha256), m.slug"
    " FROM match JOIN content ON content.id = content_id"
    " JOIN hub_version AS v ON v.hub = match.hub AND v.id = match.version_id"
    " LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
    # What only another tool's file says, no hub has been asked about.
    f" WHERE content_id IN {_WANTED} AND matched_by <> 'sidecar'"
    f" ORDER BY content_id, {rank_of('match.hub')}"
)
