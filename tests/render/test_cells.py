"""What a finished picture says of itself, and why there is none."""

# ruff: noqa: PLC0415 - torch is imported only by tests that run

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from loradex.domain.grid import FLAT, Cell, FailedCell
from loradex.domain.recipe import Recipe, RenderSettings
from loradex.render.cells import LatentSpan, read_cell, save_picture

from .conftest import Stock, draw_all, model, spec_for

CELL = Cell(Recipe(model(Path("base")), "fog", "", 1, RenderSettings()), "a" * 64)


@pytest.mark.parametrize("span", [None, LatentSpan(0.912345, 3.5)])
def test_latents_are_read_back_where_they_were_written(
    span: LatentSpan | None, tmp_path: Path
) -> None:
    """Pictures of before latents were noted have none."""
    path = tmp_path / "cell.png"
    picture = Image.linear_gradient("L").convert("RGB")
    save_picture(picture, path, CELL, engine="it", span=span)
    found = read_cell(path, CELL.key)
    assert found is not None
    assert (found.latent_std, found.latent_max) == (span or (None, None))
    first = path.read_bytes()
    save_picture(picture, path, CELL, engine="it", span=span)
    assert path.read_bytes() == first


def test_strange_facts_are_no_numbers(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("parameters", "fog")
    info.add_text("loradex", json.dumps({"key": CELL.key, "latent_std": "1", "latent_max": []}))
    Image.new("RGB", (8, 8)).save(tmp_path / "cell.png", pnginfo=info)
    found = read_cell(tmp_path / "cell.png", CELL.key)
    assert found is not None
    assert (found.latent_std, found.latent_max) == (None, None)


@pytest.mark.render
def test_the_span_of_latents_is_that_of_all_their_numbers() -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.cells import span_of

    latents = torch.tensor([[[[1.0, -5.0], [1.0, 3.0]]]], dtype=torch.bfloat16)
    assert span_of(latents) == LatentSpan(3.0, 5.0)


@pytest.mark.render
def test_a_picture_of_one_colour_is_told_apart(
    stock: dict[str, Stock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from loradex.render.bases import coder

    real = coder.to_picture

    def grey(decoded: Any) -> Any:
        return real(torch.zeros_like(decoded))

    monkeypatch.setattr(coder, "to_picture", grey)
    _, cells = draw_all(spec_for(stock["sd1"].folder, [stock["sd1"].kohya]), tmp_path)
    assert cells
    for cell in cells.values():
        assert isinstance(cell, FailedCell)
        assert cell.reason == FLAT
        assert "one flat colour" in cell.message
