"""A preview beside a model that has none, as `STEM.preview.png`: the one name every tool reads."""

from __future__ import annotations

import base64
import binascii
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.catalog.sidecar_store import ModelPlace
from loradex.domain.progress import CancelToken
from loradex.domain.sidecars import SidecarClaims, SidecarDocument
from loradex.errors import CatalogError, FormatError, UsageError
from loradex.formats.model_files import SidecarRole, model_stem, sidecars
from loradex.operations.sidecars.bounded import MOST_BYTES, SidecarRefused, json_of
from loradex.operations.sidecars.drafting import Draft
from loradex.operations.sidecars.finding import Folders, folder_of, name_of
from loradex.operations.sidecars.weaving import Change, KeyChange, Woven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loradex.catalog.catalog import Catalog
    from loradex.domain.content_level import ContentLimit
    from loradex.hub.pictures import PictureFetcher
    from loradex.plugin_manager import FencedDialect

WIDTH = 512
_SUFFIX = ".preview.png"


class Pictures:
    """Finds pictures for models without one; `fetcher` is None where nobody may be asked."""

    def __init__(
        self,
        catalog: Catalog,
        every: Sequence[FencedDialect],
        *,
        limit: ContentLimit,
        fetcher: PictureFetcher | None,
        cancel: CancelToken,
    ) -> None:
        self._catalog = catalog
        self._every = every
        self._limit = limit
        self._fetcher = fetcher
        self._cancel = cancel
        self._folders = Folders()

    def draft(self, place: ModelPlace) -> Draft | None:
        """Return a preview to be put beside a model; None where one lies there, or none is known.

        One that loradex drew goes before the hub's, and that before one inside a sidecar. Raises
        `SidecarRefused` for models that would share it.
        """
        if place.format == "diffusers":
            return None
        try:
            beside = self._folders.beside(place)
        except OSError as error:
            raise SidecarRefused(f"Its folder cannot be listed: {error.strerror}.") from error
        name = name_of(place)
        there = (each.suffix.role for each in sidecars(name, beside.names))
        if SidecarRole.PREVIEW in there:
            return None
        for data in self._candidates(place):
            picture = _as_png(data)
            if picture is not None:
                break
        else:
            return None
        if beside.rivals:
            names = " and ".join(sorted((name, *beside.rivals)))
            raise SidecarRefused(f"{names} would share a preview.")
        file = os.fsencode(model_stem(name) + _SUFFIX)
        path = place.root + b"/" + folder_of(place.raw_path) + file
        added = KeyChange("picture", None, f"{WIDTH} pixels wide", Change.ADDED)
        return Draft(place, None, path, None, picture, Woven({}, (added,)))

    def _candidates(self, place: ModelPlace) -> Iterator[bytes]:
        from loradex.operations.previews import for_content  # noqa: PLC0415

        yield from self._drawn(place.content_id)
        kept = for_content(
            self._catalog,
            self._fetcher,
            place.content_id,
            limit=self._limit,
            width=WIDTH,
            cancel=self._cancel,
        )
        if kept is not None:
            yield from _bytes(kept)
        yield from self._inside(place.content_id)

    def _drawn(self, content_id: int) -> Iterator[bytes]:
        """Yield the picture of the newest grid that shows the model."""
        details = self._catalog.details(content_id)
        if not details.grids:
            return
        from loradex.operations.telling_cell import telling_cell  # noqa: PLC0415

        for grid in details.grids:
            try:
                cell = telling_cell(self._catalog, grid, details)
            except (CatalogError, UsageError):
                continue
            if cell is not None:
                yield from _bytes(cell.path)

    def _inside(self, content_id: int) -> Iterator[bytes]:
        """Yield the pictures that sidecars hold as `data:` addresses."""
        for dialect in self._every:
            if not dialect.is_json:
                continue
            document = self._catalog.sidecars.latest_document(content_id, dialect.name)
            if document is None or b"data:image/" not in document:
                continue
            (claims,) = dialect.read([SidecarDocument("", value=json_of(document))])
            if isinstance(claims, SidecarClaims):
                yield from _decoded(claims.preview)


def _decoded(address: str) -> Iterator[bytes]:
    """Yield the bytes of a `data:` address, none where it holds none."""
    _, comma, text = address.partition(",")
    if not comma or len(text) > MOST_BYTES:
        return
    try:
        yield base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return


def _bytes(path: Path) -> Iterator[bytes]:
    try:
        if path.stat().st_size <= MOST_BYTES * 4:
            yield path.read_bytes()
    except OSError:
        return


def _as_png(data: bytes) -> bytes | None:
    """Return a picture as PNG, its pixels and nothing else; None for what is no picture."""
    from PIL import Image  # noqa: PLC0415 - slow to import, and rarely needed

    from loradex.operations.previews.shrinking import shrunk  # noqa: PLC0415

    try:
        small, _ = shrunk(data, WIDTH)
    except FormatError:
        return None
    file = io.BytesIO()
    with Image.open(io.BytesIO(small)) as image:
        image.save(file, "PNG")
    return file.getvalue()
