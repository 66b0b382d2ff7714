"""Rows of a hub's versions, with their files and pictures."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.domain.hub import HubFile, HubImage, HubVersion

if TYPE_CHECKING:
    from sqlalchemy import Connection

_FILE = (
    "file_id", "name", "type", "size_bytes", "sha256", "autov3", "is_primary", "format",
    "precision", "download_url",
)  # fmt: skip
_IMAGE = ("image_id", "url", "type", "content_level", "width", "height", "blurhash")


def put_version(connection: Connection, hub: str, version: HubVersion, now: float) -> None:
    """Write a version as fetched. What the answer lacks does not wipe what was known."""
    run = connection.exec_driver_sql
    run(
        "INSERT INTO hub_version(hub, id, model_id, name, base_model, trained_words, description,"
        " content_level, published_at, air, usage_control, fetched_at, raw)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(hub, id) DO UPDATE SET"
        " name = excluded.name, base_model = excluded.base_model,"
        " trained_words = CASE excluded.trained_words WHEN '[]' THEN trained_words"
        " ELSE excluded.trained_words END,"
        " description = coalesce(excluded.description, description),"
        " content_level = excluded.content_level,"
        " published_at = coalesce(excluded.published_at, published_at),"
        " air = coalesce(excluded.air, air),"
        " usage_control = coalesce(excluded.usage_control, usage_control),"
        " fetched_at = excluded.fetched_at, gone_at = NULL, raw = excluded.raw",
        (
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
            now,
            zlib.compress(version.raw.encode()),
        ),
    )
    owner = (hub, version.id)
    _replace(connection, "hub_file", _FILE, owner, [_file(f) for f in version.files])
    _replace(connection, "hub_image", _IMAGE, owner, [_image(i) for i in version.images])


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
        f"INSERT INTO {table}(hub, version_id, position, {', '.join(columns)})"
        f" VALUES (?, ?, ?, {', '.join('?' * len(columns))})",
        [(*owner, place, *row) for place, row in enumerate(rows)],
    )


def _file(file: HubFile) -> tuple[object, ...]:
    return (
        file.id,
        file.name,
        file.type,
        file.size_bytes,
        file.sha256,
        file.autov3,
        file.primary,
        file.format,
        file.precision,
        file.download_url,
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
