"""Which picture stands for a model: a cell of its newest grid, else a preview beside its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from loradex.catalog.catalog import Catalog
from loradex.domain.kinds import ModelKind
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


def _telling_cell(catalog: Catalog, details: ModelDetails, grid_id: int) -> tuple[Path, str] | None:
    """Return the cell that shows a model best, with what it is.

    Of a LoRA the one whose strength is nearest to 1; of a checkpoint one without any LoRA.
    """
    grid = catalog.grids.grid(grid_id)
    wanted = 1.0 if details.row.kind == ModelKind.LORA else 0.0
    mine = [place for place, name in enumerate(grid.loras) if name == details.row.name]
    drawn = [
        (abs(grid.strengths[strength] - wanted), prompt, seed, strength, path)
        for (lora, prompt, seed, strength), path, _error in catalog.grids.cells(grid_id)
        if path and (lora in mine or not mine)
    ]
    if not drawn:
        return None
    _, _, _, strength, path = min(drawn)
    return Path(path), f"grid #{grid_id}, strength {grid.strengths[strength]:g}"


def _candidates(catalog: Catalog, details: ModelDetails) -> Iterator[tuple[Path, str]]:
    for grid_id in details.grids:
        cell = _telling_cell(catalog, details, grid_id)
        if cell is not None:
            yield cell
    for file in details.files:
        if file.state is FileState.PRESENT:
            model = Path(file.path)
            for suffix in PREVIEW_SUFFIXES:
                preview = model.with_name(model.stem + suffix)
                if preview.is_file():
                    yield preview, "preview"
