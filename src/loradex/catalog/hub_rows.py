"""Rows of a hub's models and versions, with their files and pictures.

What an answer lacks does not wipe what was known: hubs tell of a thing now in full, now in part.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.domain.hub import HubFile, HubImage, HubModel, HubVersion

if TYPE_CHECKING:
    from sqlalchemy import Connection

_FILE = (
    "file_id", "name", "type", "size_bytes", "sha256", "autov3", "format", "precision",
    "download_url", "size_type", "quantisation", "pickle_scan", "virus_scan", "hashes",
    "is_primary",
)  # fmt: skip
_IMAGE = ("image_id", "url", "type", "content_level", "width", "height", "blurhash")

_EMPTY = zlib.compress(b"{}")
"""The document of a model that is only known from one of its versions."""
_THINNER = "length(excluded.raw) * 4 < length(raw) * 3"
"""True of a document that says clearly less than the one that is kept."""
_RAW = f"raw = CASE WHEN {_THINNER} THEN raw ELSE excluded.raw END"


def _filled(column: str, empty: str) -> str:
    """Return SQL that keeps the earlier value where the new one is empty."""
    return f"{column} = coalesce(nullif(excluded.{column}, {empty}), {column})"


_PUT_MODEL = (
    "INSERT INTO hub_model(hub, id, name, type, creator, description, tags, content_level, mode,"
    " licence, slug, downloads, likes, fetched_at, raw)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(hub, id) DO UPDATE SET "
    + ", ".join(
        [
            *(_filled(column, "''") for column in ("name", "type", "creator", "description")),
            *(_filled(column, "''") for column in ("slug", "downloads", "likes")),
            _filled("tags", "'[]'"),
            # A version's level is part of its model's.
            "content_level = CASE WHEN excluded.raw = ? THEN content_level | excluded.content_level"
            " ELSE coalesce(nullif(excluded.content_level, 0), content_level) END",
            _filled("licence", "'{}'"),
            # No mode means that the model is as it should be, if the document is a full one.
            f"mode = CASE WHEN {_THINNER} THEN coalesce(excluded.mode, mode)"
            " ELSE excluded.mode END",
            "fetched_at = excluded.fetched_at",
            "gone_at = CASE WHEN excluded.raw = ? THEN gone_at END",
            _RAW,
        ]
    )
)

_PUT_VERSION = (
    "INSERT INTO hub_version(hub, id, model_id, name, base_model, trained_words, description,"
    " content_level, published_at, air, usage_control, slug, position, early_access_until, paid,"
    " fetched_at, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(hub, id) DO UPDATE SET "
    + ", ".join(
        [
            *(_filled(column, "''") for column in ("name", "base_model", "description")),
            *(_filled(column, "''") for column in ("published_at", "air", "usage_control")),
            *(_filled(column, "''") for column in ("slug", "position")),
            _filled("trained_words", "'[]'"),
            _filled("content_level", "0"),
            # Early access ends: a hub that no longer speaks of it says that it is over.
            "early_access_until = excluded.early_access_until",
            "paid = excluded.paid",
            "fetched_at = excluded.fetched_at",
            "gone_at = NULL",
            _RAW,
        ]
    )
)


def put_model(connection: Connection, hub: str, model: HubModel, now: float) -> None:
    """Write a model as fetched; the hub shows it again if it was gone."""
    connection.exec_driver_sql(_PUT_MODEL, _model_row(hub, model, now))


def put_version(connection: Connection, hub: str, version: HubVersion, now: float) -> None:
    """Write a version as fetched, with its files and pictures."""
    connection.exec_driver_sql(_PUT_VERSION, _version_row(hub, version, now))
    owner = (hub, version.id)
    _replace(connection, "hub_file", _FILE, owner, _files(connection, owner, version.files))
    _replace(connection, "hub_image", _IMAGE, owner, [_image(i) for i in version.images])


def put_first(
    connection: Connection,
    hub: str,
    models: Sequence[tuple[HubModel, float]],
    versions: Sequence[tuple[HubVersion, float]],
) -> None:
    """Write models and versions that are not kept yet, each with its time, all at once."""
    run = connection.exec_driver_sql
    if models:
        run(_PUT_MODEL, [_model_row(hub, model, now) for model, now in models])
    if not versions:
        return
    run(_PUT_VERSION, [_version_row(hub, version, now) for version, now in versions])
    for table, columns, rows in (
        (
            "hub_file",
            _FILE,
            [(hub, v.id, n, *_file(f)) for v, _ in versions for n, f in enumerate(v.files)],
        ),
        (
            "hub_image",
            _IMAGE,
            [(hub, v.id, n, *_image(i)) for v, _ in versions for n, i in enumerate(v.images)],
        ),
    ):
        if rows:
            run(_insert_part(table, columns), rows)


def _model_row(hub: str, model: HubModel, now: float) -> tuple[object, ...]:
    return (
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
        model.slug,
        model.downloads,
        model.likes,
        now,
        zlib.compress(model.raw.encode()),
        _EMPTY,
        _EMPTY,
    )


def _version_row(hub: str, version: HubVersion, now: float) -> tuple[object, ...]:
    return (
        hub,
        version.id,
        version.model_id,
        version.name,
        version.base_model,
        json.dumps(list(version.trained_words), ensure_ascii=False),
        version.description,
        version.content_level,
        version.published_at,
        version.air,
        version.usage_control,
        version.slug,
        version.position,
        version.early_access_until,
        version.paid,
        now,
        zlib.compress(version.raw.encode()),
    )


def _files(
    connection: Connection, owner: tuple[str, int], files: Sequence[HubFile]
) -> list[tuple[object, ...]]:
    """Return rows of these files, filled up with what was told of the same ones before."""
    if not files:
        return []
    before = {
        (row[0], row[1]): tuple(row)
        for row in connection.exec_driver_sql(
            f"SELECT {', '.join(_FILE)} FROM hub_file WHERE hub = ? AND version_id = ?", owner
        )
    }
    rows = []
    for row in map(_file, files):
        earlier = before.get((row[0], row[1]), row)
        rows.append(
            tuple(
                old if new in (None, "", "{}") else new
                for new, old in zip(row, earlier, strict=True)
            )
        )
    return rows


def _replace(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    owner: tuple[str, int],
    rows: Sequence[tuple[object, ...]],
) -> None:
    """Put the parts of a version in the place of its earlier ones; none at all change nothing."""
    if not rows:
        return
    connection.exec_driver_sql(f"DELETE FROM {table} WHERE hub = ? AND version_id = ?", owner)
    connection.exec_driver_sql(
        _insert_part(table, columns), [(*owner, place, *row) for place, row in enumerate(rows)]
    )


def _insert_part(table: str, columns: Sequence[str]) -> str:
    return (
        f"INSERT INTO {table}(hub, version_id, position, {', '.join(columns)})"
        f" VALUES (?, ?, ?, {', '.join('?' * len(columns))})"
    )


def _file(file: HubFile) -> tuple[object, ...]:
    return (
        file.id,
        file.name,
        file.type,
        file.size_bytes,
        file.sha256,
        file.autov3,
        file.format,
        file.precision,
        file.download_url,
        file.size_type,
        file.quantisation,
        file.pickle_scan,
        file.virus_scan,
        json.dumps(file.hashes, ensure_ascii=False),
        file.primary,
    )


def _image(image: HubImage) -> tuple[object, ...]:
    return (
        image.id,
        image.url,
        image.type,
        image.content_level,
        image.width,
        image.height,
        image.blurhash,
    )
