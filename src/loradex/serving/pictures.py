"""Pictures that are here: previews of a hub's pictures in the cache, and those beside the files.

They leave sized down and without metadata: what is written inside of pictures is a person's own.
"""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.catalog.serve_rows import ServedContent, ServedImage, ServedPlace
from loradex.domain.content_level import ContentLimit
from loradex.domain.hub import HubImage
from loradex.errors import FormatError
from loradex.operations.previews import preview_path
from loradex.operations.previews.shrinking import shrunk
from loradex.serving.files import Document
from loradex.serving.links import Links
from loradex.serving.shelf import Version

MOST = 4
"""Pictures told of a version."""
LOOKED_THROUGH = 20
WIDTH = 800
MOST_BYTES = 20 * 1024 * 1024

Ticket = Callable[[int, int], str]
"""Makes what lets a picture (version, picture) be fetched without a key."""

_BESIDE = tuple(
    f"{middle}.{kind}".encode()
    for middle in (".preview", "", ".thumb")
    for kind in ("png", "jpg", "jpeg", "webp", "gif")
)
_WORDS = {1: "None", 2: "Soft", 4: "Mature"}
_TYPES = {".jpg": "image/jpeg", ".webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a version; `level` is one bit, 0 when nobody rated it."""

    id: int
    version_id: int
    level: int

    def document(self, links: Links, ticket: Ticket) -> Document:
        """Return what all endpoints but the gallery say of it."""
        return {
            "url": self._url(links, ticket),
            "nsfwLevel": self.level,
            "width": None,
            "height": None,
            "hash": None,
            "type": "image",
            "minor": False,
            "poi": False,
            "hasMeta": False,
            "hasPositivePrompt": False,
            "onSite": False,
            "remixOfId": None,
        }

    def gallery_document(self, links: Links, ticket: Ticket) -> Document:
        """Return what the gallery says of it: its level is a word, and a number besides."""
        return {
            "id": self.id,
            "url": self._url(links, ticket),
            "hash": None,
            "width": None,
            "height": None,
            "nsfwLevel": _WORDS.get(self.level, "X"),
            "type": "image",
            "nsfw": self.level > 2,
            "browsingLevel": self.level,
            "postId": self.version_id,
            "stats": {},
            "meta": None,
        }

    def _url(self, links: Links, ticket: Ticket) -> str:
        return links.picture(ticket(self.version_id, self.id), self.version_id, self.id)


class Pictures:
    """Finds and reads pictures within `limit`."""

    def __init__(self, catalog: Catalog, limit: ContentLimit) -> None:
        self._catalog = catalog
        self._limit = limit

    def of(
        self, version: Version, images: Sequence[ServedImage], numbers: Mapping[int, int]
    ) -> list[Picture]:
        """Return the pictures of a version that are here, the hub's first."""
        found = [
            Picture(_number(place, image), version.id, image.level)
            for place, image in enumerate(images[:LOOKED_THROUGH])
            if self._kept(image) is not None
        ]
        for content in version.contents if len(found) < MOST else ():
            if self._may_show(content) and self._beside(content) is not None:
                found.append(Picture(numbers[content.id], version.id, _level(content)))
        return found[:MOST]

    def read(
        self,
        version: Version,
        images: Sequence[ServedImage],
        numbers: Mapping[int, int],
        picture_id: int,
    ) -> tuple[bytes, str] | None:
        """Return a picture's bytes and media type, None when there is no such picture."""
        for place, image in enumerate(images[:LOOKED_THROUGH]):
            kept = self._kept(image) if _number(place, image) == picture_id else None
            if kept is not None:
                with suppress(OSError):
                    return _bytes(os.fsencode(kept)), _TYPES[kept.suffix]
        for content in version.contents:
            if numbers[content.id] == picture_id and self._may_show(content):
                beside = self._beside(content)
                return None if beside is None else _small(beside)
        return None

    def _kept(self, image: ServedImage) -> Path | None:
        told = HubImage(image.image_id, image.url, "image", image.level, None, None, None)
        return preview_path(self._catalog.home, None, told, limit=self._limit)

    def _may_show(self, content: ServedContent) -> bool:
        return self._limit.allows(_level(content))

    def _beside(self, content: ServedContent) -> bytes | None:
        for place in self._catalog.served.places(content.id):
            for path in _names_beside(place):
                with suppress(OSError):
                    if stat.S_ISREG(os.lstat(path).st_mode):
                        return path
        return None


def _number(place: int, image: ServedImage) -> int:
    return image.image_id or place + 1


def _level(content: ServedContent) -> int:
    """Return the most mature bit of a content: a picture beside it may be its most mature one."""
    level = content.level or 0
    return 1 << level.bit_length() - 1 if level else 0


def _names_beside(place: ServedPlace) -> Iterator[bytes]:
    folder, slash, name = (place.root + b"/" + place.path).rpartition(b"/")
    stem = name.rpartition(b".")[0] or name
    for suffix in _BESIDE:
        yield folder + slash + stem + suffix


def _small(path: bytes) -> tuple[bytes, str] | None:
    with suppress(OSError, FormatError):
        info = os.lstat(path)
        data, suffix = _shrunk(path, info.st_size, info.st_mtime_ns)
        return data, _TYPES[suffix]
    return None


@functools.lru_cache(maxsize=64)
def _shrunk(path: bytes, _size: int, _mtime_ns: int) -> tuple[bytes, str]:
    return shrunk(_bytes(path), WIDTH)


def _bytes(path: bytes) -> bytes:
    """Return a regular file's bytes; raise OSError for a link, anything else, or one too large."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode) or info.st_size > MOST_BYTES:
            raise OSError("not a picture to be shown")
        return file.read(MOST_BYTES)
