"""CivitAI's pages of contents with the documents as fetched, for tools that keep those."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence

from loradex.catalog.reader import Reader, texts
from loradex.domain.sidecars import SidecarHub

_PAGES = (
    "SELECT content_id, match.model_id, match.version_id, m.name, v.name, m.type, v.base_model,"
    " m.creator, m.description, v.description, v.trained_words, m.tags,"
    " coalesce(nullif(v.content_level, 0), m.content_level, 0), v.published_at,"
    " coalesce(m.gone_at, v.gone_at) IS NOT NULL, v.raw, m.raw FROM match"
    " JOIN hub_version AS v ON v.hub = match.hub AND v.id = match.version_id"
    " LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
    " WHERE match.hub = 'civitai' AND content_id IN (SELECT value FROM json_each(?))"
)


def hub_pages(reader: Reader, content_ids: Sequence[int]) -> dict[int, SidecarHub]:
    """Return the pages of these contents; those that are not known to have one are left out."""
    return {
        int(str(row[0])): _page(row[1:])
        for row in reader.rows_of(_PAGES, (json.dumps(list(content_ids)),))
    }


def _page(row: tuple[object, ...]) -> SidecarHub:
    """Return the page in a row of `_PAGES`, its content left out."""
    name, version_name, type_, base, creator, description, version_description = (
        str(each or "") for each in row[2:9]
    )
    words, tags, level, published_at, gone, version, model = row[9:]
    return SidecarHub(
        model_id=int(str(row[0])),
        version_id=int(str(row[1])),
        model_name=name,
        version_name=version_name,
        model_type=type_,
        base_model=base,
        creator=creator,
        model_description=description,
        version_description=version_description,
        words=texts(str(words or "[]")),
        tags=texts(str(tags or "[]")),
        content_level=int(str(level)),
        published_at=str(published_at or ""),
        gone=bool(gone),
        version=_document(version),
        whole="files" in _document(version),
        model=_document(model),
    )


def _document(raw: object) -> dict[str, object]:
    if not isinstance(raw, bytes):
        return {}
    document: object = json.loads(zlib.decompress(raw))
    return document if isinstance(document, dict) else {}
