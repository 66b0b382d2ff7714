"""What `hub serve` may tell of the catalog: contents that are here, and what hubs said of them.

Nothing a person wrote for themselves is read: no notes, ratings, favourites or own tags.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

from loradex.catalog.reader import Reader, chunks, texts

NUMBERED_HUBS = ("civitai", "civarchive")
"""Hubs whose models and versions have the numbers of CivitAI's API, the better known first."""

_OPEN_SOURCES = "'hub', 'sidecar', 'header', 'tensors', 'file name'"
"""Sources of tags that are no person's own."""

_HERE = (
    "content.sha256 IS NOT NULL AND content.format <> 'diffusers' AND EXISTS (SELECT 1 FROM file"
    " JOIN library ON library.id = library_id WHERE file.content_id = content.id"
    " AND file.state = 'present' AND hashed_at IS NOT NULL AND library.online)"
)


class ServedMatch(NamedTuple):
    """Which version of a numbered hub a content is."""

    hub: str
    model_id: int
    version_id: int
    base_model: str


@dataclass(frozen=True, slots=True)
class ServedContent:
    """A content that is here in full. Digests are lower-case hex."""

    id: int
    sha256: str
    blake3: str | None
    crc32: str | None
    autov1: str | None
    autov2: str | None
    autov3: str | None
    size: int
    format: str
    dtype: str | None
    quantisation: str | None
    safety: str | None
    kind: str
    base: str | None
    derivative: str | None
    name: str
    file_name: str
    level: int | None
    """The hub's bits; None when nobody rated it."""
    added_at: float
    words: tuple[str, ...]
    tags: tuple[str, ...]
    match: ServedMatch | None


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What a numbered hub said of a model."""

    hub: str
    id: int
    name: str
    type: str
    creator: str | None
    level: int
    downloads: int
    likes: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """What a numbered hub said of a version."""

    id: int
    model_id: int
    name: str
    base_model: str
    description: str | None
    level: int
    published_at: str | None
    position: int | None
    air: str | None
    usage_control: str | None
    early_access_until: str | None
    paid: bool
    trained_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServedFile:
    """What a numbered hub said of a file of a version."""

    version_id: int
    file_id: int | None
    name: str
    type: str
    sha256: str | None
    primary: bool
    precision: str | None
    size_type: str | None
    quantisation: str | None
    virus_scan: str | None


class ServedImage(NamedTuple):
    """A picture of a version, as a numbered hub linked to it."""

    version_id: int
    image_id: int | None
    url: str
    level: int


class ServedPlace(NamedTuple):
    """A file that had these bytes when it was hashed. Paths are bytes, as the disk has them."""

    root: bytes
    path: bytes
    size: int
    mtime_ns: int


class ServeRows:
    """Reads what is served."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def hashed(self) -> list[tuple[int, str]]:
        """Return the id and SHA-256 of every hashed content, here or not, the oldest first."""
        return [
            (int(str(row[0])), str(row[1]))
            for row in self._reader.rows_of(
                "SELECT id, sha256 FROM content WHERE sha256 IS NOT NULL ORDER BY id"
            )
        ]

    def contents(self, query: str = "") -> list[ServedContent]:
        """Return the contents that are here and that `query` finds, the oldest first.

        Raises `QueryError` for a query that cannot be read.
        """
        wanted = set(self._reader.ids(query)) if query.strip() else None
        matches, tags = self._matches(), self._open_tags()
        return [
            _content(row, matches, tags)
            for row in self._reader.rows_of(
                "SELECT id, sha256, blake3, crc32, autov1, autov2, autov3, size, format, dtype,"
                " quantisation, safety, kind, base, derivative, name, file_name,"
                f" content_level, added_at, words FROM content WHERE {_HERE} ORDER BY id"
            )
            if wanted is None or row[0] in wanted
        ]

    def _matches(self) -> dict[int, ServedMatch]:
        found: dict[int, ServedMatch] = {}
        for hub in reversed(NUMBERED_HUBS):
            for row in self._reader.rows_of(
                "SELECT content_id, hub, match.model_id, version_id, base_model FROM match"
                " JOIN hub_version USING (hub) WHERE hub = ? AND hub_version.id = version_id",
                (hub,),
            ):
                found[cast("int", row[0])] = ServedMatch(*row[1:])  # type: ignore[arg-type]
        return found

    def _open_tags(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for row in self._reader.rows_of(
            "SELECT DISTINCT content_id, tag.name FROM content_tag AS held"
            " JOIN tag ON tag.id = tag_id"
            f" WHERE source IN ({_OPEN_SOURCES}) AND NOT EXISTS (SELECT 1 FROM content_tag AS taken"
            " WHERE taken.content_id = held.content_id AND taken.tag_id = held.tag_id"
            " AND taken.removed) ORDER BY tag.folded"
        ):
            found.setdefault(int(str(row[0])), []).append(str(row[1]))
        return found

    def models(self) -> dict[tuple[str, int], ServedModel]:
        """Return what numbered hubs said of models, by hub and id."""
        found: dict[tuple[str, int], ServedModel] = {}
        for *plain, tags in self._reader.rows_of(
            "SELECT hub, id, name, type, creator, content_level, coalesce(downloads, 0),"
            " coalesce(likes, 0), tags FROM hub_model WHERE hub IN (?, ?)",
            NUMBERED_HUBS,
        ):
            model = ServedModel(*plain, tags=texts(str(tags)))  # type: ignore[arg-type,misc]
            found[model.hub, model.id] = model
        return found

    def model_documents(
        self, hub: str, ids: Iterable[int]
    ) -> dict[int, tuple[str | None, Mapping[str, object], Mapping[str, str]]]:
        """Return each model's description, its document as fetched, and its licence."""
        found = {}
        for row in self._of("id, description, raw, licence FROM hub_model", "id", hub, ids):
            id_, description, raw, licence = cast("tuple[int, str | None, bytes, str]", row)
            found[id_] = (description, _document(raw), json.loads(licence))
        return found

    def versions(self, hub: str, ids: Iterable[int]) -> dict[int, ServedVersion]:
        """Return what the hub said of these versions; those it never told of are left out."""
        found: dict[int, ServedVersion] = {}
        for *plain, words in self._of(
            "id, model_id, name, base_model, description, content_level, published_at, position,"
            " air, usage_control, early_access_until, paid, trained_words FROM hub_version",
            "id",
            hub,
            ids,
        ):
            version = ServedVersion(*plain, trained_words=texts(str(words)))  # type: ignore[arg-type,misc]
            found[version.id] = version
        return found

    def files(self, hub: str, version_ids: Iterable[int]) -> list[ServedFile]:
        """Return what the hub said of the files of these versions, in its order."""
        return [
            ServedFile(*row)  # type: ignore[arg-type]
            for row in self._of(
                "version_id, file_id, name, type, sha256, is_primary, precision, size_type,"
                " quantisation, virus_scan FROM hub_file",
                "version_id",
                hub,
                version_ids,
                order="position",
            )
        ]

    def images(self, hub: str, version_ids: Iterable[int]) -> list[ServedImage]:
        """Return the pictures the hub linked to for these versions, in its order; no films."""
        return [
            ServedImage(*row)  # type: ignore[arg-type]
            for row in self._of(
                "version_id, image_id, url, content_level FROM hub_image",
                "type = 'image' AND version_id",
                hub,
                version_ids,
                order="position",
            )
        ]

    def places(self, content_id: int) -> list[ServedPlace]:
        """Return the files that should hold a content in full, those read last first."""
        return [
            ServedPlace(*row)  # type: ignore[arg-type]
            for row in self._reader.rows_of(
                "SELECT raw_root, raw_path, size, mtime_ns FROM file"
                " JOIN library ON library.id = library_id WHERE content_id = ?"
                " AND state = 'present' AND hashed_at IS NOT NULL AND library.online"
                " ORDER BY max(hashed_at, coalesce(verified_at, 0)) DESC, file.id",
                (content_id,),
            )
        ]

    def _of(
        self, columns_from: str, key: str, hub: str, ids: Iterable[int], order: str = "id"
    ) -> list[Sequence[object]]:
        rows: list[Sequence[object]] = []
        for chunk in chunks(sorted(set(ids))):
            marks = ",".join("?" * len(chunk))
            rows += self._reader.rows_of(
                f"SELECT {columns_from} WHERE hub = ? AND {key} IN ({marks}) ORDER BY {order}",
                (hub, *chunk),
            )
        return rows


def _content(
    row: Sequence[object], matches: Mapping[int, ServedMatch], tags: Mapping[int, Sequence[str]]
) -> ServedContent:
    *plain, words = row
    id_ = cast("int", row[0])
    return ServedContent(  # type: ignore[misc]
        *plain,  # type: ignore[arg-type]
        words=texts(str(words)),
        tags=tuple(tags.get(id_, ())),
        match=matches.get(id_),
    )


def _document(raw: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(zlib.decompress(raw))
    except (zlib.error, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
