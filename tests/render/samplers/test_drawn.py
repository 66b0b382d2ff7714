"""Samplers of our own in whole pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loradex.domain.grid import RenderedCell
from loradex.domain.infotext import parse_infotext

from ..conftest import Stock, draw_all, spec_for

pytestmark = pytest.mark.render


@pytest.mark.parametrize(
    ("sampler", "schedule"),
    [
        ("DPM++ SDE", "Automatic"),
        ("DPM++ 2S a KL Optimal", "KL Optimal"),
        ("DPM++ 3M SDE", "Automatic"),
        ("Euler a Beta", "Beta"),
        ("LMS", "Automatic"),
    ],
)
def test_a_picture_is_the_same_alone_and_in_company(
    sampler: str, schedule: str, stock: dict[str, Stock], tmp_path: Path
) -> None:
    def pictures(seeds: tuple[int, ...]) -> dict[int, RenderedCell]:
        files = stock["sdxl"]
        spec = spec_for(files.folder, [files.kohya], strengths=(0,), seeds=seeds, sampler=sampler)
        plan, cells = draw_all(spec, tmp_path / str(len(seeds)))
        found = {}
        for cell in plan.cells:
            drawn = cells[cell.key]
            assert isinstance(drawn, RenderedCell), drawn
            found[cell.recipe.seed] = drawn
        return found

    def pixels(cell: RenderedCell) -> np.ndarray[Any, Any]:
        with Image.open(cell.path) as picture:
            return np.asarray(picture).astype(int)

    alone, company = pictures((5,)), pictures((3, 5, 8))
    assert np.array_equal(pixels(alone[5]), pixels(company[5]))
    assert np.abs(pixels(company[3]) - pixels(company[5])).max() > 20
    said = parse_infotext(alone[5].infotext).fields
    assert said["Sampler"] == sampler.removesuffix(f" {schedule}")
    assert said["Schedule type"] == schedule
