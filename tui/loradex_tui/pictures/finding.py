"""Which picture stands for a model: its newest grid, else a preview beside its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from loradex.catalog.catalog import Catalog
from loradex.domain.library import FileState
from loradex.domain.models import ModelDetails
from loradex.errors import FormatError
from loradex_tui.pictures.decode import load_picture

PREVIEW_SUFFIXES = (".preview.png", ".png", ".jpg", ".jpeg", ".webp", ".preview.jpg", ".gif")
"""What other tools name a preview, after the model's name without its suffix."""


@dataclass(frozen=True, slots=True)
class ModelPicture:
    """A decoded picture and where it is from, in words."""

    image: Image.Image
    caption: str


def model_picture(catalog: Catalog, details: ModelDetails, longest: int) -> ModelPicture | None:
    """Return the picture that stands for a model; None when there is none that can be read."""
    for path, caption in _candidates(catalog, details):
        try:
            return ModelPicture(load_picture(path, longest), caption)
        except FormatError:
            continue
    return None


def _candidates(catalog: Catalog, details: ModelDetails) -> Iterator[tuple[Path, str]]:
    if details.grids:
        for grid in catalog.grids.grids(details.row.id):
            if grid.sheet_path:
                yield Path(grid.sheet_path), f"grid #{grid.id}"
    for file in details.files:
        if file.state is FileState.PRESENT:
            model = Path(file.path)
            for suffix in PREVIEW_SUFFIXES:
                preview = model.with_name(model.stem + suffix)
                if preview.is_file():
                    yield preview, "preview"
