"""Which picture stands for a model: a cell of a grid, a preview beside its file, or the hub's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from loradex.catalog.catalog import Catalog
from loradex.domain.content_level import level_label
from loradex.domain.library import FileState
from loradex.domain.models import ModelDetails, ModelRow
from loradex.errors import BadReference, Cancelled, CatalogError, FormatError, UsageError
from loradex.operations.previews.beside import pictures_beside
from loradex.operations.telling_cell import telling_cell
from loradex_tui.hub_access import HubAccess
from loradex_tui.pictures.decode import load_picture
from loradex_tui.pictures.store import TILE, LoadPicture


@dataclass(frozen=True, slots=True)
class ModelPicture:
    """A decoded picture and where it is from, in words."""

    image: Image.Image | None
    """None when what there is may not be shown."""
    caption: str


def model_picture(
    catalog: Catalog,
    access: HubAccess,
    details: ModelDetails,
    longest: int,
    load: LoadPicture = load_picture,
) -> ModelPicture | None:
    """Return the picture that stands for a model; None when there is none that can be read.

    Of a model that the hub rates above the person's limit only what was drawn here is shown: a
    preview beside the file is the hub's picture as a rule. What the hub has not rated counts as
    the person's own.
    """
    level = details.match.content_level if details.match else 0
    hidden = bool(level) and not access.limit.allows(level)
    for path, caption in _candidates(catalog, access, details, hidden=hidden):
        try:
            return ModelPicture(load(path, longest), caption)
        except FormatError:
            continue
    if hidden:
        return ModelPicture(None, f"{level_label(level)}: above your content limit")
    return None


@dataclass(frozen=True, slots=True)
class TilePicture:
    """What stands for a model in a small tile: a picture, else a word that says why none."""

    image: Image.Image | None = None
    word: str = ""
    ask_hub: bool = False
    """A hub may have one."""


def picture_here(
    catalog: Catalog, access: HubAccess, row: ModelRow, load: LoadPicture
) -> TilePicture:
    """Return what lies on this machine for a model, the quickest first.

    A preview beside the file costs no look into the catalog; grids come after it.
    """
    level = row.content_level or 0
    hidden = bool(level) and not access.limit.allows(level)
    word = f"{level_label(level)}: hidden" if hidden else ""
    if not hidden and row.state == FileState.PRESENT:
        for preview in pictures_beside(Path(row.path)):
            try:
                return TilePicture(load(preview, TILE))
            except FormatError:
                word = "cannot be read"
    with suppress(BadReference):
        details = catalog.details(row.id)
        for grid_id in details.grids:
            cell = _of_grid(catalog, details, grid_id)
            if cell is not None:
                with suppress(FormatError):
                    return TilePicture(load(cell[0], TILE))
    return TilePicture(None, word, ask_hub=row.matched and not hidden)


def picture_of_hub(access: HubAccess, row: ModelRow, load: LoadPicture) -> TilePicture:
    """Return the hub's picture of a model; fetching it takes as long as a hub takes."""
    try:
        path = access.picture_of(row.id)
        return TilePicture() if path is None else TilePicture(load(path, TILE))
    except (FormatError, Cancelled):
        return TilePicture()


def _of_grid(catalog: Catalog, details: ModelDetails, grid_id: int) -> tuple[Path, str] | None:
    """Return a grid's picture of a model; a grid that cannot be read any more has none."""
    try:
        cell = telling_cell(catalog, grid_id, details)
    except (CatalogError, UsageError):
        return None
    if cell is None:
        return None
    strength = "" if cell.strength is None else f", strength {cell.strength:g}"
    return cell.path, f"grid #{grid_id}{strength}"


def _candidates(
    catalog: Catalog, access: HubAccess, details: ModelDetails, *, hidden: bool
) -> Iterator[tuple[Path, str]]:
    for grid_id in details.grids:
        cell = _of_grid(catalog, details, grid_id)
        if cell is not None:
            yield cell
    for file in () if hidden else details.files:
        if file.state is FileState.PRESENT:
            for preview in pictures_beside(Path(file.path)):
                yield preview, "preview"
    if details.match is not None:
        from_hub = access.picture_of(details.row.id)
        if from_hub is not None:
            yield from_hub, f"from {details.match.hub}"
