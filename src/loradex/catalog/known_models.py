"""What is kept of hubs' models, read back: models with their versions, files and pictures."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loradex.catalog.hub_order import rank_of
from loradex.catalog.reader import Reader, chunks, texts
from loradex.domain.hub import HubFile, HubImage, HubModel, HubVersion

_WEIGHTS = "('model', 'pruned model', 'diffusion model', 'unet')"
"""Types of files that a version is owned by: a VAE that comes along belongs to many versions."""

_HERE = "content.state <> 'missing'"


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model as kept. `gone_at` is when the hub was found to have it no longer."""

    model: HubModel
    """Without its raw document, and so are its versions."""
    fetched_at: float
    gone_at: float | None
    gone_versions: frozenset[int] = frozenset()
    """Those that the hub shows no longer."""


@dataclass(frozen=True, slots=True)
class KnownSummary:
    """What a search through kept models compares. `bases` are the hub's names."""

    id: int
    name: str
    type: str
    creator: str | None
    tags: tuple[str, ...]
    content_level: int
    downloads: int
    likes: int
    bases: tuple[str, ...]
    newest: str
    """When the newest version came out, as text that sorts; empty when nobody says."""


class KnownModels:
    """Reads what hubs told before. Asks nobody."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def models(self, hub: str, ids: Iterable[int]) -> dict[int, KnownModel]:
        """Return those of these models that are kept, by their ids."""
        found: dict[int, KnownModel] = {}
        with self._reader.connection() as connection:
            connection.row_factory = sqlite3.Row
            try:
                for chunk in chunks(list(dict.fromkeys(ids))):
                    versions, gone = _versions(connection, hub, chunk)
                    for row in connection.execute(
                        "SELECT * FROM hub_model WHERE hub = ?"
                        " AND id IN (SELECT value FROM json_each(?))",
                        (hub, json.dumps(chunk)),
                    ):
                        model = _model(row, tuple(versions[row["id"]]))
                        found[model.id] = KnownModel(
                            model,
                            row["fetched_at"],
                            row["gone_at"],
                            frozenset(v.id for v in model.versions if v.id in gone),
                        )
            finally:
                connection.row_factory = None
        return found

    def model_of(self, hub: str, version_id: int) -> int | None:
        """Return which model a version belongs to, None when it is not kept."""
        rows = self._reader.rows_of(
            "SELECT model_id FROM hub_version WHERE hub = ? AND id = ?", (hub, version_id)
        )
        return int(str(rows[0][0])) if rows else None

    def slugs(self, hub: str, ids: Iterable[int]) -> dict[int, str]:
        """Return the names of those of these models that have one, by their ids."""
        return {
            int(str(id_)): str(slug)
            for id_, slug in self._reader.rows_of(
                "SELECT id, slug FROM hub_model WHERE hub = ? AND slug IS NOT NULL"
                " AND id IN (SELECT value FROM json_each(?))",
                (hub, json.dumps(list(ids))),
            )
        }

    def summaries(self, hub: str) -> list[KnownSummary]:
        """Return all models that are kept of a hub and not gone there."""
        return [
            KnownSummary(
                id=int(str(row[0])),
                name=str(row[1]),
                type=str(row[2]),
                creator=None if row[3] is None else str(row[3]),
                tags=texts(str(row[4])),
                content_level=int(str(row[5])),
                downloads=int(str(row[6])),
                likes=int(str(row[7])),
                bases=texts(str(row[8])),
                newest=str(row[9]),
            )
            for row in self._reader.rows_of(
                "SELECT m.id, m.name, m.type, creator, tags, m.content_level,"
                " coalesce(downloads, 0), coalesce(likes, 0),"
                " json_group_array(DISTINCT coalesce(base_model, '')),"
                " coalesce(max(published_at), '') FROM hub_model AS m"
                " LEFT JOIN hub_version AS v ON v.hub = m.hub AND v.model_id = m.id"
                " WHERE m.hub = ? AND m.gone_at IS NULL GROUP BY m.id",
                (hub,),
            )
        ]

    def owned(self, hub: str, version_ids: Iterable[int]) -> dict[int, int]:
        """Return those of these versions of which a file is in the catalog, and as which content.

        Known by a match, or by the digest of one of the version's weights. Contents whose last
        file is gone do not count.
        """
        wanted = json.dumps(sorted(set(version_ids)))
        found: dict[int, int] = {}
        for version_id, content_id in self._reader.rows_of(
            "SELECT version_id, content_id FROM match JOIN content ON content.id = content_id"
            f" WHERE hub = ?1 AND version_id IN (SELECT value FROM json_each(?2)) AND {_HERE}"
            " UNION ALL SELECT version_id, content.id FROM hub_file"
            " JOIN content ON content.sha256 = hub_file.sha256"
            f" WHERE hub = ?1 AND version_id IN (SELECT value FROM json_each(?2)) AND {_HERE}"
            f" AND (is_primary OR lower(type) IN {_WEIGHTS})",
            (hub, wanted),
        ):
            found.setdefault(int(str(version_id)), int(str(content_id)))
        return found

    def images_of(self, content_id: int) -> tuple[HubImage, ...]:
        """Return the pictures of the version that a content is, in the hub's order.

        Where it is known to several hubs, those of the surest match that has any.
        """
        rows = self._reader.rows_of(
            "SELECT hub, version_id FROM match WHERE content_id = ?"
            f" ORDER BY {rank_of('hub')}, confidence DESC, matched_at",
            (content_id,),
        )
        with self._reader.connection() as connection:
            connection.row_factory = sqlite3.Row
            try:
                for hub, version_id in rows:
                    images = _images(connection, str(hub), [int(str(version_id))])
                    if images:
                        return tuple(images[int(str(version_id))])
            finally:
                connection.row_factory = None
        return ()


def _versions(
    connection: sqlite3.Connection, hub: str, model_ids: Sequence[int]
) -> tuple[dict[int, list[HubVersion]], set[int]]:
    """Return the versions of these models, and which of them are gone.

    They are in the creator's order; the newest first where that is not known.
    """
    rows = connection.execute(
        "SELECT v.*, m.name AS model_name, m.type AS model_type FROM hub_version AS v"
        " LEFT JOIN hub_model AS m ON m.hub = v.hub AND m.id = v.model_id"
        " WHERE v.hub = ? AND v.model_id IN (SELECT value FROM json_each(?))"
        " ORDER BY position IS NULL, position, published_at DESC, v.id DESC",
        (hub, json.dumps(model_ids)),
    ).fetchall()
    ids = [row["id"] for row in rows]
    files, images = _files(connection, hub, ids), _images(connection, hub, ids)
    found: dict[int, list[HubVersion]] = defaultdict(list)
    for row in rows:
        version = _version(row, tuple(files[row["id"]]), tuple(images[row["id"]]))
        found[version.model_id].append(version)
    return found, {row["id"] for row in rows if row["gone_at"] is not None}


def _parts(
    connection: sqlite3.Connection, table: str, hub: str, version_ids: Sequence[int]
) -> list[sqlite3.Row]:
    return connection.execute(
        f"SELECT * FROM {table} WHERE hub = ?"
        " AND version_id IN (SELECT value FROM json_each(?)) ORDER BY version_id, position",
        (hub, json.dumps(version_ids)),
    ).fetchall()


def _files(
    connection: sqlite3.Connection, hub: str, version_ids: Sequence[int]
) -> dict[int, list[HubFile]]:
    found: dict[int, list[HubFile]] = defaultdict(list)
    for row in _parts(connection, "hub_file", hub, version_ids):
        found[row["version_id"]].append(_file(row))
    return found


def _images(
    connection: sqlite3.Connection, hub: str, version_ids: Sequence[int]
) -> dict[int, list[HubImage]]:
    found: dict[int, list[HubImage]] = defaultdict(list)
    for row in _parts(connection, "hub_image", hub, version_ids):
        found[row["version_id"]].append(_image(row))
    return found


def _model(row: sqlite3.Row, versions: tuple[HubVersion, ...]) -> HubModel:
    return HubModel(
        id=row["id"],
        name=row["name"],
        type=row["type"],
        description=row["description"],
        tags=texts(row["tags"]),
        creator=row["creator"],
        content_level=row["content_level"],
        mode=row["mode"],
        licence=json.loads(row["licence"]),
        versions=versions,
        raw="",
        slug=row["slug"],
        downloads=row["downloads"],
        likes=row["likes"],
    )


def _version(
    row: sqlite3.Row, files: tuple[HubFile, ...], images: tuple[HubImage, ...]
) -> HubVersion:
    return HubVersion(
        id=row["id"],
        model_id=row["model_id"],
        name=row["name"],
        base_model=row["base_model"],
        trained_words=texts(row["trained_words"]),
        content_level=row["content_level"],
        description=row["description"],
        published_at=row["published_at"],
        air=row["air"],
        usage_control=row["usage_control"],
        files=files,
        images=images,
        model_name=row["model_name"],
        model_type=row["model_type"],
        raw="",
        slug=row["slug"],
        position=row["position"],
        early_access_until=row["early_access_until"],
        paid=bool(row["paid"]),
    )


def _file(row: sqlite3.Row) -> HubFile:
    return HubFile(
        id=row["file_id"],
        name=row["name"],
        type=row["type"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"],
        autov3=row["autov3"],
        primary=bool(row["is_primary"]),
        format=row["format"],
        precision=row["precision"],
        download_url=row["download_url"],
        hashes=json.loads(row["hashes"]),
        size_type=row["size_type"],
        quantisation=row["quantisation"],
        pickle_scan=row["pickle_scan"],
        virus_scan=row["virus_scan"],
    )


def _image(row: sqlite3.Row) -> HubImage:
    return HubImage(
        id=row["image_id"],
        url=row["url"],
        type=row["type"],
        content_level=row["content_level"],
        width=row["width"],
        height=row["height"],
        blurhash=row["blurhash"],
    )
